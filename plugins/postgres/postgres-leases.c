/* SPDX-License-Identifier: Apache-2.0 */
/* Leases: who has which example until when. A lease counts until it is ended or its example is handed out again. */
#include "postgres-operations.h"
#include "postgres-result.h"

static GPtrArray *
new_leases (void)
{
  return g_ptr_array_new_with_free_func ((GDestroyNotify) annot_lease_free);
}

static void
answer_claim (PostgresRequest *request, GTask *task)
{
  const PGresult *result = postgres_request_get_result (request, 0);
  GPtrArray *leases = new_leases ();

  for (int row = 0; row < PQntuples (result); row++) {
    AnnotLease *lease = annot_lease_new ();

    lease->example = postgres_result_example (result, row);
    lease->token.seq = lease->example->seq;
    lease->token.fence = postgres_result_integer (result, row, POSTGRES_EXAMPLE_COLUMNS);
    lease->event_id = g_strdup (lease->example->event_id);
    lease->annotator = g_strdup (lease->example->annotator);
    lease->leased_at = postgres_result_integer (result, row, POSTGRES_EXAMPLE_COLUMNS + 1);
    lease->expires_at = postgres_result_integer (result, row, POSTGRES_EXAMPLE_COLUMNS + 2);
    g_ptr_array_add (leases, lease);
  }
  g_task_return_pointer (task, leases, (GDestroyNotify) g_ptr_array_unref);
}

static const PostgresOperation claim = { .answer = answer_claim };

void
postgres_claim (PostgresPool *pool, const char *annotator, guint count, guint lease_seconds, GTask *task)
{
  PostgresRequest *request = postgres_request_new (&claim, task);

  postgres_request_add (
      request, "claim",
      postgres_parameters_new ("tnni", annotator, (int) MIN (count, G_MAXINT), (int) MIN (lease_seconds, G_MAXINT),
                               (gint64) ANNOT_CLAIM_BYTES));
  postgres_pool_push (pool, POSTGRES_WORK, request);
}

/* Rows of {lease-columns}. */
static void
answer_leases (PostgresRequest *request, GTask *task)
{
  const PGresult *result = postgres_request_get_result (request, 0);
  GPtrArray *leases = new_leases ();

  for (int row = 0; row < PQntuples (result); row++) {
    AnnotLease *lease = annot_lease_new ();

    lease->token.seq = postgres_result_integer (result, row, 0);
    lease->token.fence = postgres_result_integer (result, row, 1);
    lease->event_id = postgres_result_text (result, row, 2);
    lease->annotator = postgres_result_text (result, row, 3);
    lease->leased_at = postgres_result_integer (result, row, 4);
    lease->expires_at = postgres_result_integer (result, row, 5);
    g_ptr_array_add (leases, lease);
  }
  g_task_return_pointer (task, leases, (GDestroyNotify) g_ptr_array_unref);
}

static const PostgresOperation change_leases = { .answer = answer_leases };

static void
split_tokens (const GArray *tokens, PostgresArray **seqs, PostgresArray **fences)
{
  *seqs = postgres_array_new (POSTGRES_ARRAY_INT8);
  *fences = postgres_array_new (POSTGRES_ARRAY_INT8);
  for (guint i = 0; i < tokens->len; i++) {
    const AnnotLeaseToken *token = &g_array_index (tokens, AnnotLeaseToken, i);

    postgres_array_add_integer (*seqs, token->seq);
    postgres_array_add_integer (*fences, token->fence);
  }
}

void
postgres_renew (PostgresPool *pool, const char *annotator, GArray *tokens, guint lease_seconds, GTask *task)
{
  PostgresRequest *request = postgres_request_new (&change_leases, task);
  PostgresArray *seqs, *fences;

  split_tokens (tokens, &seqs, &fences);
  postgres_request_add (request, "renew",
                        postgres_parameters_new ("tAAn", annotator, seqs, fences, (int) MIN (lease_seconds, G_MAXINT)));
  postgres_pool_push (pool, POSTGRES_WORK, request);
}

void
postgres_release (PostgresPool *pool, const char *annotator, GArray *tokens, GTask *task)
{
  PostgresRequest *request = postgres_request_new (&change_leases, task);
  PostgresArray *seqs, *fences;

  split_tokens (tokens, &seqs, &fences);
  postgres_request_add (request, "release", postgres_parameters_new ("tAA", annotator, seqs, fences));
  postgres_pool_push (pool, POSTGRES_WORK, request);
}

void
postgres_expire_leases (PostgresPool *pool, guint limit, GTask *task)
{
  PostgresRequest *request = postgres_request_new (&change_leases, task);

  postgres_request_add (request, "expire-leases", postgres_parameters_new ("n", (int) MIN (limit, G_MAXINT)));
  postgres_pool_push (pool, POSTGRES_WORK, request);
}
