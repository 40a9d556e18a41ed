/* SPDX-License-Identifier: Apache-2.0 */
/* Makes the database file, says whether it is ours, and brings it to this plugin's schema. */
#include "sqlite-migrate.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>

#include "sqlite-error.h"

#define DIRECTORY "/annotationd/sqlite/sql/migrations/"
/* "anno": in the file's header, so that file(1) and we know it. */
#define APPLICATION_ID 0x616e6e6f

gboolean
sqlite_migrate_make_file (const char *path, GError **error)
{
  g_autofree char *directory = g_path_get_dirname (path);
  int descriptor;

  if (g_mkdir_with_parents (directory, 0700) != 0) {
    g_set_error (error, ANNOT_ERROR, (int) sqlite_error_code_of_file (errno), "%s: cannot make the directory: %s",
                 directory, g_strerror (errno));
    return FALSE;
  }
  /* Exclusive: closing a descriptor of a file that this process has open as a database would drop its locks. */
  descriptor = g_open (path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (descriptor >= 0)
    return g_close (descriptor, error);
  if (errno == EEXIST)
    return TRUE;
  g_set_error (
      error, ANNOT_ERROR, (int) sqlite_error_code_of_file (errno),
      "%s: cannot make the database: %s; the user that runs annotationd must be able to write to the directory", path,
      g_strerror (errno));
  return FALSE;
}

/* Refuses a file that another program has made. An empty one is ours to fill. */
static gboolean
check_owner (SqliteConnection *connection, GError **error)
{
  gint64 id = 0, tables = 0;

  /* In this order: who makes the tables now, in another process, gives the file its mark with them. */
  if (!sqlite_connection_read_integer (connection, "SELECT count (*) FROM sqlite_schema", &tables, error)
      || !sqlite_connection_read_integer (connection, "PRAGMA application_id", &id, error))
    return FALSE;
  if (id == APPLICATION_ID || (id == 0 && tables == 0))
    return TRUE;
  g_set_error (error, ANNOT_ERROR, ANNOT_ERROR_PERMANENT,
               "%s is a database of another program; set [sqlite] path to another file", connection->path);
  return FALSE;
}

/* Only once the file is known to be ours: the journal's mode is written into it. */
static gboolean
use_write_ahead_log (SqliteConnection *connection, GError **error)
{
  g_autoptr (sqlite3_stmt) statement = sqlite_connection_prepare (connection, "PRAGMA journal_mode = WAL", error);

  if (!statement || sqlite_step (connection, statement, error) < 0)
    return FALSE;
  if (g_strcmp0 ((const char *) sqlite3_column_text (statement, 0), "wal") == 0)
    return TRUE;
  g_set_error (error, ANNOT_ERROR, ANNOT_ERROR_CONFIG,
               "%s: no write-ahead log is possible there; set [sqlite] path to a file on a local disk",
               connection->path);
  return FALSE;
}

static gboolean
apply (SqliteConnection *connection, const AnnotMigration *migration, GError **error)
{
  g_autofree char *mark
      = g_strdup_printf ("PRAGMA application_id = %d; PRAGMA user_version = %u", APPLICATION_ID, migration->number);
  gint64 version = 0;

  if (!sqlite_connection_execute (connection, "BEGIN IMMEDIATE", error))
    return FALSE;
  /* Another process may have run it while this one waited for the lock. */
  if (sqlite_connection_read_integer (connection, "PRAGMA user_version", &version, error)
      && (version >= migration->number
          || (sqlite_connection_execute (connection, g_bytes_get_data (migration->script, NULL), error)
              && sqlite_connection_execute (connection, mark, error)))
      && sqlite_connection_execute (connection, "COMMIT", error))
    return TRUE;
  g_prefix_error (error, "migration %s: ", migration->name);
  sqlite_connection_execute (connection, "ROLLBACK", NULL);
  return FALSE;
}

GPtrArray *
sqlite_migrate_list (void)
{
  return annot_migrations_list (DIRECTORY);
}

gboolean
sqlite_migrate_read_version (SqliteConnection *connection, gint64 *version, GError **error)
{
  return check_owner (connection, error)
         && sqlite_connection_read_integer (connection, "PRAGMA user_version", version, error);
}

gboolean
sqlite_migrate (SqliteConnection *connection, GError **error)
{
  g_autoptr (GPtrArray) migrations = sqlite_migrate_list ();
  gint64 version = 0;

  if (!sqlite_migrate_read_version (connection, &version, error))
    return FALSE;
  if (version > migrations->len) {
    g_set_error (error, ANNOT_ERROR, ANNOT_ERROR_CONFIG,
                 "%s was written by a newer annotationd (schema %" G_GINT64_FORMAT ", this one knows %u); install that "
                 "version, or set [sqlite] path to another file",
                 connection->path, version, migrations->len);
    return FALSE;
  }
  if (!use_write_ahead_log (connection, error))
    return FALSE;
  for (guint i = 0; i < migrations->len; i++)
    if (i >= version && !apply (connection, migrations->pdata[i], error))
      return FALSE;
  return TRUE;
}
