/* SPDX-License-Identifier: Apache-2.0 */
/* Writes the records of another store into an empty database. In a thread. */
#pragma once

#include "postgres-blocking.h"

G_BEGIN_DECLS

/* Takes a batch in one transaction; errors as annot_store_restore() says. */
gboolean postgres_restore (PGconn *connection, const PostgresSettings *settings, GPtrArray *records,
                           GCancellable *cancellable, GError **error);

G_END_DECLS
