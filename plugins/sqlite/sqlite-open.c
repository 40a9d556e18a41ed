/* SPDX-License-Identifier: Apache-2.0 */
/* Opens the database for the store: the file, its schema, the writer's connection and the readers'. */
#include "sqlite-open.h"

#include <string.h>

#include "sqlite-error.h"
#include "sqlite-migrate.h"
#include "sqlite-schema.h"

static void
connection_free0 (gpointer connection)
{
  if (connection)
    sqlite_connection_close (connection);
}

/* From now on a failure is one of running. Returns: (transfer full): the connections */
static GPtrArray *
opened (GPtrArray *connections)
{
  for (guint i = 0; i < connections->len; i++)
    ((SqliteConnection *) connections->pdata[i])->opening = FALSE;
  return connections;
}

/* Takes over the base that a process of this boot has kept. Returns: whether there is one */
static gboolean
read_clock (SqliteConnection *connection, const char *boot)
{
  g_autoptr (sqlite3_stmt) row
      = sqlite_connection_prepare (connection, "SELECT value FROM meta WHERE name = 'clock'", NULL);
  const char *value = NULL;

  if (row && sqlite_step (connection, row, NULL) > 0)
    value = (const char *) sqlite3_column_text (row, 0);
  if (!value || !g_str_has_prefix (value, boot))
    return FALSE;
  connection->clock_base = g_ascii_strtoll (value + strlen (boot), NULL, 10);
  return TRUE;
}

/*
 * All processes on one database must agree on the time of a deadline, also when the wall clock was set between their
 * starts: the first one since the machine was started says for all how the monotonic clock is to be read. Where that
 * cannot be written now, for want of space or of the lock, this one goes by its own start.
 */
static void
share_clock (SqliteConnection *connection)
{
  g_autofree char *boot = NULL;
  g_autofree char *keep = NULL;

  if (!g_file_get_contents ("/proc/sys/kernel/random/boot_id", &boot, NULL, NULL))
    return;
  g_strdelimit (g_strchomp (boot), "'", '-');
  if (read_clock (connection, boot) || !sqlite_connection_execute (connection, "BEGIN IMMEDIATE", NULL))
    return;
  /* Another process may have written it while this one waited for the lock. */
  if (!read_clock (connection, boot)) {
    keep = g_strdup_printf ("INSERT INTO meta (name, value) VALUES ('clock', '%s %" G_GINT64_FORMAT "') "
                            "ON CONFLICT (name) DO UPDATE SET value = excluded.value",
                            boot, connection->clock_base);
    sqlite_connection_execute (connection, keep, NULL);
  }
  if (!sqlite_connection_execute (connection, "COMMIT", NULL))
    sqlite_connection_execute (connection, "ROLLBACK", NULL);
}

/* Returns: (transfer full) (nullable): the writer's connection, on a database of this plugin's schema */
static SqliteConnection *
open_writer (const SqliteSettings *settings, GError **error)
{
  g_autoptr (SqliteConnection) connection = NULL;

  if (!sqlite_migrate_make_file (settings->path, error))
    return NULL;
  connection = sqlite_connection_open (settings, FALSE, error);
  if (!connection)
    return NULL;
  if (sqlite3_db_readonly (connection->handle, "main") == 1) {
    g_set_error (error, ANNOT_ERROR, (int) sqlite_error_code_at_open (SQLITE_READONLY, settings->path),
                 "%s cannot be written to; the user that runs annotationd must own it, with its directory",
                 settings->path);
    return NULL;
  }
  if (!sqlite_migrate (connection, error) || !sqlite_schema_check_finished (connection, error))
    return NULL;
  share_clock (connection);
  return g_steal_pointer (&connection);
}

GPtrArray *
sqlite_open_connections (const SqliteSettings *settings, guint readers, GError **error)
{
  g_autoptr (GPtrArray) connections = g_ptr_array_new_with_free_func (connection_free0);
  g_autoptr (GError) failure = NULL;
  SqliteConnection *connection = open_writer (settings, &failure);
  SqliteSettings shared = *settings;

  if (connection)
    shared.clock_base = connection->clock_base;
  while (connection) {
    g_ptr_array_add (connections, connection);
    if (connections->len > readers)
      return opened (g_steal_pointer (&connections));
    connection = sqlite_connection_open (&shared, TRUE, &failure);
  }
  g_propagate_error (error, g_steal_pointer (&failure));
  return NULL;
}
