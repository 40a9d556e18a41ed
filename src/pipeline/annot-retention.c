/* SPDX-License-Identifier: Apache-2.0 */
/* Removes what has been kept long enough: finished examples and their frames. */
#include "annot-retention.h"

#define FIRST_SECONDS 60
#define INTERVAL_SECONDS 3600
#define SLICE_ROWS 200
#define SLICE_PAUSE_MILLISECONDS 50

struct _AnnotRetention {
  GObject parent_instance;

  AnnotStore *store;
  gint64 completed_days;
  gint64 frames_days;
  guint timer;
  gboolean running;
  GCancellable *cancellable;
};

G_DEFINE_FINAL_TYPE (AnnotRetention, annot_retention, G_TYPE_OBJECT)

static void
annot_retention_dispose (GObject *object)
{
  AnnotRetention *self = ANNOT_RETENTION (object);

  annot_retention_stop (self);
  g_clear_object (&self->cancellable);
  g_clear_object (&self->store);
  G_OBJECT_CLASS (annot_retention_parent_class)->dispose (object);
}

static void
annot_retention_class_init (AnnotRetentionClass *klass)
{
  G_OBJECT_CLASS (klass)->dispose = annot_retention_dispose;
}

static void
annot_retention_init (AnnotRetention *self)
{
}

AnnotRetention *
annot_retention_new (AnnotConfig *config, AnnotStore *store)
{
  AnnotRetention *self = g_object_new (ANNOT_TYPE_RETENTION, NULL);

  self->store = g_object_ref (store);
  self->completed_days = annot_config_get_integer (config, "retention", "completed-days");
  self->frames_days = annot_config_get_integer (config, "retention", "erase-frames-days");
  return self;
}

static gint64
age_of (gint64 days)
{
  return days * 24 * 3600 * G_USEC_PER_SEC;
}

static void retain_slice (GTask *task);

static gboolean
on_pause_over (gpointer user_data)
{
  retain_slice (user_data);
  return G_SOURCE_REMOVE;
}

static void
on_retained (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  g_autoptr (GError) error = NULL;
  g_autofree AnnotErasure *slice = annot_store_retain_finish (ANNOT_STORE (source), result, &error);
  AnnotErasure *total = g_task_get_task_data (task);

  if (!slice) {
    g_task_return_error (task, g_steal_pointer (&error));
    return;
  }
  total->examples += slice->examples;
  total->frames += slice->frames;
  total->annotations += slice->annotations;
  total->outgoing += slice->outgoing;
  if (slice->examples < SLICE_ROWS && slice->frames < SLICE_ROWS) {
    g_task_return_pointer (task, g_memdup2 (total, sizeof *total), g_free);
    return;
  }
  g_timeout_add_full (G_PRIORITY_LOW, SLICE_PAUSE_MILLISECONDS, on_pause_over, g_object_ref (task), g_object_unref);
}

static void
retain_slice (GTask *task)
{
  AnnotRetention *self = g_task_get_source_object (task);

  if (g_task_return_error_if_cancelled (task))
    return;
  if (!self->store) {
    g_task_return_new_error (task, G_IO_ERROR, G_IO_ERROR_CANCELLED, "retention was ended");
    return;
  }
  annot_store_retain (self->store, age_of (self->completed_days), age_of (self->frames_days), SLICE_ROWS,
                      g_task_get_cancellable (task), on_retained, g_object_ref (task));
}

void
annot_retention_run (AnnotRetention *self, GCancellable *cancellable, GAsyncReadyCallback callback,
                     gpointer user_data)
{
  g_autoptr (GTask) task = g_task_new (self, cancellable, callback, user_data);

  g_task_set_task_data (task, g_new0 (AnnotErasure, 1), g_free);
  retain_slice (task);
}

AnnotErasure *
annot_retention_run_finish (AnnotRetention *self, GAsyncResult *result, GError **error)
{
  return g_task_propagate_pointer (G_TASK (result), error);
}

static void
on_run (GObject *source, GAsyncResult *result, gpointer user_data)
{
  AnnotRetention *self = ANNOT_RETENTION (source);
  g_autoptr (GError) error = NULL;
  g_autofree AnnotErasure *gone = annot_retention_run_finish (self, result, &error);

  self->running = FALSE;
  if (gone && (gone->examples || gone->frames))
    g_message ("retention: removed %" G_GINT64_FORMAT " examples, %" G_GINT64_FORMAT " annotations and %" G_GINT64_FORMAT
               " frames",
               gone->examples, gone->annotations, gone->frames);
  else if (error && !g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    g_warning ("retention: %s; it is tried again in an hour", error->message);
}

static gboolean
on_timer (gpointer user_data)
{
  AnnotRetention *self = user_data;

  self->timer = g_timeout_add_seconds (INTERVAL_SECONDS, on_timer, self);
  if (!self->running) {
    self->running = TRUE;
    annot_retention_run (self, self->cancellable, on_run, NULL);
  }
  return G_SOURCE_REMOVE;
}

void
annot_retention_start (AnnotRetention *self)
{
  g_return_if_fail (ANNOT_IS_RETENTION (self));

  if (self->timer)
    return;
  g_clear_object (&self->cancellable);
  self->cancellable = g_cancellable_new ();
  self->timer = g_timeout_add_seconds (FIRST_SECONDS, on_timer, self);
}

void
annot_retention_stop (AnnotRetention *self)
{
  g_clear_handle_id (&self->timer, g_source_remove);
  if (self->cancellable)
    g_cancellable_cancel (self->cancellable);
}
