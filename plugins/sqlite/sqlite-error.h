/* SPDX-License-Identifier: Apache-2.0 */
/* What SQLite's result codes mean to the core. */
#pragma once

#include <annotationd/annotationd.h>
#include <sqlite3.h>

G_BEGIN_DECLS

/* Sets error from the connection's last failure: its code says what the caller should do, its message names the file.
 * opening: the failure is judged as one of opening, where trying again does not mend an unfit file. */
void sqlite_error_set (GError **error, sqlite3 *handle, const char *path, gboolean opening);
/* Returns: the AnnotError of a file or directory that cannot be opened or made, by errno */
AnnotError sqlite_error_code_of_file (int number);
/* Returns: the AnnotError for an (extended) result code of a running database */
AnnotError sqlite_error_code (int result);
/* Returns: the same while the store is opened: PERMANENT for what is no database, AUTH where permission is lacking */
AnnotError sqlite_error_code_at_open (int result, const char *path);

G_END_DECLS
