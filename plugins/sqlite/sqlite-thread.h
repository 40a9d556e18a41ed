/* SPDX-License-Identifier: Apache-2.0 */
/* Threads that take calls from a bounded queue and hand the answered ones back to the main context. */
#pragma once

#include "sqlite-call.h"

G_BEGIN_DECLS

typedef struct _SqliteThreads SqliteThreads;

/* What a thread does with its connection until there is nothing more to take. */
typedef void (*SqliteLoop) (SqliteThreads *threads, SqliteConnection *connection);

/* Starts a thread for each connection, which it then owns. Answers go to the thread-default context of the caller.
 * bound: how many calls may wait. */
SqliteThreads *sqlite_threads_start (const char *name, GPtrArray *connections, SqliteLoop loop, guint bound);
/* Queues a call. Returns: FALSE: bound is reached, error set */
gboolean sqlite_threads_push (SqliteThreads *self, SqliteCall *call, GError **error);
guint sqlite_threads_get_waiting (SqliteThreads *self);
/* For how many seconds the loop has been at what it noted last; 0 when it waits for calls. */
guint sqlite_threads_get_busy_seconds (SqliteThreads *self);
/* Lets the threads finish what is queued, close their connections and end; then calls stopped on the main context,
 * after every answer. */
void sqlite_threads_stop (SqliteThreads *self, GSourceOnceFunc stopped, gpointer user_data);
/* Joins and frees. Threads that were not stopped are stopped first, and waited for. */
void sqlite_threads_free (SqliteThreads *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (SqliteThreads, sqlite_threads_free)

/* For the loops. */

/* Returns: (transfer full) (nullable): the next call; NULL when none waits (wait FALSE) or when it is time to end */
SqliteCall *sqlite_threads_take (SqliteThreads *self, gboolean wait);
/* Hands calls back to be answered: (transfer full) (element-type SqliteCall) */
void sqlite_threads_return (SqliteThreads *self, GPtrArray *calls);
/* The loop's note that it begins to work on calls, or waits for some; read by anyone. For one thread. */
void sqlite_threads_set_busy (SqliteThreads *self, gboolean busy);
/* The loop's note of whether writing works; read by anyone. */
void sqlite_threads_set_failing (SqliteThreads *self, gboolean failing);
gboolean sqlite_threads_get_failing (SqliteThreads *self);

G_END_DECLS
