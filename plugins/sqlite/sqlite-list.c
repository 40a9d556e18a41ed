/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Listing examples. The statement is put together from the query's conditions, over the index that fits it best; the
 * rows' keys are chosen there first, and only the rows of the page are then read. An index that begins with the status
 * serves a query over all of them as four ordered arms, each of which stops at the limit.
 */
#include "sqlite-operations.h"
#include "sqlite-rows.h"

#include <string.h>

/* A page ends early when it has loaded this much, so that large frames cannot fill the memory. */
#define PAGE_BYTES (64 * 1024 * 1024)

#define ANY_STATUS 4

/* Whether the index that serves the query begins with the status (after what the query fixes). */
static gboolean
has_arms (const AnnotExampleQuery *query)
{
  return query->any_status && !query->label && !query->annotator
         && (query->camera_id || query->order == ANNOT_ORDER_PRIORITY);
}

static const char *
choose_source (const AnnotExampleQuery *query)
{
  if (query->label)
    return "example_labels AS l CROSS JOIN examples AS e ON e.seq = l.seq";
  if (query->annotator)
    return "examples AS e INDEXED BY examples_by_annotator";
  if (query->camera_id)
    return "examples AS e INDEXED BY examples_by_camera";
  if (query->order == ANNOT_ORDER_PRIORITY)
    return "examples AS e INDEXED BY examples_by_priority";
  return query->any_status ? "examples AS e NOT INDEXED" : "examples AS e INDEXED BY examples_by_status";
}

/* status: the arm's, or ANY_STATUS for no condition on it. */
static void
append_conditions (GString *sql, const AnnotExampleQuery *query, int status)
{
  if (status != ANY_STATUS)
    g_string_append_printf (sql, " AND e.status = %d", status);
  if (query->label)
    g_string_append (sql, " AND l.label = :label");
  if (query->annotator)
    g_string_append (sql, " AND e.annotator = :annotator");
  if (query->camera_id)
    g_string_append (sql, " AND e.camera_id = :camera");
  if (query->text)
    g_string_append (sql, " AND (instr (e.event_id, :text) OR instr (e.camera_id, :text) OR instr (e.payload, :text))");
  if (query->after_seq > 0)
    g_string_append (sql, " AND e.seq > :after");
  if (query->finished_after > 0)
    g_string_append (sql, " AND e.finished_at >= :since");
  if (query->finished_before > 0)
    g_string_append (sql, " AND e.finished_at < :until");
}

/* The table whose seq the index is sorted by. */
static const char *
leader_of (const AnnotExampleQuery *query)
{
  return query->label ? "l" : "e";
}

static void
append_order (GString *sql, const AnnotExampleQuery *query, const char *table)
{
  switch (query->order) {
  case ANNOT_ORDER_NEWEST:
    g_string_append_printf (sql, " ORDER BY %s.seq DESC", table);
    break;
  case ANNOT_ORDER_OLDEST:
    g_string_append_printf (sql, " ORDER BY %s.seq", table);
    break;
  case ANNOT_ORDER_PRIORITY:
    g_string_append_printf (sql, " ORDER BY e.priority DESC, %s.seq", table);
    break;
  }
}

/* What lies behind the cursor. */
static void
append_continuation (GString *sql, const AnnotExampleQuery *query)
{
  const char *table = leader_of (query);

  switch (query->order) {
  case ANNOT_ORDER_NEWEST:
    g_string_append_printf (sql, " AND %s.seq < :seq", table);
    break;
  case ANNOT_ORDER_OLDEST:
    g_string_append_printf (sql, " AND %s.seq > :seq", table);
    break;
  case ANNOT_ORDER_PRIORITY:
    g_string_append (sql, " AND e.priority <= :priority AND (e.priority < :priority OR e.seq > :seq)");
    break;
  }
}

static void
append_arm (GString *sql, const AnnotExampleQuery *query, int status)
{
  const char *table = leader_of (query);

  g_string_append_printf (sql, "SELECT * FROM (SELECT %s.seq AS seq FROM %s WHERE 1", table, choose_source (query));
  append_conditions (sql, query, status);
  if (query->cursor)
    append_continuation (sql, query);
  append_order (sql, query, table);
  g_string_append (sql, " LIMIT :limit)");
}

static char *
make_list (const AnnotExampleQuery *query)
{
  GString *sql = g_string_new ("SELECT ");
  int first = query->any_status ? ANY_STATUS : (int) query->status;

  g_string_append_printf (sql, "%s FROM (", sqlite_statement_text ("example-columns"));
  if (has_arms (query)) {
    for (int status = 0; status < ANY_STATUS; status++) {
      g_string_append (sql, status ? " UNION ALL " : "");
      append_arm (sql, query, status);
    }
  } else {
    append_arm (sql, query, first);
  }
  g_string_append (sql, ") AS k CROSS JOIN examples AS e ON e.seq = k.seq");
  append_order (sql, query, "e");
  g_string_append (sql, " LIMIT :rows OFFSET :skip");
  return g_string_free (sql, FALSE);
}

static char *
make_count (const AnnotExampleQuery *query)
{
  GString *sql = g_string_new ("SELECT count (*) FROM ");

  g_string_append (sql,
                   query->label ? "example_labels AS l CROSS JOIN examples AS e ON e.seq = l.seq" : "examples AS e");
  g_string_append (sql, " WHERE 1");
  append_conditions (sql, query, query->any_status ? ANY_STATUS : (int) query->status);
  return g_string_free (sql, FALSE);
}

static void
bind_text (sqlite3_stmt *statement, const char *name, const char *value)
{
  int index = value ? sqlite3_bind_parameter_index (statement, name) : 0;

  if (index > 0)
    sqlite3_bind_text (statement, index, value, -1, SQLITE_STATIC);
}

