/* SPDX-License-Identifier: Apache-2.0 */
/* Calls that end by a deadline, whether the callee answers or not. */
#include "annot-bounded.h"

#include <annotationd/annotationd.h>

typedef struct {
  AnnotBoundedFinish finish;
  GCancellable *inner;
  GCancellable *outer;
  gulong handler;
  guint timer;
  gboolean answered;
} Bounded;

static void
bounded_free (Bounded *self)
{
  g_clear_object (&self->inner);
  g_clear_object (&self->outer);
  g_free (self);
}

/* Whoever comes first answers. Returns: whether it is the caller's to answer. */
static gboolean
bounded_settle (Bounded *self)
{
  if (self->answered)
    return FALSE;
  self->answered = TRUE;
  g_clear_handle_id (&self->timer, g_source_remove);
  /* Not g_cancellable_disconnect(): the answer may come from inside the cancellation, where that would wait forever. */
  if (self->handler)
    g_signal_handler_disconnect (self->outer, self->handler);
  self->handler = 0;
  return TRUE;
}

static void
on_answer (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  g_autoptr (GError) error = NULL;
  Bounded *self = g_task_get_task_data (task);
  gboolean ok = self->finish (source, result, &error);

  if (!bounded_settle (self))
    return;
  if (ok)
    g_task_return_boolean (task, TRUE);
  else
    g_task_return_error (task, g_steal_pointer (&error));
}

static gboolean
on_deadline (gpointer user_data)
{
  g_autoptr (GTask) task = g_object_ref (user_data);
  Bounded *self = g_task_get_task_data (task);

  self->timer = 0;
  if (bounded_settle (self)) {
    g_cancellable_cancel (self->inner);
    g_task_return_new_error (task, ANNOT_ERROR, ANNOT_ERROR_TIMEOUT, "no answer within the deadline");
  }
  return G_SOURCE_REMOVE;
}

static void
on_cancelled (GCancellable *outer, GCancellable *inner)
{
  g_cancellable_cancel (inner);
}

void
annot_bounded_call (gpointer object, AnnotBoundedCall call, AnnotBoundedFinish finish, guint milliseconds,
                    GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data)
{
  g_autoptr (GTask) task = g_task_new (object, cancellable, callback, user_data);
  Bounded *self = g_new0 (Bounded, 1);

  g_task_set_check_cancellable (task, FALSE);
  g_task_set_task_data (task, self, (GDestroyNotify) bounded_free);
  self->finish = finish;
  self->inner = g_cancellable_new ();
  self->timer = g_timeout_add_full (G_PRIORITY_DEFAULT, milliseconds, on_deadline, g_object_ref (task), g_object_unref);
  if (cancellable) {
    self->outer = g_object_ref (cancellable);
    self->handler = g_cancellable_connect (cancellable, G_CALLBACK (on_cancelled), g_object_ref (self->inner),
                                           g_object_unref);
  }
  call (object, self->inner, on_answer, g_object_ref (task));
}

gboolean
annot_bounded_call_finish (gpointer object, GAsyncResult *result, GError **error)
{
  return g_task_propagate_boolean (G_TASK (result), error);
}
