/* SPDX-License-Identifier: Apache-2.0 */
/* What people do with an example: submit, skip, remove. */
#include "sqlite-operations.h"
#include "sqlite-rows.h"

/* Where an example stands before it is touched. */
typedef struct {
  gint64 seq;
  AnnotExampleStatus status;
  gint64 fence;
  char *annotator;
  guint revision;
  guint skips;
} Standing;

static void
standing_clear (Standing *self)
{
  g_free (self->annotator);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Standing, standing_clear)

static gboolean
find (SqliteConnection *connection, const char *event_id, Standing *standing, GError **error)
{
  g_autoptr (SqliteStatement) row = sqlite_query (connection, error, "standing", "t", event_id);
  int step = row ? sqlite_step (connection, row, error) : -1;

  if (step < 0)
    return FALSE;
  if (step == 0) {
    g_set_error (error, ANNOT_ERROR, ANNOT_ERROR_NOT_FOUND, "no example %s", event_id);
    return FALSE;
  }
  standing->seq = sqlite3_column_int64 (row, 0);
  standing->status = (AnnotExampleStatus) sqlite3_column_int (row, 1);
  standing->fence = sqlite3_column_int64 (row, 2);
  standing->annotator = sqlite_column_dup (row, 3);
  standing->revision = (guint) sqlite3_column_int64 (row, 4);
  standing->skips = (guint) sqlite3_column_int64 (row, 5);
  return TRUE;
}

static gboolean
is_finished (const Standing *standing)
{
  return standing->status == ANNOT_EXAMPLE_COMPLETED || standing->status == ANNOT_EXAMPLE_SKIPPED;
}

static gboolean
refuse_finished (const Standing *standing, const char *event_id, GError **error)
{
  g_set_error (error, ANNOT_ERROR, ANNOT_ERROR_FINISHED, "example %s is %s already", event_id,
               annot_example_status_to_string (standing->status));
  return FALSE;
}

/* Whether the account may act under this token, or without one. */
static gboolean
check_lease (const Standing *standing, const char *event_id, const char *account, const AnnotLeaseToken *token,
             GError **error)
{
  gboolean leased = standing->status == ANNOT_EXAMPLE_LEASED;
  gboolean own = leased && g_strcmp0 (standing->annotator, account) == 0;

  if (token ? own && token->seq == standing->seq && token->fence == standing->fence : own || !leased)
    return TRUE;
  g_set_error (error, ANNOT_ERROR, ANNOT_ERROR_STALE,
               leased && !own ? "example %s has gone to somebody else" : "the lease of example %s has ended", event_id);
  return FALSE;
}

static void
give_result (SqliteCall *call, AnnotAnnotation *annotation, gboolean repeated)
{
  AnnotSubmitResult *result = g_new (AnnotSubmitResult, 1);

  result->annotation = annotation;
  result->repeated = repeated;
  sqlite_call_give (call, result, (GDestroyNotify) annot_submit_result_free);
}

static gboolean
write_annotation (SqliteConnection *connection, SqliteCall *call, const Standing *standing, GError **error)
{
  const AnnotSubmission *submission = call->subject;
  AnnotAnnotation *annotation = submission->annotation;

  if (!sqlite_run (connection, error, "annotation-insert", "tiitidittt", annotation->id, standing->seq,
                   (gint64) annotation->revision, annotation->annotator, annotation->created_at,
                   annotation->quality_score, annotation->lead_time_ms, annotation->digest, annotation->notes,
                   annotation->corrected_detections)
      || !sqlite_run (connection, error, "annotation-labels-clear", "i", standing->seq))
    return FALSE;
  for (const char *const *label = submission->labels; label && *label; label++)
    if (!sqlite_run (connection, error, "annotation-label-insert", "it", standing->seq, *label))
      return FALSE;
  if (!sqlite_run (connection, error, "example-complete", "itii", (gint64) annotation->revision, annotation->annotator,
                   g_get_real_time (), standing->seq)
      || !sqlite_outbox_write (connection, submission->outgoing, error))
    return FALSE;
  give_result (call, annot_annotation_ref (annotation), FALSE);
  return TRUE;
}

/* A finished example: the same submit again, a correction of one's own, or too late. */
static gboolean
submit_finished (SqliteConnection *connection, SqliteCall *call, const Standing *standing, GError **error)
{
  const AnnotAnnotation *annotation = ((const AnnotSubmission *) call->subject)->annotation;
  g_autoptr (GError) failure = NULL;
  g_autoptr (AnnotAnnotation) latest
      = sqlite_rows_latest_annotation (connection, standing->seq, annotation->event_id, &failure);

  if (failure) {
    g_propagate_error (error, g_steal_pointer (&failure));
    return FALSE;
  }
  if (!latest || g_strcmp0 (latest->annotator, annotation->annotator) != 0)
    return refuse_finished (standing, annotation->event_id, error);
  if (g_strcmp0 (latest->digest, annotation->digest) == 0) {
    give_result (call, g_steal_pointer (&latest), TRUE);
    return TRUE;
  }
  if (annotation->revision != standing->revision + 1)
    return refuse_finished (standing, annotation->event_id, error);
  return write_annotation (connection, call, standing, error);
}

