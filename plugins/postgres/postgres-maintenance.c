/* SPDX-License-Identifier: Apache-2.0 */
/* What annotationctl does with a database that is not open: looks at it, migrates it, copies it. */
#include "postgres-maintenance.h"

#include "postgres-blocking.h"
#include "postgres-dump.h"
#include "postgres-migrate.h"
#include "postgres-restore.h"
#include "postgres-statement.h"

#define QUERY_SECONDS 10
/* Long enough for sessions that are just ending. */
#define OTHERS_SECONDS 3

static const PostgresSession session = { .statement_milliseconds = 600000 };

/* connection and dump: kept from the first call to close. lock: held while a call runs. alone: nobody else is there. */
struct _PostgresMaintenance {
  PostgresSettings *settings;
  GMutex lock;
  PGconn *connection;
  PostgresDump *dump;
  gboolean alone;
};

PostgresMaintenance *
postgres_maintenance_new (PostgresSettings *settings)
{
  PostgresMaintenance *self = g_new0 (PostgresMaintenance, 1);

  self->settings = postgres_settings_ref (settings);
  g_mutex_init (&self->lock);
  return self;
}

static void
disconnect (PostgresMaintenance *self)
{
  g_clear_pointer (&self->dump, postgres_dump_free);
  g_clear_pointer (&self->connection, PQfinish);
  self->alone = FALSE;
}

void
postgres_maintenance_free (PostgresMaintenance *self)
{
  disconnect (self);
  g_mutex_clear (&self->lock);
  postgres_settings_unref (self->settings);
  g_free (self);
}

static gboolean
ensure_connection (PostgresMaintenance *self, GCancellable *cancellable, GError **error)
{
  if (self->connection && PQstatus (self->connection) == CONNECTION_OK)
    return TRUE;
  disconnect (self);
  self->connection = postgres_blocking_connect (self->settings, &session, cancellable, error);
  return self->connection != NULL;
}

static AnnotSchema *
read_schema (PostgresMaintenance *self, GCancellable *cancellable, GError **error)
{
  return ensure_connection (self, cancellable, error)
             ? postgres_migrate_inspect (self->connection, self->settings, cancellable, error)
             : NULL;
}

/* Nobody else may use the database: what a daemon writes while it is copied would not be in the copy. */
static gboolean
check_alone (PostgresMaintenance *self, GCancellable *cancellable, GError **error)
{
  gint64 deadline = g_get_monotonic_time () + OTHERS_SECONDS * G_USEC_PER_SEC;

  /* A pooler keeps sessions whose clients are long gone. */
  if (!self->settings->named)
    self->alone = TRUE;
  while (!self->alone) {
    g_autoptr (PGresult) others
        = postgres_blocking_execute (self->connection, self->settings, postgres_statement_text ("copy-others"), NULL,
                                     QUERY_SECONDS, cancellable, error);

    if (!others)
      return FALSE;
    self->alone = g_str_equal (PQgetvalue (others, 0, 0), "0");
    if (!self->alone && g_get_monotonic_time () > deadline) {
      g_set_error (error, ANNOT_ERROR, ANNOT_ERROR_TEMPORARY,
                   "%s is in use by %s other sessions of annotationd; stop every instance, and whatever else uses the "
                   "database, first",
                   self->settings->label, PQgetvalue (others, 0, 0));
      return FALSE;
    }
    if (!self->alone)
      g_usleep (50000);
  }
  return TRUE;
}

/* unfinished: whether a copy that broke off is no hindrance. */
static gboolean
check_schema (PostgresMaintenance *self, gboolean unfinished, GCancellable *cancellable, GError **error)
{
  g_autoptr (AnnotSchema) schema = read_schema (self, cancellable, error);

  if (!schema)
    return FALSE;
  if (schema->version != schema->known) {
    g_set_error (error, ANNOT_ERROR, ANNOT_ERROR_CONFIG,
                 "%s has schema %" G_GINT64_FORMAT " and this annotationd works with %" G_GINT64_FORMAT "; %s",
                 schema->address, schema->version, schema->known,
                 schema->version < schema->known ? "run annotationctl db migrate" : "install the newer version");
    return FALSE;
  }
  if (schema->unfinished && !unfinished) {
    g_set_error (error, ANNOT_ERROR, ANNOT_ERROR_CONFIG,
                 "%s: a copy into this database was begun and not finished; run annotationctl db copy again",
                 schema->address);
    return FALSE;
  }
  return check_alone (self, cancellable, error);
}

