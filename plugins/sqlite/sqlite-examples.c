/* SPDX-License-Identifier: Apache-2.0 */
/* Putting and getting examples. */
#include "sqlite-operations.h"
#include "sqlite-rows.h"

static gboolean
insert_names (SqliteConnection *connection, const char *statement, char **names, gint64 seq, GError **error)
{
  for (; *names; names++)
    if (!sqlite_run (connection, error, statement, "ti", *names, seq))
      return FALSE;
  return TRUE;
}

/* Inserts under seq unless the id is known. */
static gboolean
insert_example (SqliteConnection *connection, const AnnotExample *example, gint64 seq, gint64 now, gboolean *known,
                GError **error)
{
  g_autofree char *labels = annot_names_to_json (example->labels);
  g_autofree char *hashes = annot_names_to_json (example->face_hashes);
  AnnotFrameType type = example->frame ? example->frame_type : ANNOT_FRAME_NONE;

  if (!sqlite_run (connection, error, "example-insert", "ittidinttnitttt", seq, example->event_id, example->camera_id,
                   example->timestamp, example->priority, now, (int) type,
                   example->frame ? example->frame_sha256 : NULL, example->source_topic, example->source_partition,
                   example->source_offset, labels, hashes, example->detections, example->payload))
    return FALSE;
  *known = sqlite_changes (connection) == 0;
  return *known
         || (insert_names (connection, "example-label-insert", example->labels, seq, error)
             && insert_names (connection, "subject-insert", example->face_hashes, seq, error)
             && (type == ANNOT_FRAME_NONE
                 || sqlite_run (connection, error, "frame-insert", "ib", seq, example->frame)));
}

static gboolean
read_one (SqliteConnection *connection, gint64 *value, SqliteStatement *statement_owned, GError **error)
{
  g_autoptr (SqliteStatement) statement = statement_owned;

  if (!statement || sqlite_step (connection, statement, error) < 0)
    return FALSE;
  *value = sqlite3_column_int64 (statement, 0);
  return TRUE;
}

static gboolean
put_one (SqliteConnection *connection, const AnnotExample *example, gint64 *last, gint64 now, GArray *results,
         GError **error)
{
  AnnotPutResult result = { .known = FALSE, .seq = *last + 1 };

  if (!insert_example (connection, example, result.seq, now, &result.known, error)
      || (result.known
          && !read_one (connection, &result.seq,
                        sqlite_query (connection, error, "example-seq", "t", example->event_id), error))) {
    g_prefix_error (error, "example %s: ", example->event_id);
    return FALSE;
  }
  if (!result.known)
    *last = result.seq;
  g_array_append_val (results, result);
  return TRUE;
}

/* The numbers come from a counter row in the same transaction: one that is rolled back gives them back. */
static gboolean
put_examples (SqliteConnection *connection, SqliteCall *call, GError **error)
{
  const GPtrArray *examples = call->subject;
  g_autoptr (GArray) results = g_array_sized_new (FALSE, FALSE, sizeof (AnnotPutResult), examples->len);
  gint64 now = g_get_real_time ();
  gint64 first = 0, last;

  if (!read_one (connection, &first, sqlite_query (connection, error, "seq-get", ""), error))
    return FALSE;
  last = first;
  for (guint i = 0; i < examples->len; i++)
    if (!put_one (connection, examples->pdata[i], &last, now, results, error))
      return FALSE;
  if (last > first && !sqlite_run (connection, error, "seq-advance", "i", last - first))
    return FALSE;
  sqlite_call_give (call, g_steal_pointer (&results), (GDestroyNotify) g_array_unref);
  return TRUE;
}

const SqliteOperation sqlite_put_examples = {
  .answer = SQLITE_ANSWER_POINTER,
  .before_commit = "before_store_commit",
  .after_commit = "after_store_commit",
  .run = put_examples,
};

static gboolean
get_position (SqliteConnection *connection, SqliteCall *call, GError **error)
{
  g_autoptr (SqliteStatement) row = sqlite_query (connection, error, "position", "");
  AnnotPosition *position;

  if (!row || sqlite_step (connection, row, error) < 0)
    return FALSE;
  position = g_new (AnnotPosition, 1);
  position->epoch = sqlite_column_dup (row, 0);
  position->seq = sqlite3_column_int64 (row, 1);
  position->pending = sqlite3_column_int64 (row, 2);
  sqlite_call_give (call, position, (GDestroyNotify) annot_position_free);
  return TRUE;
}

const SqliteOperation sqlite_get_position = { .answer = SQLITE_ANSWER_POINTER, .run = get_position };

static gboolean
get_example (SqliteConnection *connection, SqliteCall *call, GError **error)
{
  g_autoptr (SqliteStatement) row = sqlite_query (connection, error, "example-get", "t", call->id);
  g_autoptr (AnnotExample) example = NULL;
  int step = row ? sqlite_step (connection, row, error) : -1;

  if (step < 0)
    return FALSE;
  if (step == 0) {
    g_set_error (error, ANNOT_ERROR, ANNOT_ERROR_NOT_FOUND, "no example %s", call->id);
    return FALSE;
  }
  example = sqlite_rows_read_example (row);
  if (example->status == ANNOT_EXAMPLE_LEASED)
    example->leased_for
        = MAX (sqlite_connection_now (connection) - sqlite3_column_int64 (row, SQLITE_EXAMPLE_COLUMNS), 1);
  if (call->flag && !sqlite_rows_load_frame (connection, example, error))
    return FALSE;
  sqlite_call_give (call, g_steal_pointer (&example), (GDestroyNotify) annot_example_unref);
  return TRUE;
}

const SqliteOperation sqlite_get_example = { .answer = SQLITE_ANSWER_POINTER, .run = get_example };

gboolean
sqlite_examples_erase (SqliteConnection *connection, gint64 seq, const char *event_id, GError **error)
{
  return sqlite_run (connection, error, "outgoing-delete-example", "t", event_id)
         && sqlite_run (connection, error, "example-delete", "i", seq);
}
