/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The writer: runs what waits in one transaction and answers after its commit (group commit). Each call runs in a
 * savepoint of its own, so that one that fails does not undo the others.
 */
#include "sqlite-writer.h"

/* A transaction takes calls until none waits, but no more than this, so that its first caller is answered soon. */
#define CALLS_BOUND 256
#define TRANSACTION_MICROSECONDS (20 * G_TIME_SPAN_MILLISECOND)
/* How long truncating the log may hold up what waits. */
#define TRUNCATE_MILLISECONDS 200

/* Runs one call in its savepoint. Returns: FALSE when the whole transaction is gone, error set */
static gboolean
run_call (SqliteConnection *connection, SqliteCall *call, GError **error)
{
  g_autoptr (GError) failure = NULL;

  if (sqlite_call_is_cancelled (call, &failure)) {
    sqlite_call_fail (call, failure);
    return TRUE;
  }
  if (!sqlite_connection_execute (connection, "SAVEPOINT call", error))
    return FALSE;
  if (call->operation->run (connection, call, &failure))
    return sqlite_connection_execute (connection, "RELEASE call", error);
  sqlite_call_fail (call, failure);
  /* A full disk and the like end the transaction by themselves. */
  if (sqlite3_get_autocommit (connection->handle)) {
    g_propagate_error (error, g_steal_pointer (&failure));
    return FALSE;
  }
  return sqlite_connection_execute (connection, "ROLLBACK TO call; RELEASE call", error);
}

static void
pass_fault_points (GPtrArray *calls, gboolean after)
{
#ifdef ANNOT_FAULT_POINTS
  for (guint i = 0; i < calls->len; i++) {
    const SqliteOperation *operation = ((SqliteCall *) calls->pdata[i])->operation;
    const char *name = after ? operation->after_commit : operation->before_commit;

    if (name)
      ANNOT_FAULT_POINT (name);
  }
#endif
}

/* What waits now, as far as one transaction goes. */
static void
take_waiting (SqliteThreads *threads, GPtrArray *calls)
{
  while (calls->len < CALLS_BOUND) {
    SqliteCall *call = sqlite_threads_take (threads, FALSE);

    if (!call)
      return;
    g_ptr_array_add (calls, call);
  }
}

/* Runs the first of calls and what else waits, which it adds. Returns: FALSE when nothing of it has happened, error set
 */
static gboolean
run_transaction (SqliteThreads *threads, SqliteConnection *connection, GPtrArray *calls, GError **error)
{
  gint64 deadline = g_get_monotonic_time () + TRANSACTION_MICROSECONDS;
  SqliteCall *call = calls->pdata[0];

  if (!sqlite_connection_execute (connection, "BEGIN IMMEDIATE", error)) {
    /* These have waited for the lock, too: they need not do so one after the other. */
    take_waiting (threads, calls);
    return FALSE;
  }
  while (call) {
    if (!run_call (connection, call, error))
      return FALSE;
    call = NULL;
    if (calls->len < CALLS_BOUND && g_get_monotonic_time () < deadline)
      call = sqlite_threads_take (threads, FALSE);
    if (call)
      g_ptr_array_add (calls, call);
  }
  pass_fault_points (calls, FALSE);
  if (!sqlite_connection_execute (connection, "COMMIT", error))
    return FALSE;
  pass_fault_points (calls, TRUE);
  return TRUE;
}

static gboolean
has_erased (GPtrArray *calls)
{
  for (guint i = 0; i < calls->len; i++)
    if (((SqliteCall *) calls->pdata[i])->operation->truncate_log)
      return TRUE;
  return FALSE;
}

/* What was erased must not stay readable in the log. Returns: FALSE: a reader hinders it, to be tried again later */
static gboolean
truncate_log (SqliteConnection *connection)
{
  int result;

  sqlite3_busy_timeout (connection->handle, TRUNCATE_MILLISECONDS);
  result = sqlite3_wal_checkpoint_v2 (connection->handle, NULL, SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL);
  sqlite3_busy_timeout (connection->handle, (int) connection->busy_milliseconds);
  return result == SQLITE_OK;
}

static void
fail_all (SqliteConnection *connection, GPtrArray *calls, const GError *error)
{
  if (!sqlite3_get_autocommit (connection->handle))
    sqlite_connection_execute (connection, "ROLLBACK", NULL);
  for (guint i = 0; i < calls->len; i++) {
    SqliteCall *call = calls->pdata[i];

    /* One that had failed before keeps its own reason. */
    if (!call->error)
      sqlite_call_fail (call, error);
  }
}

void
sqlite_writer_loop (SqliteThreads *threads, SqliteConnection *connection)
{
  gboolean truncate = FALSE;

  for (SqliteCall *first = sqlite_threads_take (threads, TRUE); first; first = sqlite_threads_take (threads, TRUE)) {
    g_autoptr (GPtrArray) calls = g_ptr_array_new ();
    g_autoptr (GError) error = NULL;

    sqlite_threads_set_busy (threads, TRUE);
    g_ptr_array_add (calls, first);
    if (!run_transaction (threads, connection, calls, &error))
      fail_all (connection, calls, error);
    truncate = truncate || has_erased (calls);
    if (truncate && !error)
      truncate = !truncate_log (connection);
    for (guint i = 0; i < calls->len; i++)
      sqlite_call_recover (calls->pdata[i], connection);
    sqlite_threads_set_failing (threads, error != NULL);
    sqlite_threads_set_busy (threads, FALSE);
    sqlite_threads_return (threads, g_steal_pointer (&calls));
  }
}
