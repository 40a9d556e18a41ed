/* SPDX-License-Identifier: Apache-2.0 */
/* What all wrappers share: the open/closed phase of a backend, and keeping a call's arguments alive. */
#include "annot-call.h"

/* Few calls keep more. */
#define ARGUMENTS 2

typedef struct {
  gpointer argument;
  GDestroyNotify destroy;
} Kept;

static G_DEFINE_QUARK (annot - call - arguments, arguments)

    static void kept_clear (Kept *kept)
{
  kept->destroy (kept->argument);
}

GTask *
annot_call_begin (gpointer self, AnnotPhase phase, gpointer tag, GCancellable *cancellable,
                  GAsyncReadyCallback callback, gpointer user_data)
{
  GTask *task = g_task_new (self, cancellable, callback, user_data);

  g_task_set_source_tag (task, tag);
  /* Whether a cancelled call has happened is the backend's to say, not GTask's. */
  g_task_set_check_cancellable (task, FALSE);
  if (phase == ANNOT_PHASE_OPEN)
    return task;
  g_task_return_new_error (task, ANNOT_ERROR, ANNOT_ERROR_NOT_CONNECTED, "%s is not open", G_OBJECT_TYPE_NAME (self));
  g_object_unref (task);
  return NULL;
}

gpointer
annot_call_keep (GTask *task, gpointer argument, GDestroyNotify destroy)
{
  GArray *all = g_object_get_qdata (G_OBJECT (task), arguments_quark ());
  Kept kept = { .argument = argument, .destroy = destroy };

  if (!all) {
    all = g_array_sized_new (FALSE, FALSE, sizeof (Kept), ARGUMENTS);
    g_array_set_clear_func (all, (GDestroyNotify) kept_clear);
    g_object_set_qdata_full (G_OBJECT (task), arguments_quark (), all, (GDestroyNotify) g_array_unref);
  }
  g_array_append_val (all, kept);
  return argument;
}

const char *
annot_call_keep_text (GTask *task, const char *text)
{
  return text ? annot_call_keep (task, g_strdup (text), g_free) : NULL;
}

/* The call that moves the phase: the caller's task waits for the method's. */
typedef struct {
  AnnotPhase *phase;
  AnnotPhase on_success;
  AnnotPhase on_failure;
} Move;

static void
moved (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) outer = user_data;
  g_autoptr (GError) error = NULL;
  Move *move = g_task_get_task_data (outer);

  if (g_task_propagate_boolean (G_TASK (result), &error)) {
    *move->phase = move->on_success;
    g_task_return_boolean (outer, TRUE);
  } else {
    *move->phase = move->on_failure;
    g_task_return_error (outer, g_steal_pointer (&error));
  }
}

static void
start_move (GTask *outer, AnnotPhase *phase, AnnotPhase during, AnnotPhase on_success, AnnotPhase on_failure,
            AnnotPlainMethod method)
{
  gpointer self = g_task_get_source_object (outer);
  GTask *inner = g_task_new (self, g_task_get_cancellable (outer), moved, g_object_ref (outer));
  Move *move = g_new (Move, 1);

  g_task_set_check_cancellable (inner, FALSE);
  move->phase = phase;
  move->on_success = on_success;
  move->on_failure = on_failure;
  g_task_set_task_data (outer, move, g_free);
  *phase = during;
  method (self, inner);
}

void
annot_call_open (gpointer self, AnnotPhase *phase, AnnotPlainMethod method, GCancellable *cancellable,
                 GAsyncReadyCallback callback, gpointer user_data)
{
  g_autoptr (GTask) task = g_task_new (self, cancellable, callback, user_data);

  g_task_set_source_tag (task, annot_call_open);
  g_task_set_check_cancellable (task, FALSE);
  if (*phase != ANNOT_PHASE_CLOSED) {
    g_task_return_new_error (task, ANNOT_ERROR, ANNOT_ERROR_EXISTS, "%s is open already", G_OBJECT_TYPE_NAME (self));
    return;
  }
  start_move (task, phase, ANNOT_PHASE_OPENING, ANNOT_PHASE_OPEN, ANNOT_PHASE_CLOSED, method);
}

void
annot_call_close (gpointer self, AnnotPhase *phase, AnnotPlainMethod method, GCancellable *cancellable,
                  GAsyncReadyCallback callback, gpointer user_data)
{
  g_autoptr (GTask) task = g_task_new (self, cancellable, callback, user_data);

  g_task_set_source_tag (task, annot_call_close);
  g_task_set_check_cancellable (task, FALSE);
  switch (*phase) {
  case ANNOT_PHASE_CLOSED:
    g_task_return_boolean (task, TRUE);
    return;
  case ANNOT_PHASE_OPENING:
  case ANNOT_PHASE_CLOSING:
    g_task_return_new_error (task, ANNOT_ERROR, ANNOT_ERROR_TEMPORARY, "%s is being opened or closed",
                             G_OBJECT_TYPE_NAME (self));
    return;
  case ANNOT_PHASE_OPEN:
  case ANNOT_PHASE_MAINTAINED:
    break;
  }
  start_move (task, phase, ANNOT_PHASE_CLOSING, ANNOT_PHASE_CLOSED, ANNOT_PHASE_CLOSED, method);
}
