/* SPDX-License-Identifier: Apache-2.0 */
/* Connecting in a thread, with the answer on the main loop. */
#pragma once

#include "postgres-blocking.h"

G_BEGIN_DECLS

/* What else is done with a new connection while waiting is allowed. */
typedef gboolean (*PostgresPrepare) (PGconn *connection, const PostgresSettings *settings, GCancellable *cancellable,
                                     GError **error);

/* prepare: (nullable) */
void postgres_connect (PostgresSettings *settings, const PostgresSession *session, PostgresPrepare prepare,
                       GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data);
/* Returns: (transfer full) (nullable): the connection */
PGconn *postgres_connect_finish (GAsyncResult *result, GError **error);

G_END_DECLS
