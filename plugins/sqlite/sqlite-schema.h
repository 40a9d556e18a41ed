/* SPDX-License-Identifier: Apache-2.0 */
/* Where the database stands, and bringing it to this plugin's schema without opening the store. */
#pragma once

#include "sqlite-connection.h"

G_BEGIN_DECLS

/* Both block. */
AnnotSchema *sqlite_schema_inspect (const SqliteSettings *settings, GError **error);
/* Makes the file if need be. Returns: how many migrations were applied, -1 on error */
gssize sqlite_schema_migrate (const SqliteSettings *settings, GError **error);
/* Refuses a database that a dump could not read, or that a restore could not write to: CONFIG, PERMANENT. */
gboolean sqlite_schema_check (SqliteConnection *connection, GError **error);
/* Refuses one that a copy into it has left half full: CONFIG. */
gboolean sqlite_schema_check_finished (SqliteConnection *connection, GError **error);

G_END_DECLS