static void
inspect (GTask *task, gpointer source, gpointer task_data, GCancellable *cancellable)
{
  PostgresMaintenance *self = task_data;
  G_GNUC_UNUSED g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->lock);
  g_autoptr (GError) error = NULL;
  AnnotSchema *schema = read_schema (self, cancellable, &error);

  if (schema)
    g_task_return_pointer (task, schema, (GDestroyNotify) annot_schema_free);
  else
    g_task_return_error (task, g_steal_pointer (&error));
}

static void
migrate (GTask *task, gpointer source, gpointer task_data, GCancellable *cancellable)
{
  PostgresMaintenance *self = task_data;
  G_GNUC_UNUSED g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->lock);
  g_autoptr (GError) error = NULL;
  int applied = ensure_connection (self, cancellable, &error)
                    ? postgres_migrate_apply (self->connection, self->settings, cancellable, &error)
                    : -1;

  if (applied >= 0) {
    g_task_return_int (task, applied);
    return;
  }
  /* A statement may have been left half done. */
  disconnect (self);
  g_task_return_error (task, g_steal_pointer (&error));
}

static GPtrArray *
read_batch (PostgresMaintenance *self, GCancellable *cancellable, GError **error)
{
  g_autoptr (GPtrArray) records = NULL;

  if (!self->dump && check_schema (self, FALSE, cancellable, error))
    self->dump = postgres_dump_new (self->connection, self->settings, cancellable, error);
  if (self->dump)
    records = postgres_dump_next (self->dump, cancellable, error);
  if (records && records->len == 0)
    g_clear_pointer (&self->dump, postgres_dump_free);
  /* A statement may have been left half read. */
  if (!records)
    disconnect (self);
  return g_steal_pointer (&records);
}

static void
dump (GTask *task, gpointer source, gpointer task_data, GCancellable *cancellable)
{
  PostgresMaintenance *self = task_data;
  G_GNUC_UNUSED g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->lock);
  g_autoptr (GError) error = NULL;
  GPtrArray *records = read_batch (self, cancellable, &error);

  if (records)
    g_task_return_pointer (task, records, (GDestroyNotify) g_ptr_array_unref);
  else
    g_task_return_error (task, g_steal_pointer (&error));
}

typedef struct {
  PostgresMaintenance *maintenance;
  GPtrArray *records;
} Restore;

static void
restore (GTask *task, gpointer source, gpointer task_data, GCancellable *cancellable)
{
  Restore *batch = task_data;
  PostgresMaintenance *self = batch->maintenance;
  G_GNUC_UNUSED g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->lock);
  g_autoptr (GError) error = NULL;

  if (check_schema (self, TRUE, cancellable, &error)
      && postgres_restore (self->connection, self->settings, batch->records, cancellable, &error)) {
    g_task_return_boolean (task, TRUE);
    return;
  }
  disconnect (self);
  g_task_return_error (task, g_steal_pointer (&error));
}

static void
close_in_thread (GTask *task, gpointer source, gpointer task_data, GCancellable *cancellable)
{
  PostgresMaintenance *self = task_data;
  G_GNUC_UNUSED g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->lock);

  disconnect (self);
  g_task_return_boolean (task, TRUE);
}

/* Takes over task; the store behind it keeps self alive. */
static void
run (PostgresMaintenance *self, GTask *task, GTaskThreadFunc function)
{
  g_autoptr (GTask) owned = task;

  g_task_set_task_data (owned, self, NULL);
  g_task_run_in_thread (owned, function);
}

void
postgres_maintenance_inspect (PostgresMaintenance *self, GTask *task)
{
  run (self, task, inspect);
}

void
postgres_maintenance_migrate (PostgresMaintenance *self, GTask *task)
{
  run (self, task, migrate);
}

void
postgres_maintenance_dump (PostgresMaintenance *self, GTask *task)
{
  run (self, task, dump);
}

void
postgres_maintenance_restore (PostgresMaintenance *self, GPtrArray *records, GTask *task)
{
  g_autoptr (GTask) owned = task;
  Restore *batch = g_new (Restore, 1);

  batch->maintenance = self;
  batch->records = records;
  g_task_set_task_data (owned, batch, g_free);
  g_task_run_in_thread (owned, restore);
}

void
postgres_maintenance_close (PostgresMaintenance *self, GTask *task)
{
  run (self, task, close_in_thread);
}
