/* SPDX-License-Identifier: Apache-2.0 */
/* Opens the database for the store: the file, its schema, the writer's connection and the readers'. */
#pragma once

#include "sqlite-connection.h"

G_BEGIN_DECLS

/* Blocks. Returns: (transfer full) (nullable) (element-type SqliteConnection): the writer's, then the readers'; an
 * element that is taken out is replaced by %NULL. CONFIG: its place is not fit, or a newer
 * version wrote it. PERMANENT: no database of ours. AUTH: no permission */
GPtrArray *sqlite_open_connections (const SqliteSettings *settings, guint readers, GError **error);

G_END_DECLS
