/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Writes the records of another store into an empty database. A mark in it says that such a copy is under way. Records
 * of one kind that follow one another go in by one statement, which takes them as the JSON they are.
 */
#include "postgres-restore.h"

#include <string.h>

#include "postgres-statement.h"

#define SECONDS 600

static const char *const row_kinds[]
    = { "account", "token", "session", "secret", "audit", "example", "annotation", "skip", "outgoing", NULL };

typedef struct {
  PGconn *connection;
  const PostgresSettings *settings;
  GCancellable *cancellable;
} Session;

static PGresult *
run (const Session *self, const char *sql, const char *parameter, GError **error)
{
  const char *parameters[] = { parameter, NULL };

  return postgres_blocking_execute (self->connection, self->settings, sql, parameter ? parameters : NULL, SECONDS,
                                    self->cancellable, error);
}

static gboolean
execute (const Session *self, const char *sql, const char *parameter, GError **error)
{
  g_autoptr (PGresult) result = run (self, sql, parameter, error);

  return result != NULL;
}

/* What the server finds wrong with a record is the record's fault. */
static gboolean
execute_with (const Session *self, const char *statement, const char *json, GError **error)
{
  g_autoptr (GError) failure = NULL;

  if (execute (self, postgres_statement_text (statement), json, &failure))
    return TRUE;
  if (g_error_matches (failure, ANNOT_ERROR, ANNOT_ERROR_CONFIG)
      || g_error_matches (failure, ANNOT_ERROR, ANNOT_ERROR_PERMANENT))
    failure->code = ANNOT_ERROR_INVALID;
  g_propagate_error (error, g_steal_pointer (&failure));
  return FALSE;
}

/* A record begins with its kind. Returns: (transfer full) (nullable): that; NULL with error set when it does not */
static char *
read_kind (GBytes *record, GError **error)
{
  static const char head[] = "{\"record\":\"";
  gsize size;
  const char *text = g_bytes_get_data (record, &size);
  const char *begin = text + strlen (head);
  const char *end;

  if (size > strlen (head) && memcmp (text, head, strlen (head)) == 0) {
    end = memchr (begin, '"', size - strlen (head));
    if (end)
      return g_strndup (begin, (gsize) (end - begin));
  }
  g_set_error (error, ANNOT_ERROR, ANNOT_ERROR_INVALID, "record: must be the first member of a JSON object");
  return NULL;
}

static gboolean
is_marked (const Session *self, gboolean *marked, GError **error)
{
  g_autoptr (PGresult) mark = run (self, postgres_statement_text ("schema-unfinished"), NULL, error);

  *marked = mark && PQntuples (mark) > 0;
  return mark != NULL;
}

static gboolean
check_empty (const Session *self, GError **error)
{
  g_autoptr (PGresult) row = run (self, postgres_statement_text ("restore-occupied"), NULL, error);
  gboolean occupied = FALSE;

  if (!row)
    return FALSE;
  for (int i = 0; i < PQnfields (row); i++)
    occupied = occupied || !g_str_equal (PQgetvalue (row, 0, i), "0");
  if (!occupied)
    return TRUE;
  g_set_error (error, ANNOT_ERROR, ANNOT_ERROR_EXISTS,
               "%s is not empty (%s examples, %s accounts, %s messages to be sent); set [postgres] conninfo to a new "
               "database",
               self->settings->label, PQgetvalue (row, 0, 0), PQgetvalue (row, 0, 1), PQgetvalue (row, 0, 2));
  return FALSE;
}

static gboolean
check_format (const Session *self, const char *record, GError **error)
{
  g_autoptr (PGresult) row = run (self, postgres_statement_text ("restore-format"), record, NULL);

  if (row && (int) g_ascii_strtoll (PQgetvalue (row, 0, 0), NULL, 10) == ANNOT_RECORD_FORMAT)
    return TRUE;
  g_set_error (error, ANNOT_ERROR, ANNOT_ERROR_INVALID, "format: must be %d", ANNOT_RECORD_FORMAT);
  return FALSE;
}

