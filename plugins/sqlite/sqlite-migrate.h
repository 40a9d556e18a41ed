/* SPDX-License-Identifier: Apache-2.0 */
/* Makes the database file, says whether it is ours, and brings it to this plugin's schema. */
#pragma once

#include "sqlite-connection.h"

G_BEGIN_DECLS

/* Makes the file, readable by its owner only, and its directory, unless they are there. */
gboolean sqlite_migrate_make_file (const char *path, GError **error);
/* Returns: (transfer full) (element-type AnnotMigration): what this plugin brings along */
GPtrArray *sqlite_migrate_list (void);
/* How many migrations the database has had. PERMANENT: not an annotationd database. */
gboolean sqlite_migrate_read_version (SqliteConnection *connection, gint64 *version, GError **error);
/* Runs the migrations that the database lacks, each in a transaction. PERMANENT: not an annotationd database. CONFIG: one of
 * a newer version. */
gboolean sqlite_migrate (SqliteConnection *connection, GError **error);

G_END_DECLS
