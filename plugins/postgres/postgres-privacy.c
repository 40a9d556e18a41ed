/* SPDX-License-Identifier: Apache-2.0 */
/* Erasing a data subject, and retention. */
#include "postgres-operations.h"
#include "postgres-result.h"

/* A row of {erasure-columns}. */
static void
answer_erasure (PostgresRequest *request, GTask *task)
{
  const PGresult *result = postgres_request_get_result (request, 0);
  AnnotErasure *erasure = g_new (AnnotErasure, 1);

  erasure->examples = postgres_result_integer (result, 0, 0);
  erasure->frames = postgres_result_integer (result, 0, 1);
  erasure->annotations = postgres_result_integer (result, 0, 2);
  erasure->outgoing = postgres_result_integer (result, 0, 3);
  g_task_return_pointer (task, erasure, g_free);
}

static const PostgresOperation erase = { .answer = answer_erasure };

/* How long these take depends on how much there is: they have the time, and the connections, of a search. */
void
postgres_erase_subject (PostgresPool *pool, const char *face_hash, const char *actor, const AnnotOutgoing *outgoing,
                        GTask *task)
{
  PostgresRequest *request = postgres_request_new (&erase, task);
  PostgresParameters *parameters = postgres_parameters_new ("tt", face_hash, actor);

  postgres_parameters_add_outgoing (parameters, outgoing);
  postgres_request_add (request, "erase-subject", parameters);
  postgres_pool_push (pool, POSTGRES_SEARCH, request);
}

void
postgres_retain (PostgresPool *pool, gint64 completed_age, gint64 frames_age, guint limit, GTask *task)
{
  PostgresRequest *request = postgres_request_new (&erase, task);

  postgres_request_add (request, "retain",
                        postgres_parameters_new ("iini", completed_age, frames_age, (int) MIN (limit, G_MAXINT),
                                                 (gint64) POSTGRES_SESSION_GRACE));
  postgres_pool_push (pool, POSTGRES_SEARCH, request);
}
