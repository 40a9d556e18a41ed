/* SPDX-License-Identifier: Apache-2.0 */
/* Writes the records of another store into an empty database. A mark in it says whether such a copy is under way. */
#include "sqlite-restore.h"

#include "sqlite-record.h"
#include "sqlite-schema.h"

#define STATEMENTS_A_KIND 5

/* What a record of each kind is written by. */
static const struct {
  const char *kind;
  const char *statements[STATEMENTS_A_KIND + 1];
} kinds[] = {
  { "account", { "restore-account" } },
  { "token", { "restore-token" } },
  { "session", { "restore-session" } },
  { "secret", { "restore-secret" } },
  { "audit", { "restore-audit" } },
  { "example",
    { "restore-example", "restore-frame", "restore-labels", "restore-subjects", "restore-corrected-labels" } },
  { "annotation", { "restore-annotation" } },
  { "skip", { "restore-skip" } },
  { "outgoing", { "restore-outgoing" } },
};

/* Of what an interrupted copy has left. Rows go before what they refer to, so that nothing is searched for. */
static const char *const empty
    = "DELETE FROM outbox; DELETE FROM skips; DELETE FROM annotations; DELETE FROM annotation_labels;"
      "DELETE FROM frames; DELETE FROM example_labels; DELETE FROM subjects; DELETE FROM examples;"
      "DELETE FROM tokens; DELETE FROM accounts; DELETE FROM sessions; DELETE FROM secrets; DELETE FROM audit;"
      "DELETE FROM label_counts; DELETE FROM annotator_counts; DELETE FROM hour_counts; UPDATE counters SET value = 0;";

static gboolean
read_mark (SqliteConnection *connection, gboolean *marked, GError **error)
{
  g_autoptr (SqliteStatement) row = sqlite_query (connection, error, "copy-mark", "");
  int step = row ? sqlite_step (connection, row, error) : -1;

  *marked = step > 0;
  return step >= 0;
}

static gboolean
check_empty (SqliteConnection *connection, GError **error)
{
  g_autoptr (SqliteStatement) row = sqlite_query (connection, error, "restore-occupied", "");
  gboolean occupied = FALSE;

  if (!row || sqlite_step (connection, row, error) < 0)
    return FALSE;
  for (int i = 0; i < sqlite3_column_count (row); i++)
    occupied = occupied || sqlite3_column_int64 (row, i) > 0;
  if (!occupied)
    return TRUE;
  g_set_error (error, ANNOT_ERROR, ANNOT_ERROR_EXISTS,
               "%s is not empty (%" G_GINT64_FORMAT " examples, %" G_GINT64_FORMAT " accounts, %" G_GINT64_FORMAT
               " messages to be sent); set [sqlite] path to a file that does not exist",
               connection->path, (gint64) sqlite3_column_int64 (row, 0), (gint64) sqlite3_column_int64 (row, 1),
               (gint64) sqlite3_column_int64 (row, 2));
  return FALSE;
}

static gboolean
begin (SqliteConnection *connection, JsonObject *record, GError **error)
{
  gint64 format = json_object_get_int_member_with_default (record, "format", 0);
  gboolean marked = FALSE;

  if (format != ANNOT_RECORD_FORMAT) {
    g_set_error (error, ANNOT_ERROR, ANNOT_ERROR_INVALID, "format: must be %d", ANNOT_RECORD_FORMAT);
    return FALSE;
  }
  return read_mark (connection, &marked, error) && (marked || check_empty (connection, error))
         && sqlite_connection_execute (connection, empty, error)
         && sqlite_record_run (connection, "restore-begin", record, error)
         && sqlite_record_run (connection, "restore-epoch", record, error)
         && sqlite_record_run (connection, "restore-seq", record, error);
}

/* Whether as many rows are here as the other store has given. */
static gboolean
check_counts (SqliteConnection *connection, JsonObject *record, GError **error)
{
  g_autoptr (SqliteStatement) row = sqlite_query (connection, error, "restore-counts", "");

  if (!row || sqlite_step (connection, row, error) < 0)
    return FALSE;
  for (int i = 0; i < sqlite3_column_count (row); i++) {
    const char *kind = sqlite3_column_name (row, i);
    gint64 here = sqlite3_column_int64 (row, i);
    gint64 given = json_object_get_int_member_with_default (record, kind, -1);

    if (here != given) {
      g_set_error (error, ANNOT_ERROR, ANNOT_ERROR_PERMANENT,
                   "%s: the copy is not whole: %" G_GINT64_FORMAT " records of kind %s were given and %" G_GINT64_FORMAT
                   " rows came of them; copy again",
                   connection->path, given, kind, here);
      return FALSE;
    }
  }
  return TRUE;
}

/* Also when it was done before: its answer may have got lost. */
static gboolean
end (SqliteConnection *connection, JsonObject *record, GError **error)
{
  return check_counts (connection, record, error) && sqlite_run (connection, error, "restore-counters", "")
         && sqlite_run (connection, error, "restore-annotator-counts", "")
         && sqlite_run (connection, error, "restore-end", "");
}

static gboolean
write_row (SqliteConnection *connection, const char *kind, JsonObject *record, GError **error)
{
  gboolean marked = FALSE;
  guint k = 0;

  while (k < G_N_ELEMENTS (kinds) && !g_str_equal (kinds[k].kind, kind))
    k++;
  if (k == G_N_ELEMENTS (kinds)) {
    g_set_error (error, ANNOT_ERROR, ANNOT_ERROR_INVALID, "record: \"%s\" is no kind of record", kind);
    return FALSE;
  }
  if (!read_mark (connection, &marked, error))
    return FALSE;
  if (!marked) {
    g_set_error (error, ANNOT_ERROR, ANNOT_ERROR_INVALID, "record: \"%s\" must come after \"store\"", kind);
    return FALSE;
  }
  for (const char *const *statement = kinds[k].statements; *statement; statement++)
    if (!sqlite_record_run (connection, *statement, record, error))
      return FALSE;
  return TRUE;
}

static gboolean
restore_one (SqliteConnection *connection, GBytes *bytes, GError **error)
{
  const char *kind = NULL;
  g_autoptr (JsonObject) record = sqlite_record_read (bytes, &kind, error);

  if (!record)
    return FALSE;
  if (g_str_equal (kind, "store"))
    return begin (connection, record, error);
  if (g_str_equal (kind, "end"))
    return end (connection, record, error);
  return write_row (connection, kind, record, error);
}

static gboolean
restore_all (SqliteConnection *connection, GPtrArray *records, GError **error)
{
  for (guint i = 0; i < records->len; i++)
    if (!restore_one (connection, records->pdata[i], error))
      return FALSE;
  return sqlite_connection_execute (connection, "COMMIT", error);
}

gboolean
sqlite_restore (SqliteConnection *connection, GPtrArray *records, GError **error)
{
  if (!sqlite_schema_check (connection, error) || !sqlite_connection_execute (connection, "BEGIN IMMEDIATE", error))
    return FALSE;
  if (restore_all (connection, records, error))
    return TRUE;
  if (!sqlite3_get_autocommit (connection->handle))
    sqlite_connection_execute (connection, "ROLLBACK", NULL);
  return FALSE;
}
