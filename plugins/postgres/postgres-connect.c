/* SPDX-License-Identifier: Apache-2.0 */
/* Connecting in a thread, with the answer on the main loop. */
#include "postgres-connect.h"

typedef struct {
  PostgresSettings *settings;
  PostgresSession session;
  PostgresPrepare prepare;
} Wanted;

static void
wanted_free (gpointer data)
{
  Wanted *wanted = data;

  postgres_settings_unref (wanted->settings);
  g_free (wanted);
}

static void
finish_connection (gpointer connection)
{
  PQfinish (connection);
}

static void
connect_in_thread (GTask *task, gpointer source, gpointer task_data, GCancellable *cancellable)
{
  const Wanted *wanted = task_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (PGconn) connection = postgres_blocking_connect (wanted->settings, &wanted->session, cancellable, &error);

  if (connection && (!wanted->prepare || wanted->prepare (connection, wanted->settings, cancellable, &error)))
    g_task_return_pointer (task, g_steal_pointer (&connection), finish_connection);
  else
    g_task_return_error (task, g_steal_pointer (&error));
}

void
postgres_connect (PostgresSettings *settings, const PostgresSession *session, PostgresPrepare prepare,
                  GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data)
{
  g_autoptr (GTask) task = g_task_new (NULL, cancellable, callback, user_data);
  Wanted *wanted = g_new (Wanted, 1);

  wanted->settings = postgres_settings_ref (settings);
  wanted->session = *session;
  wanted->prepare = prepare;
  g_task_set_check_cancellable (task, FALSE);
  g_task_set_task_data (task, wanted, wanted_free);
  g_task_run_in_thread (task, connect_in_thread);
}

PGconn *
postgres_connect_finish (GAsyncResult *result, GError **error)
{
  return g_task_propagate_pointer (G_TASK (result), error);
}
