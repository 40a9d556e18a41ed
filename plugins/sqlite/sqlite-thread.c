/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Threads that take calls from a bounded queue and hand the answered ones back to the main context.
 *
 * Tasks are answered and released on the main context only: a task holds the store, and the last reference to a store
 * must not go away in one of its own threads.
 */
#include "sqlite-thread.h"

struct _SqliteThreads {
  GAsyncQueue *queue;
  guint bound;
  GMainContext *context;
  GPtrArray *members; /* Member */
  SqliteLoop loop;
  gint running;
  gint failing;
  gint busy_since; /* whole seconds of the monotonic clock, 0: not busy */
  gboolean stopping;
  GSourceOnceFunc stopped;
  gpointer stopped_data;
};

typedef struct {
  SqliteThreads *threads;
  SqliteConnection *connection;
  GThread *thread;
} Member;

/* Stands in the queue behind the last call, once for each thread. */
static SqliteCall end_of_queue;

static void
post (SqliteThreads *self, GSourceFunc function, gpointer data, GDestroyNotify destroy)
{
  g_autoptr (GSource) source = g_idle_source_new ();

  g_source_set_priority (source, G_PRIORITY_DEFAULT);
  g_source_set_callback (source, function, data, destroy);
  g_source_attach (source, self->context);
}

static gboolean
answer_all (gpointer user_data)
{
  GPtrArray *calls = user_data;

  for (guint i = 0; i < calls->len; i++)
    sqlite_call_answer (g_steal_pointer (&calls->pdata[i]));
  return G_SOURCE_REMOVE;
}

static void
calls_free (gpointer user_data)
{
  g_autoptr (GPtrArray) calls = user_data;

  for (guint i = 0; i < calls->len; i++)
    if (calls->pdata[i])
      sqlite_call_free (calls->pdata[i]);
}

void
sqlite_threads_return (SqliteThreads *self, GPtrArray *calls)
{
  post (self, answer_all, calls, calls_free);
}

static gboolean
tell_stopped (gpointer user_data)
{
  SqliteThreads *self = user_data;

  self->stopped (self->stopped_data);
  return G_SOURCE_REMOVE;
}

static gpointer
run (gpointer user_data)
{
  Member *member = user_data;
  SqliteThreads *self = member->threads;

  self->loop (self, member->connection);
  g_clear_pointer (&member->connection, sqlite_connection_close);
  if (g_atomic_int_dec_and_test (&self->running) && self->stopped)
    post (self, tell_stopped, self, NULL);
  return NULL;
}

SqliteThreads *
sqlite_threads_start (const char *name, GPtrArray *connections, SqliteLoop loop, guint bound)
{
  SqliteThreads *self = g_new0 (SqliteThreads, 1);

  self->queue = g_async_queue_new ();
  self->bound = bound;
  self->context = g_main_context_ref_thread_default ();
  self->members = g_ptr_array_new_with_free_func (g_free);
  self->loop = loop;
  self->running = (gint) connections->len;
  for (guint i = 0; i < connections->len; i++) {
    Member *member = g_new0 (Member, 1);

    member->threads = self;
    member->connection = g_steal_pointer (&connections->pdata[i]);
    g_ptr_array_add (self->members, member);
    member->thread = g_thread_new (name, run, member);
  }
  return self;
}

guint
sqlite_threads_get_waiting (SqliteThreads *self)
{
  /* Negative: threads that wait for a call. */
  return (guint) MAX (g_async_queue_length (self->queue), 0);
}

gboolean
sqlite_threads_push (SqliteThreads *self, SqliteCall *call, GError **error)
{
  if (sqlite_threads_get_waiting (self) >= self->bound) {
    g_set_error (error, ANNOT_ERROR, ANNOT_ERROR_TEMPORARY, "sqlite: %u calls wait already", self->bound);
    return FALSE;
  }
  g_async_queue_push (self->queue, call);
  return TRUE;
}

static void
push_ends (SqliteThreads *self)
{
  self->stopping = TRUE;
  for (guint i = 0; i < self->members->len; i++)
    g_async_queue_push (self->queue, &end_of_queue);
}

void
sqlite_threads_stop (SqliteThreads *self, GSourceOnceFunc stopped, gpointer user_data)
{
  self->stopped = stopped;
  self->stopped_data = user_data;
  push_ends (self);
}

void
sqlite_threads_free (SqliteThreads *self)
{
  if (!self->stopping)
    push_ends (self);
  for (guint i = 0; i < self->members->len; i++)
    g_thread_join (((Member *) self->members->pdata[i])->thread);
  g_ptr_array_unref (self->members);
  g_async_queue_unref (self->queue);
  g_main_context_unref (self->context);
  g_free (self);
}

SqliteCall *
sqlite_threads_take (SqliteThreads *self, gboolean wait)
{
  SqliteCall *call = wait ? g_async_queue_pop (self->queue) : g_async_queue_try_pop (self->queue);

  if (call != &end_of_queue)
    return call;
  /* A look without waiting leaves the mark where it was: at the end, since nothing is pushed after it. */
  if (!wait)
    g_async_queue_push (self->queue, &end_of_queue);
  return NULL;
}

void
sqlite_threads_set_failing (SqliteThreads *self, gboolean failing)
{
  g_atomic_int_set (&self->failing, failing);
}

gboolean
sqlite_threads_get_failing (SqliteThreads *self)
{
  return g_atomic_int_get (&self->failing);
}

static gint
now_seconds (void)
{
  return (gint) (g_get_monotonic_time () / G_USEC_PER_SEC) + 1;
}

void
sqlite_threads_set_busy (SqliteThreads *self, gboolean busy)
{
  g_atomic_int_set (&self->busy_since, busy ? now_seconds () : 0);
}

guint
sqlite_threads_get_busy_seconds (SqliteThreads *self)
{
  gint since = g_atomic_int_get (&self->busy_since);

  return since == 0 ? 0 : (guint) MAX (now_seconds () - since, 0);
}
