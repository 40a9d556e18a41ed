/* SPDX-License-Identifier: Apache-2.0 */
/* Putting and getting examples. */
#include "postgres-operations.h"
#include "postgres-result.h"

/* The columns of a batch, each as one array; `names` and `rows` go together. */
typedef struct {
  PostgresArray *event_ids;
  PostgresArray *camera_ids;
  PostgresArray *timestamps;
  PostgresArray *priorities;
  PostgresArray *frame_types;
  PostgresArray *frame_hashes;
  PostgresArray *topics;
  PostgresArray *partitions;
  PostgresArray *offsets;
  PostgresArray *labels;
  PostgresArray *faces;
  PostgresArray *detections;
  PostgresArray *payloads;
  PostgresArray *label_names;
  PostgresArray *label_rows;
  PostgresArray *face_names;
  PostgresArray *face_rows;
  PostgresArray *frame_rows;
} Columns;

static void
columns_init (Columns *columns)
{
  columns->event_ids = postgres_array_new (POSTGRES_ARRAY_TEXT);
  columns->camera_ids = postgres_array_new (POSTGRES_ARRAY_TEXT);
  columns->timestamps = postgres_array_new (POSTGRES_ARRAY_INT8);
  columns->priorities = postgres_array_new (POSTGRES_ARRAY_FLOAT8);
  columns->frame_types = postgres_array_new (POSTGRES_ARRAY_INT4);
  columns->frame_hashes = postgres_array_new (POSTGRES_ARRAY_TEXT);
  columns->topics = postgres_array_new (POSTGRES_ARRAY_TEXT);
  columns->partitions = postgres_array_new (POSTGRES_ARRAY_INT4);
  columns->offsets = postgres_array_new (POSTGRES_ARRAY_INT8);
  columns->labels = postgres_array_new (POSTGRES_ARRAY_TEXT);
  columns->faces = postgres_array_new (POSTGRES_ARRAY_TEXT);
  columns->detections = postgres_array_new (POSTGRES_ARRAY_TEXT);
  columns->payloads = postgres_array_new (POSTGRES_ARRAY_TEXT);
  columns->label_names = postgres_array_new (POSTGRES_ARRAY_TEXT);
  columns->label_rows = postgres_array_new (POSTGRES_ARRAY_INT4);
  columns->face_names = postgres_array_new (POSTGRES_ARRAY_TEXT);
  columns->face_rows = postgres_array_new (POSTGRES_ARRAY_INT4);
  columns->frame_rows = postgres_array_new (POSTGRES_ARRAY_INT4);
}

static void
add_names (PostgresArray *names, PostgresArray *rows, char **list, guint row)
{
  for (; *list; list++) {
    postgres_array_add_text (names, *list);
    postgres_array_add_integer (rows, row);
  }
}

/* row: from 1 */
static void
add_row (Columns *columns, const AnnotExample *example, guint row)
{
  g_autofree char *labels = annot_names_to_json (example->labels);
  g_autofree char *faces = annot_names_to_json (example->face_hashes);

  postgres_array_add_text (columns->event_ids, example->event_id);
  postgres_array_add_text (columns->camera_ids, example->camera_id);
  postgres_array_add_integer (columns->timestamps, example->timestamp);
  postgres_array_add_double (columns->priorities, example->priority);
  postgres_array_add_integer (columns->frame_types, example->frame ? (int) example->frame_type : 0);
  postgres_array_add_text (columns->frame_hashes, example->frame ? example->frame_sha256 : NULL);
  postgres_array_add_text (columns->topics, example->source_topic);
  postgres_array_add_integer (columns->partitions, example->source_partition);
  postgres_array_add_integer (columns->offsets, example->source_offset);
  postgres_array_add_text (columns->labels, labels);
  postgres_array_add_text (columns->faces, faces);
  postgres_array_add_text (columns->detections, example->detections);
  postgres_array_add_text (columns->payloads, example->payload);
  add_names (columns->label_names, columns->label_rows, example->labels, row);
  add_names (columns->face_names, columns->face_rows, example->face_hashes, row);
}

/* Adds the statements: the frames first, so that all that takes its time on the way has come when the rows get their
 * numbers. Returns: for each row of the batch which of the rows that are sent it is, from 1; negative when an earlier
 * one has its id */
