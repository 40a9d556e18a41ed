/* SPDX-License-Identifier: Apache-2.0 */
/* What people do with an example: submit, skip, remove. */
#include "postgres-operations.h"
#include "postgres-result.h"

#include <string.h>

/* Answers with the error that the outcome stands for. Returns: FALSE when it stands for none */
static gboolean
refuse (GTask *task, const char *outcome, const char *event_id, AnnotExampleStatus status, guint revision)
{
  if (g_str_equal (outcome, "unknown"))
    g_task_return_new_error (task, ANNOT_ERROR, ANNOT_ERROR_NOT_FOUND, "no example %s", event_id);
  else if (g_str_equal (outcome, "finished"))
    g_task_return_new_error (task, ANNOT_ERROR, ANNOT_ERROR_FINISHED, "example %s is %s already", event_id,
                             annot_example_status_to_string (status));
  else if (g_str_equal (outcome, "taken"))
    g_task_return_new_error (task, ANNOT_ERROR, ANNOT_ERROR_STALE, "example %s has gone to somebody else", event_id);
  else if (g_str_equal (outcome, "ended"))
    g_task_return_new_error (task, ANNOT_ERROR, ANNOT_ERROR_STALE, "the lease of example %s has ended", event_id);
  else if (g_str_equal (outcome, "revision"))
    g_task_return_new_error (task, ANNOT_ERROR, ANNOT_ERROR_STALE, "example %s is at revision %u", event_id, revision);
  else
    return FALSE;
  return TRUE;
}

static void
answer_submit (PostgresRequest *request, GTask *task)
{
  const PGresult *result = postgres_request_get_result (request, 0);
  AnnotAnnotation *annotation = request->subject;
  const char *outcome = PQgetvalue (result, 0, 0);
  gboolean repeated = g_str_equal (outcome, "repeated");
  AnnotSubmitResult *answer;

  if (refuse (task, outcome, annotation->event_id, (AnnotExampleStatus) postgres_result_integer (result, 0, 1),
              (guint) postgres_result_integer (result, 0, 2)))
    return;
  answer = g_new (AnnotSubmitResult, 1);
  answer->annotation
      = repeated ? postgres_result_annotation (result, 0, 3, annotation->event_id) : annot_annotation_ref (annotation);
  answer->repeated = repeated;
  g_task_return_pointer (task, answer, (GDestroyNotify) annot_submit_result_free);
}

static const PostgresOperation submit = {
  .before_commit = "before_submit_commit",
  .after_commit = "after_submit_commit",
  .answer = answer_submit,
};

void
postgres_submit (PostgresPool *pool, const AnnotSubmission *submission, GTask *task)
{
  PostgresRequest *request = postgres_request_new (&submit, task);
  AnnotAnnotation *annotation = submission->annotation;
  PostgresParameters *parameters = postgres_parameters_new ("t", annotation->event_id);

  postgres_parameters_add_token (parameters, submission->token);
  postgres_parameters_append (parameters, "tntiditttT", annotation->id, (int) annotation->revision,
                              annotation->annotator, annotation->created_at, annotation->quality_score,
                              annotation->lead_time_ms, annotation->digest, annotation->notes,
                              annotation->corrected_detections, submission->labels);
  postgres_parameters_add_outgoing (parameters, submission->outgoing);
  postgres_request_set_subject (request, annotation, NULL);
  postgres_request_add (request, "submit", parameters);
  postgres_pool_push (pool, POSTGRES_WORK, request);
}

static void
answer_skip (PostgresRequest *request, GTask *task)
{
  const PGresult *result = postgres_request_get_result (request, 0);
  AnnotExampleStatus status = (AnnotExampleStatus) postgres_result_integer (result, 0, 1);

  if (!refuse (task, PQgetvalue (result, 0, 0), request->subject, status, 0))
    g_task_return_int (task, (gssize) status);
}

static const PostgresOperation skip_example = {
  .before_commit = "before_submit_commit",
  .after_commit = "after_submit_commit",
  .answer = answer_skip,
};

void
postgres_skip (PostgresPool *pool, const AnnotSkip *skip, GTask *task)
{
  PostgresRequest *request = postgres_request_new (&skip_example, task);
  PostgresParameters *parameters = postgres_parameters_new ("tt", skip->event_id, skip->annotator);

  postgres_parameters_add_token (parameters, skip->token);
  postgres_parameters_append (parameters, "ti", skip->reason, (gint64) skip->max_skips);
  postgres_parameters_add_outgoing (parameters, skip->outgoing);
  postgres_request_set_subject (request, (gpointer) skip->event_id, NULL);
  postgres_request_add (request, "skip", parameters);
  postgres_pool_push (pool, POSTGRES_WORK, request);
}

static void
answer_remove (PostgresRequest *request, GTask *task)
{
  if (postgres_request_is_true (request))
    g_task_return_boolean (task, TRUE);
  else
    g_task_return_new_error (task, ANNOT_ERROR, ANNOT_ERROR_NOT_FOUND, "no example %s",
                             (const char *) request->subject);
}

static const PostgresOperation remove_example = { .answer = answer_remove };

void
postgres_remove (PostgresPool *pool, const char *event_id, const AnnotOutgoing *outgoing, GTask *task)
{
  PostgresRequest *request = postgres_request_new (&remove_example, task);
  PostgresParameters *parameters = postgres_parameters_new ("t", event_id);

  postgres_parameters_add_outgoing (parameters, outgoing);
  postgres_request_set_subject (request, (gpointer) event_id, NULL);
  postgres_request_add (request, "remove", parameters);
  postgres_pool_push (pool, POSTGRES_WORK, request);
}
