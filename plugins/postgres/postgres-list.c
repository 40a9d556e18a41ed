/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Listing examples. The statement is put together from the query's conditions: the rows' keys are chosen first, along
 * an index, and only the rows of the page are then read. The indexes begin with the status, so a query over all of them
 * in an order that an index has is four ordered arms, each of which stops at the limit.
 */
#include "postgres-operations.h"
#include "postgres-result.h"
#include "postgres-statement.h"

/* A page ends early when it comes to this much, so that large frames cannot fill the memory. */
#define PAGE_BYTES 67108864

#define ANY_STATUS 4

/* The column behind {example-columns}, and those behind that. */
#define FOUND_COLUMN POSTGRES_EXAMPLE_COLUMNS

/* A statement under construction. Each condition's parameter has one number, however often it is written. */
typedef struct {
  const AnnotExampleQuery *query;
  GString *sql;
  PostgresParameters *parameters;
  guint label;
  guint annotator;
  guint camera;
  guint text;
  guint after;
  guint since;
  guint until;
  guint last_seq;
  guint last_priority;
  guint keys;
} Draft;

static guint
add_text (Draft *draft, const char *text)
{
  if (!text)
    return 0;
  postgres_parameters_add_text (draft->parameters, text);
  return draft->parameters->types->len;
}

static guint
add_integer (Draft *draft, gint64 value)
{
  postgres_parameters_add_integer (draft->parameters, value);
  return draft->parameters->types->len;
}

static guint
add_positive (Draft *draft, gint64 value)
{
  return value > 0 ? add_integer (draft, value) : 0;
}

static void
begin (Draft *draft, const AnnotExampleQuery *query)
{
  *draft = (Draft){ .query = query, .sql = g_string_new (NULL), .parameters = postgres_parameters_new ("") };
  draft->label = add_text (draft, query->label);
  draft->annotator = add_text (draft, query->annotator);
  draft->camera = add_text (draft, query->camera_id);
  draft->text = add_text (draft, query->text);
  draft->after = add_positive (draft, query->after_seq);
  draft->since = add_positive (draft, query->finished_after);
  draft->until = add_positive (draft, query->finished_before);
}

/* Whether the index that serves the query begins with the status (after what the query fixes). */
static gboolean
has_arms (const AnnotExampleQuery *query)
{
  return query->any_status && !query->label && !query->annotator
         && (query->camera_id || query->order == ANNOT_ORDER_PRIORITY);
}

static void
append_source (const Draft *draft)
{
  g_string_append (draft->sql, draft->label ? "annotationd.example_labels AS l JOIN annotationd.examples AS e ON "
                                              "e.seq = l.seq"
                                            : "annotationd.examples AS e");
}

static void
append_condition (const Draft *draft, const char *condition, guint parameter)
{
  if (parameter)
    g_string_append_printf (draft->sql, " AND %s $%u", condition, parameter);
}

/* status: the arm's, or ANY_STATUS for no condition on it. */
static void
append_conditions (const Draft *draft, int status)
{
  if (status != ANY_STATUS)
    g_string_append_printf (draft->sql, " AND e.status = %d", status);
  append_condition (draft, "l.label =", draft->label);
  append_condition (draft, "e.annotator =", draft->annotator);
  append_condition (draft, "e.camera_id =", draft->camera);
  if (draft->text)
    g_string_append_printf (draft->sql,
                            " AND (strpos (e.event_id, $%u) > 0 OR strpos (e.camera_id, $%u) > 0"
                            " OR strpos (e.payload, $%u) > 0)",
                            draft->text, draft->text, draft->text);
  append_condition (draft, "e.seq >", draft->after);
  append_condition (draft, "e.finished_at >=", draft->since);
  append_condition (draft, "e.finished_at <", draft->until);
}

/* The table whose seq the index is sorted by. */
static const char *
leader_of (const Draft *draft)
{
  return draft->label ? "l" : "e";
}

static void
append_order (const Draft *draft, const char *table)
{
  switch (draft->query->order) {
  case ANNOT_ORDER_NEWEST:
    g_string_append_printf (draft->sql, " ORDER BY %s.seq DESC", table);
    break;
  case ANNOT_ORDER_OLDEST:
    g_string_append_printf (draft->sql, " ORDER BY %s.seq", table);
    break;
  case ANNOT_ORDER_PRIORITY:
    g_string_append_printf (draft->sql, " ORDER BY %s.priority DESC, %s.seq", g_str_equal (table, "l") ? "e" : table,
                            table);
    break;
  }
}

