/* SPDX-License-Identifier: Apache-2.0 */
/* What SQLite's result codes mean to the core. */
#pragma once

#include <annotationd/annotationd.h>
#include <sqlite3.h>

G_BEGIN_DECLS

/* Sets error from the connection's last failure: its code says what the caller should do, its message names the file.
 */
void sqlite_error_set (GError **error, sqlite3 *handle, const char *path);
/* Returns: the AnnotError for an (extended) result code of a running database */
AnnotError sqlite_error_code (int result);

G_END_DECLS