static gboolean
submit (SqliteConnection *connection, SqliteCall *call, GError **error)
{
  const AnnotSubmission *submission = call->subject;
  const AnnotAnnotation *annotation = submission->annotation;
  g_auto (Standing) standing = { 0 };

  if (!find (connection, annotation->event_id, &standing, error))
    return FALSE;
  if (is_finished (&standing))
    return submit_finished (connection, call, &standing, error);
  if (!check_lease (&standing, annotation->event_id, annotation->annotator, submission->token, error))
    return FALSE;
  if (annotation->revision != standing.revision + 1) {
    g_set_error (error, ANNOT_ERROR, ANNOT_ERROR_STALE, "example %s is at revision %u", annotation->event_id,
                 standing.revision);
    return FALSE;
  }
  return write_annotation (connection, call, &standing, error);
}

const SqliteOperation sqlite_submit = {
  .answer = SQLITE_ANSWER_POINTER,
  .before_commit = "before_submit_commit",
  .after_commit = "after_submit_commit",
  .run = submit,
};

static gboolean
write_skip (SqliteConnection *connection, SqliteCall *call, const Standing *standing, GError **error)
{
  const AnnotSkip *skip = call->subject;
  gboolean last = standing->skips + 1 >= skip->max_skips;
  gint64 now = g_get_real_time ();

  call->number = last ? ANNOT_EXAMPLE_SKIPPED : ANNOT_EXAMPLE_PENDING;
  if (!sqlite_run (connection, error, "skip-insert", "itit", standing->seq, skip->annotator, now, skip->reason))
    return FALSE;
  /* An account counts once: a skip that is sent again must not use up the skips of others. */
  if (sqlite_changes (connection) == 0) {
    call->number = ANNOT_EXAMPLE_PENDING;
    return standing->status == ANNOT_EXAMPLE_PENDING || sqlite_run (connection, error, "lease-end", "i", standing->seq);
  }
  return (last ? sqlite_run (connection, error, "example-retire", "tii", skip->annotator, now, standing->seq)
               : sqlite_run (connection, error, "example-return", "i", standing->seq))
         && sqlite_outbox_write (connection, skip->outgoing, error);
}

/* Whoever did not get the answer to a skip has no lease any more, and must not be told that it came too late.
 * Returns: 1 or 0; -1 on error */
static int
has_skipped (SqliteConnection *connection, const AnnotSkip *skip, const Standing *standing, GError **error)
{
  g_autoptr (SqliteStatement) row
      = sqlite_query (connection, error, "skip-exists", "it", standing->seq, skip->annotator);

  return row ? sqlite_step (connection, row, error) : -1;
}

static gboolean
skip (SqliteConnection *connection, SqliteCall *call, GError **error)
{
  const AnnotSkip *wanted = call->subject;
  g_auto (Standing) standing = { 0 };
  g_autoptr (GError) refusal = NULL;
  int skipped;

  if (!find (connection, wanted->event_id, &standing, error))
    return FALSE;
  if (is_finished (&standing))
    refuse_finished (&standing, wanted->event_id, &refusal);
  else if (check_lease (&standing, wanted->event_id, wanted->annotator, wanted->token, &refusal))
    return write_skip (connection, call, &standing, error);
  skipped = standing.status == ANNOT_EXAMPLE_COMPLETED ? 0 : has_skipped (connection, wanted, &standing, error);
  if (skipped < 0)
    return FALSE;
  if (!skipped) {
    g_propagate_error (error, g_steal_pointer (&refusal));
    return FALSE;
  }
  call->number = standing.status;
  return TRUE;
}

const SqliteOperation sqlite_skip = { .answer = SQLITE_ANSWER_INT, .run = skip };

static gboolean
remove_example (SqliteConnection *connection, SqliteCall *call, GError **error)
{
  g_auto (Standing) standing = { 0 };

  return find (connection, call->id, &standing, error)
         && sqlite_examples_erase (connection, standing.seq, call->id, error)
         && sqlite_outbox_write (connection, call->outgoing, error);
}

const SqliteOperation sqlite_remove = { .answer = SQLITE_ANSWER_BOOLEAN, .run = remove_example };