static void
bind_integer (sqlite3_stmt *statement, const char *name, gint64 value)
{
  int index = sqlite3_bind_parameter_index (statement, name);

  if (index > 0)
    sqlite3_bind_int64 (statement, index, value);
}

static void
bind_conditions (sqlite3_stmt *statement, const AnnotExampleQuery *query)
{
  bind_text (statement, ":label", query->label);
  bind_text (statement, ":annotator", query->annotator);
  bind_text (statement, ":camera", query->camera_id);
  bind_text (statement, ":text", query->text);
  bind_integer (statement, ":after", query->after_seq);
  bind_integer (statement, ":since", query->finished_after);
  bind_integer (statement, ":until", query->finished_before);
}

/* Whether the counters know how many match. */
static gboolean
is_counted (const AnnotExampleQuery *query)
{
  return !query->camera_id && !query->label && !query->text && !query->annotator && query->after_seq <= 0
         && query->finished_after <= 0 && query->finished_before <= 0;
}

static gboolean
count_all (SqliteConnection *connection, const AnnotExampleQuery *query, gint64 *total, GError **error)
{
  g_autoptr (sqlite3_stmt) statement = NULL;
  g_autofree char *sql = NULL;

  if (is_counted (query)) {
    const char *status = query->any_status ? NULL : annot_example_status_to_string (query->status);
    g_autoptr (SqliteStatement) counted = sqlite_query (connection, error, "count-by-status", "t", status);

    if (!counted || sqlite_step (connection, counted, error) < 0)
      return FALSE;
    *total = sqlite3_column_int64 (counted, 0);
    return TRUE;
  }
  sql = make_count (query);
  statement = sqlite_connection_prepare (connection, sql, error);
  if (!statement)
    return FALSE;
  bind_conditions (statement, query);
  if (sqlite_step (connection, statement, error) < 0)
    return FALSE;
  *total = sqlite3_column_int64 (statement, 0);
  return TRUE;
}

/* Adds what the query wants with the row. Returns: its size in memory, roughly; -1 on error */
static gssize
add_row (SqliteConnection *connection, const AnnotExampleQuery *query, AnnotExamplePage *page, sqlite3_stmt *row,
         GError **error)
{
  AnnotExample *example = sqlite_rows_read_example (row);
  gsize size = strlen (example->payload) + strlen (example->detections);

  g_ptr_array_add (page->examples, example);
  if (query->with_frame && !sqlite_rows_load_frame (connection, example, error))
    return -1;
  if (query->with_annotation) {
    g_autoptr (GError) failure = NULL;

    g_ptr_array_add (page->annotations,
                     sqlite_rows_latest_annotation (connection, example->seq, example->event_id, &failure));
    if (failure) {
      g_propagate_error (error, g_steal_pointer (&failure));
      return -1;
    }
  }
  return (gssize) (size + (example->frame ? g_bytes_get_size (example->frame) : 0));
}

/* Reads rows until the page is full; one row more than the limit tells whether there is a next page. */
static gboolean
fill_page (SqliteConnection *connection, const AnnotExampleQuery *query, AnnotExamplePage *page, sqlite3_stmt *row,
           GError **error)
{
  gsize bytes = 0;
  int step = sqlite_step (connection, row, error);

  for (; step > 0; step = sqlite_step (connection, row, error)) {
    gssize size;

    if (page->examples->len == query->limit || bytes > PAGE_BYTES) {
      page->next_cursor = annot_list_cursor_write (query, page->examples->pdata[page->examples->len - 1]);
      return TRUE;
    }
    size = add_row (connection, query, page, row, error);
    if (size < 0)
      return FALSE;
    bytes += (gsize) size;
  }
  return step == 0;
}

static gboolean
read_page (SqliteConnection *connection, const AnnotExampleQuery *query, AnnotExamplePage *page, GError **error)
{
  g_autofree char *sql = make_list (query);
  g_autoptr (sqlite3_stmt) statement = NULL;
  AnnotListCursor cursor = { 0 };
  gint64 rows = (gint64) query->limit + 1;
  gint64 skip = query->cursor ? 0 : (gint64) MIN (query->offset, (guint64) G_MAXINT64 - (guint64) rows);

  if (query->cursor && !annot_list_cursor_read (query, query->cursor, &cursor, error))
    return FALSE;
  statement = sqlite_connection_prepare (connection, sql, error);
  if (!statement)
    return FALSE;
  bind_conditions (statement, query);
  bind_integer (statement, ":seq", cursor.seq);
  if (query->cursor && query->order == ANNOT_ORDER_PRIORITY)
    sqlite3_bind_double (statement, sqlite3_bind_parameter_index (statement, ":priority"), cursor.priority);
  bind_integer (statement, ":limit", rows + skip);
  bind_integer (statement, ":rows", rows);
  bind_integer (statement, ":skip", skip);
  return fill_page (connection, query, page, statement, error);
}

static gboolean
list_examples (SqliteConnection *connection, SqliteCall *call, GError **error)
{
  const AnnotExampleQuery *query = call->subject;
  g_autoptr (AnnotExamplePage) page = annot_example_page_new ();

  if (query->limit < 1 || query->limit > 1000) {
    g_set_error (error, ANNOT_ERROR, ANNOT_ERROR_INVALID, "size: must be 1 to 1000");
    return FALSE;
  }
  if (!read_page (connection, query, page, error)
      || (query->with_total && !count_all (connection, query, &page->total, error)))
    return FALSE;
  sqlite_call_give (call, g_steal_pointer (&page), (GDestroyNotify) annot_example_page_free);
  return TRUE;
}

const SqliteOperation sqlite_list_examples = { .answer = SQLITE_ANSWER_POINTER, .run = list_examples };
