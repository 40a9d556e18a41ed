/* SPDX-License-Identifier: Apache-2.0 */
/* Submitting an annotation: the example as it stands, the annotation and its outgoing message, one transaction. */
#include "annot-desk-private.h"

#include "model/annot-labeled-example.h"

typedef struct {
  char *event_id;
  char *annotator;
  char *corrected_detections;
  char **labels;
  double quality_score;
  char *notes;
  char *digest;
  gboolean has_lease;
  AnnotLeaseToken lease;

  GError *refusal;
  guint seen_revision;
  AnnotAnnotation *annotation;
  AnnotOutgoing *outgoing;
  AnnotSubmission submission;
} Submit;

static void
submit_free (Submit *self)
{
  g_free (self->event_id);
  g_free (self->annotator);
  g_free (self->corrected_detections);
  g_strfreev (self->labels);
  g_free (self->notes);
  g_free (self->digest);
  g_clear_error (&self->refusal);
  g_clear_pointer (&self->annotation, annot_annotation_unref);
  g_clear_pointer (&self->outgoing, annot_outgoing_free);
  g_free (self);
}

/* Milliseconds; -1 when it is not known. Under a lease that has ended the store takes no submit. */
static gint64
lead_time (const Submit *submit, const AnnotExample *example)
{
  return submit->has_lease && example->leased_for > 0 ? example->leased_for / 1000 : -1;
}

static AnnotAnnotation *
make_annotation (const Submit *submit, const AnnotExample *example)
{
  AnnotAnnotation *annotation = annot_annotation_new ();

  annotation->id = g_uuid_string_random ();
  annotation->event_id = g_strdup (example->event_id);
  annotation->revision = example->revision + 1;
  annotation->annotator = g_strdup (submit->annotator);
  annotation->created_at = g_get_real_time ();
  annotation->corrected_detections = g_strdup (submit->corrected_detections);
  annotation->quality_score = submit->quality_score;
  annotation->notes = g_strdup (submit->notes);
  annotation->lead_time_ms = lead_time (submit, example);
  annotation->digest = g_strdup (submit->digest);
  return annotation;
}

static void load_example (GTask *task);

static void
on_submitted (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  AnnotDesk *self = g_task_get_source_object (task);
  Submit *submit = g_task_get_task_data (task);
  g_autoptr (GError) error = NULL;
  g_autoptr (AnnotSubmitResult) done = annot_store_submit_finish (ANNOT_STORE (source), result, &error);

  if (!done) {
    /* Perhaps it was the revision that moved on between looking and writing: look once more. */
    if (!submit->refusal && (g_error_matches (error, ANNOT_ERROR, ANNOT_ERROR_STALE) ||
                             g_error_matches (error, ANNOT_ERROR, ANNOT_ERROR_FINISHED))) {
      submit->refusal = g_steal_pointer (&error);
      load_example (task);
      return;
    }
    g_task_return_error (task, g_steal_pointer (&error));
    return;
  }
  ANNOT_FAULT_POINT ("after_submit_commit");
  /* Repeated: whoever wrote it may have ended before it could tell. */
  annot_notifier_announce (self->notifier, "example_done", submit->event_id);
  annot_relay_wake (self->relay);
  g_task_return_pointer (task, g_steal_pointer (&done), (GDestroyNotify) annot_submit_result_free);
}

static void
on_loaded (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  AnnotDesk *self = g_task_get_source_object (task);
  Submit *submit = g_task_get_task_data (task);
  g_autoptr (GError) error = NULL;
  g_autoptr (AnnotExample) example = annot_store_get_example_finish (ANNOT_STORE (source), result, &error);

  if (!example) {
    g_task_return_error (task, g_steal_pointer (&error));
    return;
  }
  if (submit->refusal && submit->seen_revision == example->revision) {
    g_task_return_error (task, g_steal_pointer (&submit->refusal));
    return;
  }
  submit->seen_revision = example->revision;
  g_clear_pointer (&submit->annotation, annot_annotation_unref);
  g_clear_pointer (&submit->outgoing, annot_outgoing_free);
  submit->annotation = make_annotation (submit, example);
  submit->outgoing = annot_labeled_example_new (self->labeled_topic, example, submit->annotation,
                                                self->inline_frames && example->frame_type != ANNOT_FRAME_NONE);
  submit->submission = (AnnotSubmission){.annotation = submit->annotation,
                                         .token = submit->has_lease ? &submit->lease : NULL,
                                         .labels = (const char *const *) submit->labels,
                                         .outgoing = submit->outgoing};
  ANNOT_FAULT_POINT ("before_submit_commit");
  annot_store_submit (self->store, &submit->submission, g_task_get_cancellable (task), on_submitted,
                      g_object_ref (task));
}

static void
load_example (GTask *task)
{
  AnnotDesk *self = g_task_get_source_object (task);
  const Submit *submit = g_task_get_task_data (task);

  annot_store_get_example (self->store, submit->event_id, FALSE, g_task_get_cancellable (task), on_loaded,
                           g_object_ref (task));
}

void
annot_desk_submit (AnnotDesk *self, const char *event_id, const char *annotator, AnnotCorrection *correction,
                   GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data)
{
  g_autoptr (GTask) task = g_task_new (self, cancellable, callback, user_data);
  Submit *submit = g_new0 (Submit, 1);

  g_task_set_check_cancellable (task, FALSE);
  g_task_set_task_data (task, submit, (GDestroyNotify) submit_free);
  submit->event_id = g_strdup (event_id);
  submit->annotator = g_strdup (annotator);
  submit->corrected_detections = g_strdup (correction->corrected_detections);
  submit->labels = g_strdupv (correction->labels);
  submit->quality_score = correction->quality_score;
  submit->notes = g_strdup (correction->notes);
  submit->digest = g_strdup (correction->digest);
  submit->has_lease = correction->has_lease;
  submit->lease = correction->lease;
  load_example (task);
}

AnnotSubmitResult *
annot_desk_submit_finish (AnnotDesk *self, GAsyncResult *result, GError **error)
{
  return g_task_propagate_pointer (G_TASK (result), error);
}