static gboolean
begin_copy (const Session *self, const char *record, GError **error)
{
  gboolean marked = FALSE;

  return check_format (self, record, error) && is_marked (self, &marked, error) && (marked || check_empty (self, error))
         && execute (self, postgres_statement_text ("restore-empty"), NULL, error)
         && execute_with (self, "restore-store", record, error);
}

/* Also when it was done before: its answer may have got lost. */
static gboolean
end_copy (const Session *self, const char *record, GError **error)
{
  g_autoptr (PGresult) rows = run (self, postgres_statement_text ("restore-differences"), record, error);

  if (!rows)
    return FALSE;
  if (PQntuples (rows) > 0) {
    g_set_error (error, ANNOT_ERROR, ANNOT_ERROR_PERMANENT,
                 "%s: the copy is not whole: %s records of kind %s were given and %s rows came of them; copy again",
                 self->settings->label, PQgetvalue (rows, 0, 1), PQgetvalue (rows, 0, 0), PQgetvalue (rows, 0, 2));
    return FALSE;
  }
  return execute (self, postgres_statement_text ("restore-end"), NULL, error);
}

/* json: an array of records of one kind. */
static gboolean
write_rows (const Session *self, const char *kind, const char *json, GError **error)
{
  g_autofree char *statement = g_strconcat ("restore-", kind, NULL);
  gboolean marked = FALSE;

  if (!g_strv_contains (row_kinds, kind)) {
    g_set_error (error, ANNOT_ERROR, ANNOT_ERROR_INVALID, "record: \"%s\" is no kind of record", kind);
    return FALSE;
  }
  if (!is_marked (self, &marked, error))
    return FALSE;
  if (!marked) {
    g_set_error (error, ANNOT_ERROR, ANNOT_ERROR_INVALID, "record: \"%s\" must come after \"store\"", kind);
    return FALSE;
  }
  return execute_with (self, statement, json, error);
}

/* The records from *at on that are of one kind, as a JSON array; moves *at behind them. */
static char *
gather (const GPtrArray *records, const char *kind, guint *at)
{
  GString *json = g_string_new ("[");

  for (; *at < records->len; (*at)++) {
    g_autofree char *next = read_kind (records->pdata[*at], NULL);
    gsize size;
    const char *text = g_bytes_get_data (records->pdata[*at], &size);

    if (g_strcmp0 (next, kind) != 0)
      break;
    if (json->len > 1)
      g_string_append_c (json, ',');
    g_string_append_len (json, text, (gssize) size);
  }
  g_string_append_c (json, ']');
  return g_string_free (json, FALSE);
}

static gboolean
restore_next (const Session *self, const GPtrArray *records, guint *at, GError **error)
{
  g_autofree char *kind = read_kind (records->pdata[*at], error);
  g_autofree char *json = NULL;
  gsize size;
  const char *text = g_bytes_get_data (records->pdata[*at], &size);

  if (!kind)
    return FALSE;
  if (g_str_equal (kind, "store") || g_str_equal (kind, "end")) {
    json = g_strndup (text, size);
    (*at)++;
    return *kind == 's' ? begin_copy (self, json, error) : end_copy (self, json, error);
  }
  json = gather (records, kind, at);
  return write_rows (self, kind, json, error);
}

static gboolean
restore_all (const Session *self, const GPtrArray *records, GError **error)
{
  guint at = 0;

  while (at < records->len)
    if (!restore_next (self, records, &at, error))
      return FALSE;
  return execute (self, "COMMIT", NULL, error);
}

gboolean
postgres_restore (PGconn *connection, const PostgresSettings *settings, GPtrArray *records, GCancellable *cancellable,
                  GError **error)
{
  const Session session = { connection, settings, cancellable };

  if (!execute (&session, "BEGIN; SET LOCAL statement_timeout = '10min'", NULL, error))
    return FALSE;
  if (restore_all (&session, records, error))
    return TRUE;
  execute (&session, "ROLLBACK", NULL, NULL);
  return FALSE;
}
