/* SPDX-License-Identifier: Apache-2.0 */
/* One call to the store on its way through the threads: what to do, with what, and what came of it. */
#include "sqlite-call.h"

static void
drop_answer (SqliteCall *self)
{
  if (self->pointer && self->destroy)
    self->destroy (self->pointer);
  self->pointer = NULL;
}

void
sqlite_call_give (SqliteCall *self, gpointer pointer, GDestroyNotify destroy)
{
  drop_answer (self);
  self->pointer = pointer;
  self->destroy = destroy;
}

void
sqlite_call_fail (SqliteCall *self, const GError *error)
{
  drop_answer (self);
  g_clear_error (&self->error);
  self->error = g_error_copy (error);
}

void
sqlite_call_recover (SqliteCall *self, SqliteConnection *connection)
{
  if (!self->error || !self->operation->recover || g_error_matches (self->error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    return;
  self->operation->recover (connection, self, self->error);
  g_clear_error (&self->error);
}

gboolean
sqlite_call_is_cancelled (const SqliteCall *self, GError **error)
{
  return g_cancellable_set_error_if_cancelled (g_task_get_cancellable (self->task), error);
}

void
sqlite_call_free (SqliteCall *self)
{
  drop_answer (self);
  g_clear_error (&self->error);
  g_object_unref (self->task);
  g_free (self);
}

void
sqlite_call_answer (SqliteCall *self)
{
  if (self->error) {
    g_task_return_error (self->task, g_steal_pointer (&self->error));
  } else {
    switch (self->operation->answer) {
    case SQLITE_ANSWER_BOOLEAN:
      g_task_return_boolean (self->task, TRUE);
      break;
    case SQLITE_ANSWER_INT:
      g_task_return_int (self->task, self->number);
      break;
    case SQLITE_ANSWER_POINTER:
      g_task_return_pointer (self->task, g_steal_pointer (&self->pointer), self->destroy);
      break;
    }
  }
  sqlite_call_free (self);
}
