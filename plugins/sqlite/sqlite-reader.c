/* SPDX-License-Identifier: Apache-2.0 */
/* A reader: runs each call on a snapshot of its own. */
#include "sqlite-reader.h"

static gboolean
run_call (SqliteConnection *connection, SqliteCall *call, GError **error)
{
  return !sqlite_call_is_cancelled (call, error) && sqlite_connection_execute (connection, "BEGIN", error)
         && call->operation->run (connection, call, error);
}

void
sqlite_reader_loop (SqliteThreads *threads, SqliteConnection *connection)
{
  for (SqliteCall *call = sqlite_threads_take (threads, TRUE); call; call = sqlite_threads_take (threads, TRUE)) {
    g_autoptr (GError) error = NULL;
    GPtrArray *calls = g_ptr_array_new ();

    connection->cancellable = g_task_get_cancellable (call->task);
    if (!run_call (connection, call, &error))
      sqlite_call_fail (call, error);
    connection->cancellable = NULL;
    if (!sqlite3_get_autocommit (connection->handle))
      sqlite_connection_execute (connection, "ROLLBACK", NULL);
    sqlite_call_recover (call, connection);
    g_ptr_array_add (calls, call);
    sqlite_threads_return (threads, calls);
  }
}
