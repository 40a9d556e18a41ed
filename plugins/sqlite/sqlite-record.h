/* SPDX-License-Identifier: Apache-2.0 */
/* Rows to records and back: one flat JSON object for each (docs/records.md). */
#pragma once

#include "sqlite-connection.h"

#include <json-glib/json-glib.h>

G_BEGIN_DECLS

/* Returns: (transfer full): a row as a record, each column a member of its name, bytes in base64 */
GBytes *sqlite_record_write (sqlite3_stmt *row);
/* Returns: (transfer full) (nullable): INVALID when it is no record. kind: (transfer none): lives as long as the record
 */
JsonObject *sqlite_record_read (GBytes *bytes, const char **kind, GError **error);
/* Runs a statement to its end: `:name` stands for the member of that name, `$name` for the bytes of a member in base64.
 * A member that is not there is null. */
gboolean sqlite_record_run (SqliteConnection *connection, const char *statement, JsonObject *record, GError **error);

G_END_DECLS
