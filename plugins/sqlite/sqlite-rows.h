/* SPDX-License-Identifier: Apache-2.0 */
/* Model structures from and to the columns of rows. */
#pragma once

#include "sqlite-connection.h"

G_BEGIN_DECLS

/* How many columns {example-columns} has: the first one that a statement adds. */
#define SQLITE_EXAMPLE_COLUMNS 20

/* Returns: (transfer full): the example in a row that begins with {example-columns}, without its frame */
AnnotExample *sqlite_rows_read_example (sqlite3_stmt *row);
/* Loads the frame into an example that has one. */
gboolean sqlite_rows_load_frame (SqliteConnection *connection, AnnotExample *example, GError **error);
/* Returns: (transfer full) (nullable): the latest annotation; NULL without error: there is none */
AnnotAnnotation *sqlite_rows_latest_annotation (SqliteConnection *connection, gint64 seq, const char *event_id,
                                                GError **error);
/* Returns: (transfer full): a blob column */
GBytes *sqlite_rows_read_bytes (sqlite3_stmt *row, int column);

G_END_DECLS
