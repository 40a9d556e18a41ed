/* SPDX-License-Identifier: Apache-2.0 */
/* Reads the whole database as records, from one snapshot. In a thread. */
#pragma once

#include "postgres-blocking.h"

G_BEGIN_DECLS

typedef struct _PostgresDump PostgresDump;

/* Takes the snapshot on connection, which must live longer and serve nothing else meanwhile. */
PostgresDump *postgres_dump_new (PGconn *connection, const PostgresSettings *settings, GCancellable *cancellable,
                                 GError **error);
void postgres_dump_free (PostgresDump *self);
/* Returns: (transfer full) (element-type GBytes) (nullable): the next batch, empty after the last one. STALE: others
 * have written meanwhile */
GPtrArray *postgres_dump_next (PostgresDump *self, GCancellable *cancellable, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (PostgresDump, postgres_dump_free)

G_END_DECLS
