/* SPDX-License-Identifier: Apache-2.0 */
/* One connection to the database, with its prepared statements. Used by one thread at a time. */
#include "sqlite-connection.h"

#include <stdarg.h>

#include "sqlite-error.h"

/* How many virtual machine steps pass between two looks at the cancellable: about half a millisecond. */
#define PROGRESS_STEPS 20000

/* FULL: what was answered survives a power cut. secure_delete: what was erased is not left in free pages. */
static const char *const pragmas
    = "PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON; PRAGMA secure_delete = ON;"
      "PRAGMA temp_store = MEMORY; PRAGMA cache_size = -32768; PRAGMA journal_size_limit = 67108864;"
      "PRAGMA trusted_schema = OFF;";

static int
is_cancelled (gpointer user_data)
{
  SqliteConnection *self = user_data;

  return self->cancellable && g_cancellable_is_cancelled (self->cancellable);
}

static gboolean
set_up (SqliteConnection *self, const SqliteSettings *settings, gboolean read_only, GError **error)
{
  g_autofree char *limit = g_strdup_printf ("PRAGMA max_page_count = %u", settings->max_pages);

  sqlite3_extended_result_codes (self->handle, 1);
  sqlite3_busy_timeout (self->handle, (int) settings->busy_milliseconds);
  sqlite3_db_config (self->handle, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
  /* Before anything is read: the first look at the log takes the lock. */
  if (settings->exclusive && !sqlite_connection_execute (self, "PRAGMA locking_mode = EXCLUSIVE", error))
    return FALSE;
  if (!sqlite_connection_execute (self, pragmas, error))
    return FALSE;
  if (!read_only)
    return settings->max_pages == 0 || sqlite_connection_execute (self, limit, error);
  sqlite3_progress_handler (self->handle, PROGRESS_STEPS, is_cancelled, self);
  return sqlite_connection_execute (self, "PRAGMA query_only = ON", error);
}

SqliteConnection *
sqlite_connection_open (const SqliteSettings *settings, gboolean read_only, GError **error)
{
  g_autoptr (SqliteConnection) self = g_new0 (SqliteConnection, 1);

  self->path = g_strdup (settings->path);
  self->busy_milliseconds = settings->busy_milliseconds;
  self->clock_base = settings->clock_base;
  self->opening = TRUE;
  self->prepared = g_hash_table_new_full (g_str_hash, g_str_equal, NULL, (GDestroyNotify) sqlite3_finalize);
  if (sqlite3_open_v2 (settings->path, &self->handle, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL) != SQLITE_OK) {
    sqlite_connection_fail (self, error);
    return NULL;
  }
  if (!set_up (self, settings, read_only, error))
    return NULL;
  return g_steal_pointer (&self);
}

void
sqlite_connection_close (SqliteConnection *self)
{
  g_hash_table_unref (self->prepared);
  sqlite3_close (self->handle);
  g_free (self->path);
  g_free (self);
}

gint64
sqlite_connection_now (const SqliteConnection *self)
{
  return self->clock_base + g_get_monotonic_time ();
}

gint64
sqlite_connection_to_wall (const SqliteConnection *self, gint64 time)
{
  gint64 apart = g_get_real_time () - sqlite_connection_now (self);
  gint64 half = apart < 0 ? -G_TIME_SPAN_SECOND / 2 : G_TIME_SPAN_SECOND / 2;

  /* Whole seconds: that the two clocks are read one after the other must not show. */
  return time + (apart + half) / G_TIME_SPAN_SECOND * G_TIME_SPAN_SECOND;
}

gboolean
sqlite_connection_fail (SqliteConnection *self, GError **error)
{
  sqlite_error_set (error, self->handle, self->path, self->opening);
  return FALSE;
}

gboolean
sqlite_connection_execute (SqliteConnection *self, const char *sql, GError **error)
{
  if (sqlite3_exec (self->handle, sql, NULL, NULL, NULL) != SQLITE_OK)
    return sqlite_connection_fail (self, error);
  return TRUE;
}

sqlite3_stmt *
sqlite_connection_prepare (SqliteConnection *self, const char *sql, GError **error)
{
  sqlite3_stmt *statement = NULL;

  if (sqlite3_prepare_v2 (self->handle, sql, -1, &statement, NULL) == SQLITE_OK)
    return statement;
  sqlite_connection_fail (self, error);
  return NULL;
}

gboolean
sqlite_connection_read_integer (SqliteConnection *self, const char *sql, gint64 *value, GError **error)
{
  g_autoptr (sqlite3_stmt) statement = sqlite_connection_prepare (self, sql, error);

  if (!statement || sqlite_step (self, statement, error) < 0)
    return FALSE;
  *value = sqlite3_column_int64 (statement, 0);
  return TRUE;
}

void
sqlite_statement_release (SqliteStatement *self)
{
  sqlite3_reset (self);
  sqlite3_clear_bindings (self);
}

const char *
sqlite_statement_text (const char *name)
{
  static AnnotStatements *statements; /* made once, never changed */

  if (g_once_init_enter (&statements)) {
    /* cppcheck-suppress leakNoVarFunctionCall */
    g_once_init_leave (&statements, annot_statements_load ("/annotationd/sqlite/sql/"));
  }
  return annot_statements_get (statements, name);
}

/* The statement of that name, prepared the first time it is asked for. */
static SqliteStatement *
get_prepared (SqliteConnection *self, const char *name, GError **error)
{
  sqlite3_stmt *statement = g_hash_table_lookup (self->prepared, name);

  if (statement)
    return statement;
  if (sqlite3_prepare_v3 (self->handle, sqlite_statement_text (name), -1, SQLITE_PREPARE_PERSISTENT, &statement, NULL)
      != SQLITE_OK) {
    sqlite_connection_fail (self, error);
    return NULL;
  }
  g_hash_table_insert (self->prepared, (gpointer) name, statement);
  return statement;
}

static int
bind_bytes (sqlite3_stmt *statement, int index, GBytes *bytes)
{
  gsize size;
  const void *data = g_bytes_get_data (bytes, &size);

  return sqlite3_bind_blob64 (statement, index, data ? data : "", size, SQLITE_STATIC);
}

static int
bind_all (sqlite3_stmt *statement, const char *format, va_list values)
{
  int result = SQLITE_OK;

  for (int i = 1; *format && result == SQLITE_OK; format++, i++) {
    switch (*format) {
    case 't':
      result = sqlite3_bind_text (statement, i, va_arg (values, const char *), -1, SQLITE_STATIC);
      break;
    case 'i':
      result = sqlite3_bind_int64 (statement, i, va_arg (values, gint64));
      break;
    case 'n':
      result = sqlite3_bind_int64 (statement, i, va_arg (values, int));
      break;
    case 'd':
      result = sqlite3_bind_double (statement, i, va_arg (values, double));
      break;
    case 'b':
      result = bind_bytes (statement, i, va_arg (values, GBytes *));
      break;
    default:
      g_assert_not_reached ();
    }
  }
  return result;
}

static SqliteStatement *
query_with (SqliteConnection *self, GError **error, const char *name, const char *format, va_list values)
{
  g_autoptr (SqliteStatement) statement = get_prepared (self, name, error);

  if (!statement)
    return NULL;
  if (bind_all (statement, format, values) != SQLITE_OK) {
    sqlite_connection_fail (self, error);
    return NULL;
  }
  return g_steal_pointer (&statement);
}

SqliteStatement *
sqlite_query (SqliteConnection *self, GError **error, const char *name, const char *format, ...)
{
  SqliteStatement *statement;
  va_list values;

  va_start (values, format);
  statement = query_with (self, error, name, format, values);
  va_end (values);
  return statement;
}

gboolean
sqlite_run (SqliteConnection *self, GError **error, const char *name, const char *format, ...)
{
  g_autoptr (SqliteStatement) statement = NULL;
  va_list values;
  int step;

  va_start (values, format);
  statement = query_with (self, error, name, format, values);
  va_end (values);
  if (!statement)
    return FALSE;
  do {
    step = sqlite_step (self, statement, error);
  } while (step == 1);
  return step == 0;
}

int
sqlite_step (SqliteConnection *self, sqlite3_stmt *statement, GError **error)
{
  switch (sqlite3_step (statement)) {
  case SQLITE_ROW:
    return 1;
  case SQLITE_DONE:
    return 0;
  default:
    sqlite_connection_fail (self, error);
    return -1;
  }
}

gint64
sqlite_changes (SqliteConnection *self)
{
  return sqlite3_changes64 (self->handle);
}

char *
sqlite_column_dup (sqlite3_stmt *statement, int column)
{
  return g_strdup ((const char *) sqlite3_column_text (statement, column));
}