/* The parts of what lies behind the cursor: by priority an index has two ranges of it, and together they are none. */
typedef enum {
  PART_ALL,
  PART_EQUAL,
  PART_LOWER,
} Part;

static gboolean
has_parts (const Draft *draft)
{
  return draft->query->cursor && draft->query->order == ANNOT_ORDER_PRIORITY;
}

static void
append_continuation (const Draft *draft, Part part)
{
  const char *table = leader_of (draft);

  if (part == PART_EQUAL)
    g_string_append_printf (draft->sql, " AND e.priority = $%u AND %s.seq > $%u", draft->last_priority, table,
                            draft->last_seq);
  else if (part == PART_LOWER)
    g_string_append_printf (draft->sql, " AND e.priority < $%u", draft->last_priority);
  else if (draft->query->order == ANNOT_ORDER_NEWEST)
    g_string_append_printf (draft->sql, " AND %s.seq < $%u", table, draft->last_seq);
  else
    g_string_append_printf (draft->sql, " AND %s.seq > $%u", table, draft->last_seq);
}

static void
append_arm (const Draft *draft, int status, Part part)
{
  const char *table = leader_of (draft);

  g_string_append_printf (draft->sql, "(SELECT %s.seq, e.priority FROM ", table);
  append_source (draft);
  g_string_append (draft->sql, " WHERE true");
  append_conditions (draft, status);
  if (draft->query->cursor)
    append_continuation (draft, part);
  append_order (draft, table);
  g_string_append_printf (draft->sql, " LIMIT $%u)", draft->keys);
}

static void
append_arms (const Draft *draft, int status)
{
  if (!has_parts (draft)) {
    append_arm (draft, status, PART_ALL);
    return;
  }
  append_arm (draft, status, PART_EQUAL);
  g_string_append (draft->sql, " UNION ALL ");
  append_arm (draft, status, PART_LOWER);
}

/* The keys of the page and of one row more, which tells whether there is a next page. */
static void
append_keys (Draft *draft, gint64 rows, gint64 skip)
{
  draft->keys = add_integer (draft, rows + skip);
  g_string_append (draft->sql, "SELECT c.seq, c.priority FROM (");
  if (has_arms (draft->query)) {
    for (int status = 0; status < ANY_STATUS; status++) {
      g_string_append (draft->sql, status ? " UNION ALL " : "");
      append_arms (draft, status);
    }
  } else {
    append_arms (draft, draft->query->any_status ? ANY_STATUS : (int) draft->query->status);
  }
  g_string_append (draft->sql, ") AS c");
  append_order (draft, "c");
  g_string_append_printf (draft->sql, " LIMIT $%u", add_integer (draft, rows));
  g_string_append_printf (draft->sql, " OFFSET $%u", add_integer (draft, skip));
}

/* The place of each key in the page, and how much comes before it. */
static void
append_places (Draft *draft, gint64 rows, gint64 skip)
{
  gboolean with_frame = draft->query->with_frame;

  g_string_append_printf (draft->sql,
                          "SELECT k.seq, count (*) OVER () AS found, row_number () OVER w AS place,"
                          " coalesce (sum (octet_length (x.payload) + octet_length (x.detections)%s) OVER"
                          " (w ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 0) AS before FROM (",
                          with_frame ? " + coalesce (octet_length (y.bytes), 0)" : "");
  append_keys (draft, rows, skip);
  g_string_append (draft->sql, ") AS k JOIN annotationd.examples AS x ON x.seq = k.seq");
  if (with_frame)
    g_string_append (draft->sql, " LEFT JOIN annotationd.frames AS y ON y.seq = k.seq");
  g_string_append (draft->sql, " WINDOW w AS (");
  append_order (draft, "k");
  g_string_append (draft->sql, ")");
}

static void
append_page (Draft *draft, gint64 rows, gint64 skip)
{
  const AnnotExampleQuery *query = draft->query;

  g_string_append_printf (draft->sql, "SELECT %s, p.found", postgres_statement_text ("example-columns"));
  if (query->with_frame)
    g_string_append (draft->sql, ", f.bytes");
  if (query->with_annotation)
    g_string_append_printf (draft->sql, ", %s", postgres_statement_text ("annotation-columns"));
  g_string_append (draft->sql, " FROM (");
  append_places (draft, rows, skip);
  g_string_append (draft->sql, ") AS p JOIN annotationd.examples AS e ON e.seq = p.seq");
  if (query->with_frame)
    g_string_append (draft->sql, " LEFT JOIN annotationd.frames AS f ON f.seq = p.seq");
  if (query->with_annotation)
    g_string_append (draft->sql, " LEFT JOIN LATERAL (SELECT * FROM annotationd.annotations AS b WHERE b.seq = p.seq"
                                 " ORDER BY b.revision DESC LIMIT 1) AS a ON true");
  g_string_append_printf (draft->sql, " WHERE p.place <= %u AND p.before <= %d ORDER BY p.place", query->limit,
                          PAGE_BYTES);
}