static GArray *
send_rows (PostgresRequest *request, GPtrArray *examples)
{
  g_autoptr (GHashTable) places = g_hash_table_new (g_str_hash, g_str_equal);
  GArray *rows = g_array_sized_new (FALSE, FALSE, sizeof (int), examples->len);
  Columns all;
  int sent = 0;

  columns_init (&all);
  for (guint i = 0; i < examples->len; i++) {
    const AnnotExample *example = examples->pdata[i];
    int place = -GPOINTER_TO_INT (g_hash_table_lookup (places, example->event_id));

    if (place == 0) {
      place = ++sent;
      g_hash_table_insert (places, example->event_id, GINT_TO_POINTER (place));
      add_row (&all, example, (guint) place);
      if (example->frame && example->frame_type != ANNOT_FRAME_NONE) {
        postgres_array_add_integer (all.frame_rows, place);
        postgres_request_add (request, "put-frame",
                              postgres_parameters_new ("nbt", place, example->frame, example->event_id));
      }
    }
    g_array_append_val (rows, place);
  }
  postgres_request_add (request, "put-examples",
                        postgres_parameters_new ("AAAAAAAAAAAAAAAAAA", all.event_ids, all.camera_ids, all.timestamps,
                                                 all.priorities, all.frame_types, all.frame_hashes, all.topics,
                                                 all.partitions, all.offsets, all.labels, all.faces, all.detections,
                                                 all.payloads, all.label_names, all.label_rows, all.face_names,
                                                 all.face_rows, all.frame_rows));
  return rows;
}

static void
answer_put (PostgresRequest *request, GTask *task)
{
  /* Those before it are the frames'. */
  const PGresult *result = postgres_request_get_result (request, request->results->len - 1);
  g_autoptr (GArray) seqs = postgres_result_integers (result, 0, 1);
  gint64 last = postgres_result_integer (result, 0, 0);
  const GArray *rows = request->subject;
  GArray *answers = g_array_sized_new (FALSE, FALSE, sizeof (AnnotPutResult), rows->len);

  for (guint i = 0; i < rows->len; i++) {
    int place = g_array_index (rows, int, i);
    gint64 seq = g_array_index (seqs, gint64, ABS (place) - 1);
    AnnotPutResult answer = { .known = place < 0 || seq <= last, .seq = seq };

    g_array_append_val (answers, answer);
  }
  g_task_return_pointer (task, answers, (GDestroyNotify) g_array_unref);
}

static const PostgresOperation put_examples = {
  .before_commit = "before_store_commit",
  .after_commit = "after_store_commit",
  .answer = answer_put,
};

void
postgres_put_examples (PostgresPool *pool, GPtrArray *examples, GTask *task)
{
  PostgresRequest *request;

  if (examples->len == 0) {
    g_task_return_pointer (task, g_array_new (FALSE, FALSE, sizeof (AnnotPutResult)), (GDestroyNotify) g_array_unref);
    g_object_unref (task);
    return;
  }
  request = postgres_request_new (&put_examples, task);
  postgres_request_set_subject (request, send_rows (request, examples), (GDestroyNotify) g_array_unref);
  postgres_pool_push (pool, POSTGRES_WORK, request);
}

static void
answer_position (PostgresRequest *request, GTask *task)
{
  const PGresult *result = postgres_request_get_result (request, 0);
  AnnotPosition *position = g_new (AnnotPosition, 1);

  position->epoch = postgres_result_text (result, 0, 0);
  position->seq = postgres_result_integer (result, 0, 1);
  position->pending = postgres_result_integer (result, 0, 2);
  g_task_return_pointer (task, position, (GDestroyNotify) annot_position_free);
}

static const PostgresOperation get_position = { .reading = TRUE, .answer = answer_position };

void
postgres_get_position (PostgresPool *pool, GTask *task)
{
  PostgresRequest *request = postgres_request_new (&get_position, task);

  postgres_request_add (request, "position", postgres_parameters_new (""));
  postgres_pool_push (pool, POSTGRES_WORK, request);
}

static void
answer_example (PostgresRequest *request, GTask *task)
{
  const PGresult *result = postgres_request_get_result (request, 0);
  AnnotExample *example;

  if (PQntuples (result) == 0) {
    g_task_return_new_error (task, ANNOT_ERROR, ANNOT_ERROR_NOT_FOUND, "no example %s",
                             (const char *) request->subject);
    return;
  }
  example = postgres_result_example (result, 0);
  example->frame = postgres_result_bytes (result, 0, POSTGRES_EXAMPLE_COLUMNS);
  example->leased_for = postgres_result_integer (result, 0, POSTGRES_EXAMPLE_COLUMNS + 1);
  g_task_return_pointer (task, example, (GDestroyNotify) annot_example_unref);
}

static const PostgresOperation get_example = { .reading = TRUE, .answer = answer_example };

void
postgres_get_example (PostgresPool *pool, const char *event_id, gboolean with_frame, GTask *task)
{
  PostgresRequest *request = postgres_request_new (&get_example, task);

  postgres_request_set_subject (request, (gpointer) event_id, NULL);
  postgres_request_add (request, "example-get", postgres_parameters_new ("tf", event_id, with_frame));
  postgres_pool_push (pool, POSTGRES_WORK, request);
}
