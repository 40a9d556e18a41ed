/* SPDX-License-Identifier: Apache-2.0 */
/* Where the database stands, and bringing it to this plugin's schema without opening the store. */
#include "sqlite-schema.h"

#include "sqlite-migrate.h"

/* Reads whether a copy into it was begun and not finished. A database without a schema has no place for the mark. */
static gboolean
read_unfinished (SqliteConnection *connection, gint64 version, gboolean *unfinished, GError **error)
{
  g_autoptr (SqliteStatement) row = NULL;
  int step;

  if (version == 0)
    return TRUE;
  row = sqlite_query (connection, error, "copy-mark", "");
  step = row ? sqlite_step (connection, row, error) : -1;
  *unfinished = step > 0;
  return step >= 0;
}

static gboolean
read_schema (const SqliteSettings *settings, AnnotSchema *schema, GError **error)
{
  g_autoptr (SqliteConnection) connection = sqlite_connection_open (settings, TRUE, error);

  return connection && sqlite_migrate_read_version (connection, &schema->version, error)
         && read_unfinished (connection, schema->version, &schema->unfinished, error);
}

AnnotSchema *
sqlite_schema_inspect (const SqliteSettings *settings, GError **error)
{
  g_autoptr (AnnotSchema) schema = annot_schema_new (settings->path);
  g_autoptr (GPtrArray) migrations = sqlite_migrate_list ();
  g_autoptr (GStrvBuilder) pending = g_strv_builder_new ();

  schema->known = migrations->len;
  if (g_file_test (settings->path, G_FILE_TEST_EXISTS) && !read_schema (settings, schema, error))
    return NULL;
  for (guint i = 0; i < migrations->len; i++)
    if (i >= schema->version)
      g_strv_builder_add (pending, ((const AnnotMigration *) migrations->pdata[i])->name);
  g_strfreev (schema->pending);
  schema->pending = g_strv_builder_end (pending);
  return g_steal_pointer (&schema);
}

gssize
sqlite_schema_migrate (const SqliteSettings *settings, GError **error)
{
  g_autoptr (SqliteConnection) connection = NULL;
  gint64 before = 0, after = 0;

  if (!sqlite_migrate_make_file (settings->path, error))
    return -1;
  connection = sqlite_connection_open (settings, FALSE, error);
  if (!connection || !sqlite_migrate_read_version (connection, &before, error) || !sqlite_migrate (connection, error)
      || !sqlite_migrate_read_version (connection, &after, error))
    return -1;
  return (gssize) (after - before);
}

gboolean
sqlite_schema_check (SqliteConnection *connection, GError **error)
{
  g_autoptr (GPtrArray) migrations = sqlite_migrate_list ();
  gint64 version = 0;

  if (!sqlite_migrate_read_version (connection, &version, error))
    return FALSE;
  if (version == migrations->len)
    return TRUE;
  g_set_error (error, ANNOT_ERROR, ANNOT_ERROR_CONFIG,
               "%s has schema %" G_GINT64_FORMAT " and this annotationd works with %u; %s", connection->path, version,
               migrations->len,
               version < migrations->len ? "run \"annotationctl db migrate\" first" : "install the newer version");
  return FALSE;
}

gboolean
sqlite_schema_check_finished (SqliteConnection *connection, GError **error)
{
  gboolean unfinished = FALSE;

  if (!read_unfinished (connection, 1, &unfinished, error))
    return FALSE;
  if (!unfinished)
    return TRUE;
  g_set_error (error, ANNOT_ERROR, ANNOT_ERROR_CONFIG,
               "%s holds a copy that was not finished; run \"annotationctl db copy\" again, or use another file",
               connection->path);
  return FALSE;
}
