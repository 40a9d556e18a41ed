/* SPDX-License-Identifier: Apache-2.0 */
/* What annotationctl does with a database that is not open: looks at it, migrates it, copies it. */
#include "sqlite-maintenance.h"

#include "sqlite-dump.h"
#include "sqlite-restore.h"
#include "sqlite-schema.h"

/* Long enough for a process that is just ending. */
#define BUSY_MILLISECONDS 1000

/* connection and dump: kept from the first dump or restore to close. lock: held while a call runs. */
struct _SqliteMaintenance {
  SqliteSettings settings;
  GMutex lock;
  SqliteConnection *connection;
  SqliteDump *dump;
};

SqliteMaintenance *
sqlite_maintenance_new (const SqliteSettings *settings)
{
  SqliteMaintenance *self = g_new0 (SqliteMaintenance, 1);

  self->settings = *settings;
  self->settings.path = g_strdup (settings->path);
  g_mutex_init (&self->lock);
  return self;
}

static void
disconnect (SqliteMaintenance *self)
{
  g_clear_pointer (&self->dump, sqlite_dump_free);
  g_clear_pointer (&self->connection, sqlite_connection_close);
}

void
sqlite_maintenance_free (SqliteMaintenance *self)
{
  disconnect (self);
  g_mutex_clear (&self->lock);
  g_free (self->settings.path);
  g_free (self);
}

/* Nobody else may have the database open: what a daemon writes while it is copied would not be in the copy. */
static gboolean
connect_alone (SqliteMaintenance *self, GError **error)
{
  SqliteSettings settings = self->settings;
  g_autoptr (GError) problem = NULL;

  if (self->connection)
    return TRUE;
  settings.exclusive = TRUE;
  settings.busy_milliseconds = BUSY_MILLISECONDS;
  if (!g_file_test (settings.path, G_FILE_TEST_EXISTS)) {
    g_set_error (error, ANNOT_ERROR, ANNOT_ERROR_CONFIG, "%s: there is no database", settings.path);
    return FALSE;
  }
  self->connection = sqlite_connection_open (&settings, FALSE, &problem);
  if (g_error_matches (problem, ANNOT_ERROR, ANNOT_ERROR_TEMPORARY)) {
    g_set_error (error, ANNOT_ERROR, ANNOT_ERROR_TEMPORARY,
                 "%s is open in another process; stop annotationd, and whatever else uses the file, first",
                 settings.path);
    return FALSE;
  }
  if (problem) {
    g_propagate_error (error, g_steal_pointer (&problem));
    return FALSE;
  }
  self->connection->opening = FALSE;
  return TRUE;
}

static void
inspect (GTask *task, gpointer source, gpointer task_data, GCancellable *cancellable)
{
  SqliteMaintenance *self = task_data;
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->lock);
  g_autoptr (GError) error = NULL;
  AnnotSchema *schema = sqlite_schema_inspect (&self->settings, &error);

  if (schema)
    g_task_return_pointer (task, schema, (GDestroyNotify) annot_schema_free);
  else
    g_task_return_error (task, g_steal_pointer (&error));
}

static void
migrate (GTask *task, gpointer source, gpointer task_data, GCancellable *cancellable)
{
  SqliteMaintenance *self = task_data;
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->lock);
  g_autoptr (GError) error = NULL;
  gssize applied = sqlite_schema_migrate (&self->settings, &error);

  if (applied >= 0)
    g_task_return_int (task, applied);
  else
    g_task_return_error (task, g_steal_pointer (&error));
}

static GPtrArray *
read_batch (SqliteMaintenance *self, GError **error)
{
  g_autoptr (GPtrArray) records = NULL;

  if (!connect_alone (self, error))
    return NULL;
  if (!self->dump)
    self->dump = sqlite_dump_new (self->connection, error);
  if (self->dump)
    records = sqlite_dump_next (self->dump, error);
  if (records && records->len == 0)
    g_clear_pointer (&self->dump, sqlite_dump_free);
  return g_steal_pointer (&records);
}

static void
dump (GTask *task, gpointer source, gpointer task_data, GCancellable *cancellable)
{
  SqliteMaintenance *self = task_data;
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->lock);
  g_autoptr (GError) error = NULL;
  GPtrArray *records = read_batch (self, &error);

  if (records)
    g_task_return_pointer (task, records, (GDestroyNotify) g_ptr_array_unref);
  else
    g_task_return_error (task, g_steal_pointer (&error));
}

typedef struct {
  SqliteMaintenance *maintenance;
  GPtrArray *records;
} Restore;

static void
restore (GTask *task, gpointer source, gpointer task_data, GCancellable *cancellable)
{
  Restore *batch = task_data;
  SqliteMaintenance *self = batch->maintenance;
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->lock);
  g_autoptr (GError) error = NULL;

  if (connect_alone (self, &error) && sqlite_restore (self->connection, batch->records, &error))
    g_task_return_boolean (task, TRUE);
  else
    g_task_return_error (task, g_steal_pointer (&error));
}

static void
end (GTask *task, gpointer source, gpointer task_data, GCancellable *cancellable)
{
  SqliteMaintenance *self = task_data;
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->lock);

  disconnect (self);
  g_task_return_boolean (task, TRUE);
}

/* Takes over task, whose store keeps data alive. */
static void
run (GTask *task, gpointer data, GDestroyNotify destroy, GTaskThreadFunc function)
{
  g_task_set_task_data (task, data, destroy);
  g_task_run_in_thread (task, function);
  g_object_unref (task);
}

void
sqlite_maintenance_inspect (SqliteMaintenance *self, GTask *task)
{
  run (task, self, NULL, inspect);
}

void
sqlite_maintenance_migrate (SqliteMaintenance *self, GTask *task)
{
  run (task, self, NULL, migrate);
}

void
sqlite_maintenance_dump (SqliteMaintenance *self, GTask *task)
{
  run (task, self, NULL, dump);
}

void
sqlite_maintenance_restore (SqliteMaintenance *self, GPtrArray *records, GTask *task)
{
  Restore *batch = g_new (Restore, 1);

  batch->maintenance = self;
  batch->records = records;
  run (task, batch, g_free, restore);
}

void
sqlite_maintenance_close (SqliteMaintenance *self, GTask *task)
{
  run (task, self, NULL, end);
}
