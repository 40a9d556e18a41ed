/* SPDX-License-Identifier: Apache-2.0 */
/* Reads the whole database as records, from one snapshot. */
#pragma once

#include "sqlite-connection.h"

G_BEGIN_DECLS

typedef struct _SqliteDump SqliteDump;

/* Takes the snapshot on connection, which must outlive it. */
SqliteDump *sqlite_dump_new (SqliteConnection *connection, GError **error);
void sqlite_dump_free (SqliteDump *self);
/* Returns: (transfer full) (nullable) (element-type GBytes): the next records; none at the end */
GPtrArray *sqlite_dump_next (SqliteDump *self, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (SqliteDump, sqlite_dump_free)

G_END_DECLS
