/* SPDX-License-Identifier: Apache-2.0 */
/* Opens the database for the store: the file, its schema, the writer's connection and the readers'. */
#include "sqlite-open.h"

#include "sqlite-migrate.h"

static void
connection_free0 (gpointer connection)
{
  if (connection)
    sqlite_connection_close (connection);
}

/* What is away when the store runs is a wrong setting when it is opened: trying again would not help. */
static void
blame_settings (GError *error)
{
  if (g_error_matches (error, ANNOT_ERROR, ANNOT_ERROR_NOT_CONNECTED))
    error->code = ANNOT_ERROR_CONFIG;
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
    g_set_error (error, ANNOT_ERROR, ANNOT_ERROR_CONFIG,
                 "%s cannot be written to; the user that runs annotationd must own it, with its directory",
                 settings->path);
    return NULL;
  }
  return sqlite_migrate (connection, error) ? g_steal_pointer (&connection) : NULL;
}

GPtrArray *
sqlite_open_connections (const SqliteSettings *settings, guint readers, GError **error)
{
  g_autoptr (GPtrArray) connections = g_ptr_array_new_with_free_func (connection_free0);
  g_autoptr (GError) failure = NULL;
  SqliteConnection *connection = open_writer (settings, &failure);

  while (connection) {
    g_ptr_array_add (connections, connection);
    if (connections->len > readers)
      return g_steal_pointer (&connections);
    connection = sqlite_connection_open (settings, TRUE, &failure);
  }
  blame_settings (failure);
  g_propagate_error (error, g_steal_pointer (&failure));
  return NULL;
}