static gboolean
add_page (PostgresRequest *request, const AnnotExampleQuery *query, GError **error)
{
  AnnotListCursor cursor = { 0 };
  gint64 rows = (gint64) query->limit + 1;
  gint64 skip = query->cursor ? 0 : (gint64) MIN (query->offset, (guint64) G_MAXINT64 - (guint64) rows);
  Draft draft;

  if (query->cursor && !annot_list_cursor_read (query, query->cursor, &cursor, error))
    return FALSE;
  begin (&draft, query);
  if (query->cursor) {
    draft.last_seq = add_integer (&draft, cursor.seq);
    if (query->order == ANNOT_ORDER_PRIORITY) {
      postgres_parameters_add_double (draft.parameters, cursor.priority);
      draft.last_priority = draft.parameters->types->len;
    }
  }
  append_page (&draft, rows, skip);
  postgres_request_add_text (request, g_string_free (draft.sql, FALSE), draft.parameters);
  return TRUE;
}

/* Whether the tallies know how many match. */
static gboolean
is_counted (const AnnotExampleQuery *query)
{
  return !query->camera_id && !query->label && !query->text && !query->annotator && query->after_seq <= 0
         && query->finished_after <= 0 && query->finished_before <= 0;
}

static void
add_count (PostgresRequest *request, const AnnotExampleQuery *query)
{
  int status = query->any_status ? ANY_STATUS : (int) query->status;
  Draft draft;

  if (is_counted (query)) {
    postgres_request_add (request, "count-by-status", postgres_parameters_new ("n", status));
    return;
  }
  begin (&draft, query);
  g_string_append (draft.sql, "SELECT count (*) FROM ");
  append_source (&draft);
  g_string_append (draft.sql, " WHERE true");
  append_conditions (&draft, status);
  postgres_request_add_text (request, g_string_free (draft.sql, FALSE), draft.parameters);
}

static void
answer_list (PostgresRequest *request, GTask *task)
{
  const PGresult *result = postgres_request_get_result (request, 0);
  const AnnotExampleQuery *query = request->subject;
  AnnotExamplePage *page = annot_example_page_new ();
  int n = PQntuples (result);
  int column = FOUND_COLUMN + 1;

  for (int row = 0; row < n; row++) {
    AnnotExample *example = postgres_result_example (result, row);

    g_ptr_array_add (page->examples, example);
    if (query->with_frame)
      example->frame = postgres_result_bytes (result, row, column);
    if (query->with_annotation)
      g_ptr_array_add (page->annotations, postgres_result_annotation (result, row, column + (query->with_frame ? 1 : 0),
                                                                      example->event_id));
  }
  if (n > 0 && postgres_result_integer (result, 0, FOUND_COLUMN) > n)
    page->next_cursor = annot_list_cursor_write (query, page->examples->pdata[n - 1]);
  if (query->with_total)
    page->total = postgres_result_integer (postgres_request_get_result (request, 1), 0, 0);
  g_task_return_pointer (task, page, (GDestroyNotify) annot_example_page_free);
}

static const PostgresOperation list_examples = { .reading = TRUE, .answer = answer_list };

/* Whether neither an index nor the page's size bounds how much it reads. */
static gboolean
is_long (const AnnotExampleQuery *query)
{
  return query->text || query->label || query->annotator || query->offset > 0 || query->with_frame
         || query->with_annotation || query->finished_after > 0 || query->finished_before > 0
         || (query->with_total && !is_counted (query));
}

void
postgres_list_examples (PostgresPool *pool, const AnnotExampleQuery *query, GTask *task)
{
  PostgresRequest *request = postgres_request_new (&list_examples, task);
  GError *error = NULL;

  postgres_request_set_subject (request, (gpointer) query, NULL);
  if (query->limit < 1 || query->limit > 1000)
    error = g_error_new (ANNOT_ERROR, ANNOT_ERROR_INVALID, "size: must be 1 to 1000");
  if (error || !add_page (request, query, &error)) {
    postgres_request_fail (request, error, "");
    postgres_request_answer (request);
    return;
  }
  if (query->with_total)
    add_count (request, query);
  postgres_pool_push (pool, is_long (query) ? POSTGRES_SEARCH : POSTGRES_WORK, request);
}
