/* SPDX-License-Identifier: Apache-2.0 */
/* One connection to the database, with its prepared statements. Used by one thread at a time. */
#pragma once

#include <annotationd/annotationd.h>
#include <sqlite3.h>

G_BEGIN_DECLS

/**
 * SqliteConnection:
 * @handle: the connection
 * @path: the file
 * @prepared: statements by name
 * @busy_milliseconds: how long to wait for another process
 * @clock_base: wall clock minus monotonic clock, as they stood when the store was first opened since the machine was
 *  started
 * @opening: whether the store is still being opened, so that a failure says whether the file is fit
 * @cancellable: (nullable): ends a running query; set while a call runs
 */
typedef struct {
  sqlite3 *handle;
  char *path;
  GHashTable *prepared;
  guint busy_milliseconds;
  gint64 clock_base;
  gboolean opening;
  GCancellable *cancellable;
} SqliteConnection;

/* What a connection is opened with. exclusive: no other process may have the database open meanwhile. */
typedef struct {
  char *path;
  gboolean exclusive;
  guint busy_milliseconds;
  guint max_pages;
  gint64 clock_base;
} SqliteSettings;

/* A named statement while it is in use; releasing it makes it ready for its next use. */
typedef sqlite3_stmt SqliteStatement;

void sqlite_statement_release (SqliteStatement *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (SqliteStatement, sqlite_statement_release)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (sqlite3_stmt, sqlite3_finalize)

SqliteConnection *sqlite_connection_open (const SqliteSettings *settings, gboolean read_only, GError **error);
void sqlite_connection_close (SqliteConnection *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (SqliteConnection, sqlite_connection_close)

/* The store's time, microseconds since 1970 UTC: set at open, then moved by the monotonic clock alone. For deadlines
 * that the store itself sets, leases and claims; what others read, or set by the calendar, goes by the wall clock. */
gint64 sqlite_connection_now (const SqliteConnection *self);
/* A time of the store as the wall clock would have it, for others to read. */
gint64 sqlite_connection_to_wall (const SqliteConnection *self, gint64 time);
/* Sets error from the last failure. Returns: FALSE */
gboolean sqlite_connection_fail (SqliteConnection *self, GError **error);
/* Runs SQL text without parameters. */
gboolean sqlite_connection_execute (SqliteConnection *self, const char *sql, GError **error);
/* Returns: (transfer full) (nullable): a statement that is not kept */
sqlite3_stmt *sqlite_connection_prepare (SqliteConnection *self, const char *sql, GError **error);
/* Reads one integer, for pragmas. */
gboolean sqlite_connection_read_integer (SqliteConnection *self, const char *sql, gint64 *value, GError **error);

/**
 * sqlite_query:
 * @name: a statement of the .sql files
 * @format: a letter for each parameter: `t` const char * (NULL binds null), `i` gint64, `n` int, `d` double (NaN binds
 *  null), `b` GBytes *. All stay valid until the statement is released
 *
 * Returns: (transfer full) (nullable): the statement, bound, to be stepped and released
 */
SqliteStatement *sqlite_query (SqliteConnection *self, GError **error, const char *name, const char *format, ...);
/* The same, stepped to its end. */
gboolean sqlite_run (SqliteConnection *self, GError **error, const char *name, const char *format, ...);
/* Returns: 1 for a row, 0 at the end, -1 with error set */
int sqlite_step (SqliteConnection *self, sqlite3_stmt *statement, GError **error);
/* How many rows the last statement changed. */
gint64 sqlite_changes (SqliteConnection *self);

/* Returns: (transfer none): the text of a statement of the .sql files. Any thread. */
const char *sqlite_statement_text (const char *name);
/* Returns: (transfer full) (nullable): a copy of a text column */
char *sqlite_column_dup (sqlite3_stmt *statement, int column);

G_END_DECLS
