/* SPDX-License-Identifier: Apache-2.0 */
/* One call to the store on its way through the pool. */
#include "postgres-request.h"

static void
statement_free (gpointer data)
{
  PostgresStatement *statement = data;

  g_free (statement->text);
  postgres_parameters_free (statement->parameters);
  g_free (statement);
}

static void
result_free (gpointer result)
{
  PQclear (result);
}

PostgresRequest *
postgres_request_new (const PostgresOperation *operation, GTask *task)
{
  PostgresRequest *self = g_new0 (PostgresRequest, 1);

  self->operation = operation;
  self->task = task;
  self->statements = g_ptr_array_new_with_free_func (statement_free);
  self->results = g_ptr_array_new_with_free_func (result_free);
  self->kinds = g_array_new (FALSE, FALSE, 1);
  return self;
}

void
postgres_request_free (PostgresRequest *self)
{
  if (self->cancel_source) {
    g_source_destroy (self->cancel_source);
    g_source_unref (self->cancel_source);
  }
  if (self->destroy)
    self->destroy (self->subject);
  g_ptr_array_unref (self->statements);
  g_ptr_array_unref (self->results);
  g_array_unref (self->kinds);
  g_clear_error (&self->error);
  g_object_unref (self->task);
  g_free (self);
}

static void
add (PostgresRequest *self, const char *name, char *text, PostgresParameters *parameters)
{
  PostgresStatement *statement = g_new (PostgresStatement, 1);

  statement->name = name;
  statement->text = text;
  statement->parameters = parameters;
  g_ptr_array_add (self->statements, statement);
}

void
postgres_request_add (PostgresRequest *self, const char *name, PostgresParameters *parameters)
{
  add (self, name, NULL, parameters);
}

void
postgres_request_add_text (PostgresRequest *self, char *text_owned, PostgresParameters *parameters)
{
  add (self, NULL, text_owned, parameters);
}

void
postgres_request_set_subject (PostgresRequest *self, gpointer subject, GDestroyNotify destroy)
{
  self->subject = subject;
  self->destroy = destroy;
}

PGresult *
postgres_request_get_result (PostgresRequest *self, guint i)
{
  return g_ptr_array_index (self->results, i);
}

gboolean
postgres_request_is_true (PostgresRequest *self)
{
  const PGresult *result = postgres_request_get_result (self, 0);

  return PQntuples (result) == 1 && *PQgetvalue (result, 0, 0) != 0;
}

void
postgres_request_fail (PostgresRequest *self, GError *error, const char *state)
{
  if (self->error) {
    g_error_free (error);
    return;
  }
  self->error = error;
  g_strlcpy (self->state, state, sizeof self->state);
}

void
postgres_request_rewind (PostgresRequest *self)
{
  g_clear_error (&self->error);
  self->state[0] = '\0';
  self->next_statement = 0;
  self->next_kind = 0;
  g_array_set_size (self->kinds, 0);
  g_ptr_array_set_size (self->results, 0);
}

void
postgres_request_answer (PostgresRequest *self)
{
  if (!self->error)
    self->operation->answer (self, self->task);
  else if (self->operation->recover && !g_error_matches (self->error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    self->operation->recover (self, self->task, self->error);
  else
    g_task_return_error (self->task, g_steal_pointer (&self->error));
  postgres_request_free (self);
}
