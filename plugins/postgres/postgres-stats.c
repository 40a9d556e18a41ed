/* SPDX-License-Identifier: Apache-2.0 */
/* Statistics and health: none of it counts rows. */
#include "postgres-operations.h"
#include "postgres-result.h"

/* Rows of a name and a number. */
static void
read_counts (const PGresult *result, GPtrArray *counts)
{
  for (int row = 0; row < PQntuples (result); row++)
    g_ptr_array_add (counts, annot_count_new (PQgetvalue (result, row, 0), postgres_result_integer (result, row, 1)));
}

static void
answer_stats (PostgresRequest *request, GTask *task)
{
  const PGresult *tallies = postgres_request_get_result (request, 0);
  AnnotStats *stats = annot_stats_new ();

  stats->pending = postgres_result_integer (tallies, 0, 0);
  stats->leased = postgres_result_integer (tallies, 0, 1);
  stats->completed = postgres_result_integer (tallies, 0, 2);
  stats->skipped = postgres_result_integer (tallies, 0, 3);
  stats->outgoing = postgres_result_integer (tallies, 0, 4);
  stats->retrying = postgres_result_integer (tallies, 0, 5);
  stats->oldest_outgoing = postgres_result_integer (tallies, 0, 6);
  read_counts (postgres_request_get_result (request, 1), stats->by_label);
  read_counts (postgres_request_get_result (request, 2), stats->by_annotator);
  read_counts (postgres_request_get_result (request, 3), stats->by_hour);
  g_task_return_pointer (task, stats, (GDestroyNotify) annot_stats_free);
}

static const PostgresOperation get_stats = { .reading = TRUE, .answer = answer_stats };

void
postgres_get_stats (PostgresPool *pool, GTask *task)
{
  PostgresRequest *request = postgres_request_new (&get_stats, task);

  postgres_request_add (request, "tallies", postgres_parameters_new (""));
  postgres_request_add (request, "count-by-label", postgres_parameters_new (""));
  postgres_request_add (request, "count-by-annotator", postgres_parameters_new (""));
  postgres_request_add (request, "count-by-hour", postgres_parameters_new (""));
  postgres_pool_push (pool, POSTGRES_WORK, request);
}

static void
answer_health (PostgresRequest *request, GTask *task)
{
  const PGresult *result = postgres_request_get_result (request, 0);
  PostgresPool *pool = request->subject;
  JsonObject *details = json_object_new ();
  gboolean read_only = postgres_result_integer (result, 0, 0) != 0;

  postgres_pool_note_watch (pool, TRUE);
  postgres_pool_describe (pool, details);
  json_object_set_string_member (details, "server_version", PQgetvalue (result, 0, 1));
  /* The primary of before is a standby now. */
  if (read_only) {
    json_object_set_string_member (details, "error", "the server is read-only; the primary is looked for");
    postgres_pool_renew (pool);
  }
  g_task_return_pointer (task, annot_health_new (!read_only, details), (GDestroyNotify) annot_health_free);
}

static void
answer_ill_health (PostgresRequest *request, GTask *task, const GError *error)
{
  PostgresPool *pool = request->subject;
  JsonObject *details = json_object_new ();

  if (g_error_matches (error, ANNOT_ERROR, ANNOT_ERROR_TIMEOUT))
    postgres_pool_note_watch (pool, FALSE);
  postgres_pool_describe (pool, details);
  json_object_set_string_member (details, "error", error->message);
  g_task_return_pointer (task, annot_health_new (FALSE, details), (GDestroyNotify) annot_health_free);
}

static const PostgresOperation check_reading
    = { .reading = TRUE, .answer = answer_health, .recover = answer_ill_health };

static void
answer_written (PostgresRequest *request, GTask *task)
{
  postgres_pool_note_space (request->subject);
  answer_health (request, task);
}

static const PostgresOperation check_writing = { .answer = answer_written, .recover = answer_ill_health };

/* While a change has failed for want of space only another one can tell whether there is some again. */
void
postgres_check_health (PostgresPool *pool, GTask *task)
{
  gboolean writing = postgres_pool_is_unwritable (pool);
  PostgresRequest *request = postgres_request_new (writing ? &check_writing : &check_reading, task);

  postgres_request_set_subject (request, pool, NULL);
  postgres_request_add (request, "probe-read", postgres_parameters_new (""));
  if (writing)
    postgres_request_add (request, "probe-write", postgres_parameters_new (""));
  postgres_pool_push_probe (pool, request);
}
