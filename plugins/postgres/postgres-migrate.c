/* SPDX-License-Identifier: Apache-2.0 */
/* Where the database's schema stands, and bringing it to this plugin's. */
#include "postgres-migrate.h"

#include "postgres-statement.h"

#define DIRECTORY "/annotationd/postgres/sql/migrations/"
#define QUERY_SECONDS 10
/* A little more than the server is told to take, which is the better one to end it. */
#define MIGRATION_SECONDS 620

/* What a migration's functions need of one another. */
typedef struct {
  PGconn *connection;
  const PostgresSettings *settings;
  GCancellable *cancellable;
} Session;

static PGresult *
run (const Session *self, const char *name, const char *const *parameters, GError **error)
{
  return postgres_blocking_execute (self->connection, self->settings, postgres_statement_text (name), parameters,
                                    QUERY_SECONDS, self->cancellable, error);
}

static gboolean
execute (const Session *self, const char *sql, guint seconds, GError **error)
{
  g_autoptr (PGresult) result
      = postgres_blocking_execute (self->connection, self->settings, sql, NULL, seconds, self->cancellable, error);

  return result != NULL;
}

static char *
checksum_of (const AnnotMigration *migration)
{
  return g_compute_checksum_for_bytes (G_CHECKSUM_SHA256, migration->script);
}

static gboolean
refuse_newer (const PostgresSettings *settings, gint64 version, guint known, GError **error)
{
  g_set_error (error, ANNOT_ERROR, ANNOT_ERROR_CONFIG,
               "%s was migrated by a newer annotationd (schema %" G_GINT64_FORMAT ", this one knows %u); install that "
               "version, or set [postgres] conninfo to another database",
               settings->label, version, known);
  return FALSE;
}

/* Every migration that the database has had must be the one that we know by its number. */
static gboolean
check_applied (const PostgresSettings *settings, const PGresult *rows, const GPtrArray *migrations, GError **error)
{
  for (int row = 0; row < PQntuples (rows) && (guint) row < migrations->len; row++) {
    const AnnotMigration *migration = migrations->pdata[row];
    g_autofree char *checksum = checksum_of (migration);

    if (g_str_equal (PQgetvalue (rows, row, 2), checksum))
      continue;
    g_set_error (error, ANNOT_ERROR, ANNOT_ERROR_CONFIG,
                 "%s has had a migration %s that is not this version's; it was made by a development version of "
                 "annotationd: set [postgres] conninfo to another database",
                 settings->label, PQgetvalue (rows, row, 1));
    return FALSE;
  }
  return TRUE;
}

static gboolean
read_exists (const Session *self, gboolean *schema, gboolean *table, GError **error)
{
  g_autoptr (PGresult) result = run (self, "schema-exists", NULL, error);

  if (!result)
    return FALSE;
  *schema = *PQgetvalue (result, 0, 0) == 't';
  *table = *PQgetvalue (result, 0, 1) == 't';
  return TRUE;
}

/* version: how many migrations the database has had. */
static gboolean
read_version (const Session *self, const GPtrArray *migrations, gint64 *version, GError **error)
{
  gboolean schema = FALSE, table = FALSE;
  g_autoptr (PGresult) rows = NULL;

  *version = 0;
  if (!read_exists (self, &schema, &table, error))
    return FALSE;
  if (!table)
    return TRUE;
  rows = run (self, "schema-migrations", NULL, error);
  if (!rows || !check_applied (self->settings, rows, migrations, error))
    return FALSE;
  if (PQntuples (rows) > 0)
    *version = g_ascii_strtoll (PQgetvalue (rows, PQntuples (rows) - 1, 0), NULL, 10);
  return TRUE;
}

AnnotSchema *
postgres_migrate_inspect (PGconn *connection, const PostgresSettings *settings, GCancellable *cancellable,
                          GError **error)
{
  const Session session = { connection, settings, cancellable };
  g_autoptr (GPtrArray) migrations = annot_migrations_list (DIRECTORY);
  g_autoptr (AnnotSchema) schema = annot_schema_new (settings->label);
  g_autoptr (GStrvBuilder) pending = g_strv_builder_new ();

  schema->known = migrations->len;
  if (!read_version (&session, migrations, &schema->version, error))
    return NULL;
  for (guint i = (guint) schema->version; i < migrations->len; i++)
    g_strv_builder_add (pending, ((const AnnotMigration *) migrations->pdata[i])->name);
  g_strfreev (schema->pending);
  schema->pending = g_strv_builder_end (pending);
  if (schema->version > 0) {
    g_autoptr (PGresult) mark = run (&session, "schema-unfinished", NULL, error);

    if (!mark)
      return NULL;
    schema->unfinished = PQntuples (mark) > 0;
  }
  return g_steal_pointer (&schema);
}

