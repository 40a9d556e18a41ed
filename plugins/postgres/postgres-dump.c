/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reads the whole database as records, from one snapshot: a statement for each kind, in the order of docs/records.md.
 * Its rows are taken one by one as they come, so that neither side holds more than a batch.
 */
#include "postgres-dump.h"

#include "postgres-statement.h"

#define SECONDS 600

/* What stands between `store` and `end`. */
static const struct {
  const char *kind;
  const char *statement;
} kinds[] = {
  { "account", "dump-account" },       { "token", "dump-token" }, { "session", "dump-session" },
  { "secret", "dump-secret" },         { "audit", "dump-audit" }, { "example", "dump-example" },
  { "annotation", "dump-annotation" }, { "skip", "dump-skip" },   { "outgoing", "dump-outgoing" },
};

typedef enum {
  STAGE_STORE,
  STAGE_ROWS,
  STAGE_END,
  STAGE_DONE,
} Stage;

/* reading: whether the statement of the kind is under way. */
struct _PostgresDump {
  PGconn *connection;
  const PostgresSettings *settings;
  Stage stage;
  guint kind;
  gboolean reading;
  gint64 counts[G_N_ELEMENTS (kinds)];
  gint64 frames;
  char *fingerprint;
};

static char *
read_fingerprint (PGconn *connection, const PostgresSettings *settings, GCancellable *cancellable, GError **error)
{
  g_autoptr (PGresult) result = postgres_blocking_execute (
      connection, settings, postgres_statement_text ("dump-fingerprint"), NULL, SECONDS, cancellable, error);

  return result ? g_strdup (PQgetvalue (result, 0, 0)) : NULL;
}

PostgresDump *
postgres_dump_new (PGconn *connection, const PostgresSettings *settings, GCancellable *cancellable, GError **error)
{
  g_autoptr (PGresult) begun = postgres_blocking_execute (connection, settings, postgres_statement_text ("dump-begin"),
                                                          NULL, SECONDS, cancellable, error);
  g_autofree char *fingerprint = begun ? read_fingerprint (connection, settings, cancellable, error) : NULL;
  PostgresDump *self;

  if (!fingerprint)
    return NULL;
  self = g_new0 (PostgresDump, 1);
  self->connection = connection;
  self->settings = settings;
  self->fingerprint = g_steal_pointer (&fingerprint);
  return self;
}

void
postgres_dump_free (PostgresDump *self)
{
  g_free (self->fingerprint);
  g_free (self);
}

static void
add_record (GPtrArray *records, const PGresult *row)
{
  g_ptr_array_add (records, g_bytes_new (PQgetvalue (row, 0, 0), (gsize) PQgetlength (row, 0, 0)));
}

static gboolean
add_store (PostgresDump *self, GPtrArray *records, GCancellable *cancellable, GError **error)
{
  g_autoptr (PGresult) row = postgres_blocking_execute (
      self->connection, self->settings, postgres_statement_text ("dump-store"), NULL, SECONDS, cancellable, error);

  if (!row)
    return FALSE;
  add_record (records, row);
  self->stage = STAGE_ROWS;
  return TRUE;
}

static gboolean
start_kind (PostgresDump *self, GError **error)
{
  if (self->reading)
    return TRUE;
  if (!PQsendQuery (self->connection, postgres_statement_text (kinds[self->kind].statement))
      || !PQsetSingleRowMode (self->connection)) {
    postgres_error_set_connection (error, self->settings, self->connection, POSTGRES_OPENING);
    return FALSE;
  }
  self->reading = TRUE;
  return TRUE;
}

/* Adds rows of the present kind as far as the batch goes, and moves on to the next kind at its end. */
static gboolean
add_rows (PostgresDump *self, GPtrArray *records, gsize *bytes, GCancellable *cancellable, GError **error)
{
  if (!start_kind (self, error))
    return FALSE;
  while (records->len < ANNOT_RECORDS_MAX && *bytes < ANNOT_RECORDS_BYTES) {
    g_autoptr (PGresult) row = NULL;

    if (!postgres_blocking_await (self->connection, self->settings, SECONDS, cancellable, error))
      return FALSE;
    row = PQgetResult (self->connection);
    if (!row) {
      self->reading = FALSE;
      self->kind++;
      return TRUE;
    }
    if (PQresultStatus (row) == PGRES_TUPLES_OK)
      continue;
    if (PQresultStatus (row) != PGRES_SINGLE_TUPLE) {
      postgres_error_set (error, self->settings, row, POSTGRES_OPENING);
      return FALSE;
    }
    self->counts[self->kind]++;
    self->frames += *PQgetvalue (row, 0, 1) == 't';
    *bytes += (gsize) PQgetlength (row, 0, 0);
    add_record (records, row);
  }
  return TRUE;
}

/* Behind the snapshot, where what others have written is seen. */
static gboolean
check_unchanged (PostgresDump *self, GCancellable *cancellable, GError **error)
{
  g_autoptr (PGresult) committed
      = postgres_blocking_execute (self->connection, self->settings, "COMMIT", NULL, SECONDS, cancellable, error);
  g_autofree char *now = committed ? read_fingerprint (self->connection, self->settings, cancellable, error) : NULL;

  if (!now)
    return FALSE;
  if (g_str_equal (now, self->fingerprint))
    return TRUE;
  g_set_error (
      error, ANNOT_ERROR, ANNOT_ERROR_STALE,
      "%s: others have written meanwhile; stop annotationd, and whatever else uses the database, and copy again",
      self->settings->label);
  return FALSE;
}

static gboolean
add_end (PostgresDump *self, GPtrArray *records, GCancellable *cancellable, GError **error)
{
  GString *json;

  if (!check_unchanged (self, cancellable, error))
    return FALSE;
  json = g_string_new ("{\"record\":\"end\"");
  for (guint i = 0; i < G_N_ELEMENTS (kinds); i++)
    g_string_append_printf (json, ",\"%s\":%" G_GINT64_FORMAT, kinds[i].kind, self->counts[i]);
  g_string_append_printf (json, ",\"frame\":%" G_GINT64_FORMAT "}", self->frames);
  g_ptr_array_add (records, g_string_free_to_bytes (json));
  self->stage = STAGE_DONE;
  return TRUE;
}

GPtrArray *
postgres_dump_next (PostgresDump *self, GCancellable *cancellable, GError **error)
{
  g_autoptr (GPtrArray) records = g_ptr_array_new_with_free_func ((GDestroyNotify) g_bytes_unref);
  gsize bytes = 0;

  if (self->stage == STAGE_STORE)
    return add_store (self, records, cancellable, error) ? g_steal_pointer (&records) : NULL;
  while (self->stage == STAGE_ROWS && records->len < ANNOT_RECORDS_MAX && bytes < ANNOT_RECORDS_BYTES) {
    if (!add_rows (self, records, &bytes, cancellable, error))
      return NULL;
    if (self->kind == G_N_ELEMENTS (kinds))
      self->stage = STAGE_END;
  }
  if (records->len == 0 && self->stage == STAGE_END && !add_end (self, records, cancellable, error))
    return NULL;
  return g_steal_pointer (&records);
}
