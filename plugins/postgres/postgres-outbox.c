/* SPDX-License-Identifier: Apache-2.0 */
/* Outgoing messages: claimed by a relay, deleted once the broker has them. */
#include "postgres-operations.h"
#include "postgres-result.h"

/* No more messages are taken at once when their frames come to this much, so that they cannot fill the memory. */
#define FRAMES_BYTES G_GINT64_CONSTANT (67108864)

#define OUTGOING_COLUMNS 10

static void
answer_messages (PostgresRequest *request, GTask *task)
{
  const PGresult *result = postgres_request_get_result (request, 0);
  GPtrArray *messages = g_ptr_array_new_with_free_func ((GDestroyNotify) annot_outgoing_free);

  for (int row = 0; row < PQntuples (result); row++) {
    AnnotOutgoing *message = postgres_result_outgoing (result, row);

    if (PQnfields (result) > OUTGOING_COLUMNS) {
      message->frame = postgres_result_bytes (result, row, OUTGOING_COLUMNS);
      message->frame_type = (AnnotFrameType) postgres_result_integer (result, row, OUTGOING_COLUMNS + 1);
    }
    g_ptr_array_add (messages, message);
  }
  g_task_return_pointer (task, messages, (GDestroyNotify) g_ptr_array_unref);
}

static const PostgresOperation take_messages = { .answer = answer_messages };
static const PostgresOperation list_messages = { .reading = TRUE, .answer = answer_messages };

void
postgres_take_outgoing (PostgresPool *pool, guint limit, guint claim_seconds, GTask *task)
{
  PostgresRequest *request = postgres_request_new (&take_messages, task);

  postgres_request_add (
      request, "outgoing-take",
      postgres_parameters_new ("nni", (int) MIN (limit, G_MAXINT), (int) MIN (claim_seconds, G_MAXINT), FRAMES_BYTES));
  postgres_pool_push (pool, POSTGRES_WORK, request);
}

void
postgres_list_outgoing (PostgresPool *pool, gboolean failed_only, guint limit, GTask *task)
{
  PostgresRequest *request = postgres_request_new (&list_messages, task);

  postgres_request_add (request, failed_only ? "outgoing-list-failed" : "outgoing-list",
                        postgres_parameters_new ("i", (gint64) limit));
  postgres_pool_push (pool, POSTGRES_WORK, request);
}

static void
answer_confirm (PostgresRequest *request, GTask *task)
{
  g_task_return_boolean (task, TRUE);
}

static const PostgresOperation confirm_messages = { .answer = answer_confirm };

void
postgres_confirm_outgoing (PostgresPool *pool, const char *const *ids, GTask *task)
{
  PostgresRequest *request = postgres_request_new (&confirm_messages, task);

  postgres_request_add (request, "outgoing-delete", postgres_parameters_new ("T", ids));
  postgres_pool_push (pool, POSTGRES_WORK, request);
}

static void
answer_found (GTask *task, gboolean found, const char *id)
{
  if (found)
    g_task_return_boolean (task, TRUE);
  else
    g_task_return_new_error (task, ANNOT_ERROR, ANNOT_ERROR_NOT_FOUND, "no message %s in the outbox", id);
}

static void
answer_postpone (PostgresRequest *request, GTask *task)
{
  answer_found (task, postgres_request_is_true (request), request->subject);
}

static const PostgresOperation postpone_message = { .answer = answer_postpone };

void
postgres_postpone_outgoing (PostgresPool *pool, const char *id, guint delay_seconds, const char *reason, GTask *task)
{
  PostgresRequest *request = postgres_request_new (&postpone_message, task);

  postgres_request_set_subject (request, (gpointer) id, NULL);
  postgres_request_add (request, "outgoing-postpone",
                        postgres_parameters_new ("tit", id, (gint64) delay_seconds, reason));
  postgres_pool_push (pool, POSTGRES_WORK, request);
}

static void
answer_drop (PostgresRequest *request, GTask *task)
{
  answer_found (task, postgres_result_integer (postgres_request_get_result (request, 0), 0, 0) > 0, request->subject);
}

static const PostgresOperation drop_message = { .answer = answer_drop };

void
postgres_drop_outgoing (PostgresPool *pool, const char *id, GTask *task)
{
  PostgresRequest *request = postgres_request_new (&drop_message, task);
  const char *const ids[] = { id, NULL };

  postgres_request_set_subject (request, (gpointer) id, NULL);
  postgres_request_add (request, "outgoing-delete", postgres_parameters_new ("T", ids));
  postgres_pool_push (pool, POSTGRES_WORK, request);
}
