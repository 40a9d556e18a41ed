/* SPDX-License-Identifier: Apache-2.0 */
/* Reads the whole database as records, from one snapshot: a statement for each kind, in the order of docs/records.md.
 */
#include "sqlite-dump.h"

#include "sqlite-record.h"
#include "sqlite-schema.h"

/* What stands between `store` and `end`. */
static const struct {
  const char *kind;
  const char *statement;
} kinds[] = {
  { "account", "dump-accounts" },       { "token", "dump-tokens" }, { "session", "dump-sessions" },
  { "secret", "dump-secrets" },         { "audit", "dump-audit" },  { "example", "dump-examples" },
  { "annotation", "dump-annotations" }, { "skip", "dump-skips" },   { "outgoing", "dump-outgoing" },
};

typedef enum {
  STAGE_STORE,
  STAGE_ROWS,
  STAGE_END,
  STAGE_DONE,
} Stage;

/* row: the statement of the kind that is being read, bound. */
struct _SqliteDump {
  SqliteConnection *connection;
  Stage stage;
  guint kind;
  SqliteStatement *row;
  gint64 counts[G_N_ELEMENTS (kinds)];
  gint64 frames;
};

SqliteDump *
sqlite_dump_new (SqliteConnection *connection, GError **error)
{
  SqliteDump *self;

  if (!sqlite_schema_check (connection, error) || !sqlite_schema_check_finished (connection, error)
      || !sqlite_connection_execute (connection, "BEGIN", error))
    return NULL;
  self = g_new0 (SqliteDump, 1);
  self->connection = connection;
  return self;
}

void
sqlite_dump_free (SqliteDump *self)
{
  g_clear_pointer (&self->row, sqlite_statement_release);
  sqlite_connection_execute (self->connection, "ROLLBACK", NULL);
  g_free (self);
}

static gboolean
add_store (SqliteDump *self, GPtrArray *records, GError **error)
{
  g_autoptr (SqliteStatement) row = sqlite_query (self->connection, error, "dump-store", "n", ANNOT_RECORD_FORMAT);

  if (!row || sqlite_step (self->connection, row, error) < 0)
    return FALSE;
  g_ptr_array_add (records, sqlite_record_write (row));
  self->stage = STAGE_ROWS;
  return TRUE;
}

/* A frame is the last column of the statement that has one. */
static void
count_row (SqliteDump *self)
{
  int last = sqlite3_column_count (self->row) - 1;

  self->counts[self->kind]++;
  if (g_str_equal (sqlite3_column_name (self->row, last), "frame")
      && sqlite3_column_type (self->row, last) != SQLITE_NULL)
    self->frames++;
}

/* Adds rows of the present kind as far as the batch goes, and moves on to the next kind at its end. */
static gboolean
add_rows (SqliteDump *self, GPtrArray *records, gsize *bytes, GError **error)
{
  int step = 1;

  if (!self->row)
    self->row = sqlite_query (self->connection, error, kinds[self->kind].statement, "");
  if (!self->row)
    return FALSE;
  while (records->len < ANNOT_RECORDS_MAX && *bytes < ANNOT_RECORDS_BYTES) {
    GBytes *record;

    step = sqlite_step (self->connection, self->row, error);
    if (step <= 0)
      break;
    record = sqlite_record_write (self->row);
    count_row (self);
    *bytes += g_bytes_get_size (record);
    g_ptr_array_add (records, record);
  }
  if (step == 0) {
    g_clear_pointer (&self->row, sqlite_statement_release);
    self->kind++;
  }
  return step >= 0;
}

static void
add_end (SqliteDump *self, GPtrArray *records)
{
  GString *json = g_string_new ("{\"record\":\"end\"");

  for (guint i = 0; i < G_N_ELEMENTS (kinds); i++)
    g_string_append_printf (json, ",\"%s\":%" G_GINT64_FORMAT, kinds[i].kind, self->counts[i]);
  g_string_append_printf (json, ",\"frame\":%" G_GINT64_FORMAT "}", self->frames);
  g_ptr_array_add (records, g_string_free_to_bytes (json));
  self->stage = STAGE_DONE;
}

GPtrArray *
sqlite_dump_next (SqliteDump *self, GError **error)
{
  g_autoptr (GPtrArray) records = g_ptr_array_new_with_free_func ((GDestroyNotify) g_bytes_unref);
  gsize bytes = 0;

  if (self->stage == STAGE_STORE)
    return add_store (self, records, error) ? g_steal_pointer (&records) : NULL;
  while (self->stage == STAGE_ROWS && records->len < ANNOT_RECORDS_MAX && bytes < ANNOT_RECORDS_BYTES) {
    if (!add_rows (self, records, &bytes, error))
      return NULL;
    if (self->kind == G_N_ELEMENTS (kinds))
      self->stage = STAGE_END;
  }
  if (records->len == 0 && self->stage == STAGE_END)
    add_end (self, records);
  return g_steal_pointer (&records);
}