static gboolean
make_schema (const Session *self, GError **error)
{
  gboolean schema = FALSE, table = FALSE;
  g_autoptr (PGresult) created = NULL;

  if (!read_exists (self, &schema, &table, error))
    return FALSE;
  /* An owner who may not make schemas can be given an empty one. */
  if (!schema) {
    g_autoptr (PGresult) made = run (self, "schema-create", NULL, error);

    if (!made)
      return FALSE;
  }
  if (table)
    return TRUE;
  created = run (self, "schema-create-migrations", NULL, error);
  return created != NULL;
}

static gboolean
record (const Session *self, const AnnotMigration *migration, GError **error)
{
  g_autofree char *number = g_strdup_printf ("%u", migration->number);
  g_autofree char *checksum = checksum_of (migration);
  const char *parameters[] = { number, migration->name, checksum, NULL };
  g_autoptr (PGresult) result = run (self, "schema-record", parameters, error);

  return result != NULL;
}

/* Returns: 1 when it was applied, 0 when another instance has done so, -1 on error */
static int
apply (const Session *self, const GPtrArray *migrations, const AnnotMigration *migration, GError **error)
{
  gint64 version = 0;
  gboolean done;

  /* The lock comes first: what is looked at behind it cannot change any more. */
  if (!execute (self, postgres_statement_text ("schema-begin"), MIGRATION_SECONDS, error)
      || !execute (self, postgres_statement_text ("schema-lock"), MIGRATION_SECONDS, error)
      || !make_schema (self, error) || !read_version (self, migrations, &version, error))
    return -1;
  done = version >= migration->number;
  if (!done
      && (!execute (self, g_bytes_get_data (migration->script, NULL), MIGRATION_SECONDS, error)
          || !record (self, migration, error)))
    return -1;
  ANNOT_FAULT_POINT ("before_migration_commit");
  if (!execute (self, "COMMIT", MIGRATION_SECONDS, error))
    return -1;
  return done ? 0 : 1;
}

int
postgres_migrate_apply (PGconn *connection, const PostgresSettings *settings, GCancellable *cancellable, GError **error)
{
  const Session session = { connection, settings, cancellable };
  g_autoptr (GPtrArray) migrations = annot_migrations_list (DIRECTORY);
  gint64 version = 0;
  int applied = 0;

  if (!read_version (&session, migrations, &version, error))
    return -1;
  if (version > migrations->len) {
    refuse_newer (settings, version, migrations->len, error);
    return -1;
  }
  for (guint i = (guint) version; i < migrations->len; i++) {
    const AnnotMigration *migration = migrations->pdata[i];
    int result = apply (&session, migrations, migration, error);

    if (result < 0) {
      g_prefix_error (error, "migration %s: ", migration->name);
      execute (&session, "ROLLBACK", QUERY_SECONDS, NULL);
      return -1;
    }
    applied += result;
  }
  return applied;
}

static gboolean
refuse_unfinished (const AnnotSchema *schema, GError **error)
{
  g_set_error (error, ANNOT_ERROR, ANNOT_ERROR_CONFIG,
               "%s: a copy into this database was begun and not finished; run annotationctl db copy again",
               schema->address);
  return FALSE;
}

gboolean
postgres_migrate_open (PGconn *connection, const PostgresSettings *settings, GCancellable *cancellable, GError **error)
{
  g_autoptr (AnnotSchema) schema = postgres_migrate_inspect (connection, settings, cancellable, error);

  if (!schema)
    return FALSE;
  if (schema->version > schema->known)
    return refuse_newer (settings, schema->version, (guint) schema->known, error);
  if (schema->unfinished)
    return refuse_unfinished (schema, error);
  if (!*schema->pending)
    return TRUE;
  if (settings->migrate)
    return postgres_migrate_apply (connection, settings, cancellable, error) >= 0;
  g_set_error (error, ANNOT_ERROR, ANNOT_ERROR_CONFIG,
               "%s lacks the migration %s; run annotationctl db migrate, or set [postgres] migrate to true",
               settings->label, schema->pending[0]);
  return FALSE;
}
