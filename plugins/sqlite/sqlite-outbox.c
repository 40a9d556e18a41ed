/* SPDX-License-Identifier: Apache-2.0 */
/* Outgoing messages: written with what they tell of, claimed by a relay, deleted once the broker has them. */
#include "sqlite-operations.h"
#include "sqlite-rows.h"

/* No more messages are taken at once when their frames come to this much, so that they cannot fill the memory. */
#define FRAMES_BYTES (64 * 1024 * 1024)

gboolean
sqlite_outbox_write (SqliteConnection *connection, const AnnotOutgoing *outgoing, GError **error)
{
  return !outgoing
         || sqlite_run (connection, error, "outgoing-insert", "ttttniit", outgoing->id, outgoing->topic, outgoing->key,
                        outgoing->event_id, (int) outgoing->inline_frame, g_get_real_time (),
                        outgoing->due_at, outgoing->payload);
}

/* In the order of {outgoing-columns}; the first, the number, is left to the caller. */
static AnnotOutgoing *
read_outgoing (SqliteConnection *connection, SqliteStatement *row)
{
  AnnotOutgoing *outgoing = g_new0 (AnnotOutgoing, 1);

  outgoing->id = sqlite_column_dup (row, 1);
  outgoing->topic = sqlite_column_dup (row, 2);
  outgoing->key = sqlite_column_dup (row, 3);
  outgoing->event_id = sqlite_column_dup (row, 4);
  outgoing->inline_frame = sqlite3_column_int (row, 5) != 0;
  outgoing->created_at = sqlite3_column_int64 (row, 6);
  outgoing->attempts = (guint) sqlite3_column_int64 (row, 7);
  outgoing->due_at = sqlite_connection_to_wall (connection, sqlite3_column_int64 (row, 8));
  outgoing->last_error = sqlite_column_dup (row, 9);
  outgoing->payload = sqlite_column_dup (row, 10);
  return outgoing;
}

static gboolean
load_frame (SqliteConnection *connection, AnnotOutgoing *outgoing, GError **error)
{
  g_autoptr (SqliteStatement) row = NULL;
  int step;

  if (!outgoing->inline_frame || !outgoing->event_id)
    return TRUE;
  row = sqlite_query (connection, error, "outgoing-frame", "t", outgoing->event_id);
  step = row ? sqlite_step (connection, row, error) : -1;
  if (step > 0) {
    outgoing->frame = sqlite_rows_read_bytes (row, 0);
    outgoing->frame_type = (AnnotFrameType) sqlite3_column_int (row, 1);
  }
  return step >= 0;
}

/* The due messages; numbers (element-type gint64) tells their rows. */
static gboolean
find_due (SqliteConnection *connection, SqliteCall *call, GPtrArray *messages, GArray *numbers, GError **error)
{
  g_autoptr (SqliteStatement) row = sqlite_query (connection, error, "outgoing-take", "ii",
                                                  sqlite_connection_now (connection), (gint64) call->count);
  int step = row ? sqlite_step (connection, row, error) : -1;

  for (; step > 0; step = sqlite_step (connection, row, error)) {
    gint64 number = sqlite3_column_int64 (row, 0);

    g_array_append_val (numbers, number);
    g_ptr_array_add (messages, read_outgoing (connection, row));
  }
  return step == 0;
}

/* A claimed message is simply not due until the claim ends: a relay that dies needs no cleaning up after. */
static gboolean
take_outgoing (SqliteConnection *connection, SqliteCall *call, GError **error)
{
  g_autoptr (GPtrArray) messages = g_ptr_array_new_with_free_func ((GDestroyNotify) annot_outgoing_free);
  g_autoptr (GArray) numbers = g_array_new (FALSE, FALSE, sizeof (gint64));
  gint64 deadline = sqlite_connection_now (connection) + call->seconds * G_TIME_SPAN_SECOND;
  gsize bytes = 0;

  if (!find_due (connection, call, messages, numbers, error))
    return FALSE;
  for (guint i = 0; i < messages->len; i++) {
    AnnotOutgoing *message = messages->pdata[i];

    if (!load_frame (connection, message, error)
        || !sqlite_run (connection, error, "outgoing-claim", "ii", deadline, g_array_index (numbers, gint64, i)))
      return FALSE;
    bytes += message->frame ? g_bytes_get_size (message->frame) : 0;
    /* The rest stays due. */
    if (bytes > FRAMES_BYTES)
      g_ptr_array_set_size (messages, (gint) i + 1);
  }
  sqlite_call_give (call, g_steal_pointer (&messages), (GDestroyNotify) g_ptr_array_unref);
  return TRUE;
}

const SqliteOperation sqlite_take_outgoing = { .answer = SQLITE_ANSWER_POINTER, .run = take_outgoing };

static gboolean
confirm_outgoing (SqliteConnection *connection, SqliteCall *call, GError **error)
{
  for (const char *const *id = call->subject; *id; id++)
    if (!sqlite_run (connection, error, "outgoing-delete", "t", *id))
      return FALSE;
  return TRUE;
}

const SqliteOperation sqlite_confirm_outgoing = { .answer = SQLITE_ANSWER_BOOLEAN, .run = confirm_outgoing };

static gboolean
check_found (SqliteConnection *connection, SqliteCall *call, GError **error)
{
  if (sqlite_changes (connection) > 0)
    return TRUE;
  g_set_error (error, ANNOT_ERROR, ANNOT_ERROR_NOT_FOUND, "no message %s in the outbox", call->id);
  return FALSE;
}

static gboolean
postpone_outgoing (SqliteConnection *connection, SqliteCall *call, GError **error)
{
  gint64 due = sqlite_connection_now (connection) + call->seconds * G_TIME_SPAN_SECOND;

  return sqlite_run (connection, error, "outgoing-postpone", "tit", call->id, due, call->text)
         && check_found (connection, call, error);
}

const SqliteOperation sqlite_postpone_outgoing = { .answer = SQLITE_ANSWER_BOOLEAN, .run = postpone_outgoing };

static gboolean
drop_outgoing (SqliteConnection *connection, SqliteCall *call, GError **error)
{
  return sqlite_run (connection, error, "outgoing-delete", "t", call->id) && check_found (connection, call, error);
}

const SqliteOperation sqlite_drop_outgoing = { .answer = SQLITE_ANSWER_BOOLEAN, .run = drop_outgoing };

static gboolean
list_outgoing (SqliteConnection *connection, SqliteCall *call, GError **error)
{
  g_autoptr (GPtrArray) messages = g_ptr_array_new_with_free_func ((GDestroyNotify) annot_outgoing_free);
  g_autoptr (SqliteStatement) row = sqlite_query (
      connection, error, call->flag ? "outgoing-list-failed" : "outgoing-list", "i", (gint64) call->count);
  int step = row ? sqlite_step (connection, row, error) : -1;

  for (; step > 0; step = sqlite_step (connection, row, error))
    g_ptr_array_add (messages, read_outgoing (connection, row));
  if (step < 0)
    return FALSE;
  sqlite_call_give (call, g_steal_pointer (&messages), (GDestroyNotify) g_ptr_array_unref);
  return TRUE;
}

const SqliteOperation sqlite_list_outgoing = { .answer = SQLITE_ANSWER_POINTER, .run = list_outgoing };
