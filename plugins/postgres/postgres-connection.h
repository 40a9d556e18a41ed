/* SPDX-License-Identifier: Apache-2.0 */
/* One connection at work on the main loop: requests go out as a pipeline, answers come back in order. */
#pragma once

#include "postgres-request.h"

G_BEGIN_DECLS

typedef struct _PostgresConnection PostgresConnection;

/**
 * PostgresConnectionEvents:
 * @done: a request is over, with its results or an error; it is given back
 * @changed: after that: there is room for more, or the connection is lost; it may be released
 *
 * What a connection tells its owner. Neither is called from within a function of the connection.
 */
typedef struct {
  void (*done) (PostgresConnection *self, PostgresRequest *request, gpointer user_data);
  void (*changed) (PostgresConnection *self, gpointer user_data);
} PostgresConnectionEvents;

/**
 * postgres_connection_new:
 * @handle: (transfer full): connected and set up
 * @statement_milliseconds: how long a statement may take, by the server's clock
 * @answer_milliseconds: how long the server may say nothing while it has something to do
 *
 * Returns: (transfer full): the connection in pipeline mode, watched by the thread's default context
 */
PostgresConnection *postgres_connection_new (PGconn *handle, PostgresSettings *settings, guint statement_milliseconds,
                                             guint answer_milliseconds, const PostgresConnectionEvents *events,
                                             gpointer user_data);
/* Ends it; nothing is told any more, and requests that are under way are not answered. */
void postgres_connection_free (PostgresConnection *self);

/* Takes over request. */
void postgres_connection_send (PostgresConnection *self, PostgresRequest *request);
/* How many requests are under way. */
guint postgres_connection_get_load (const PostgresConnection *self);
/* Whether it is of no more use; all its requests have been given back. */
gboolean postgres_connection_is_lost (const PostgresConnection *self);
/* Lets what is under way come to its end and takes nothing more: it is lost then. */
void postgres_connection_retire (PostgresConnection *self);
gboolean postgres_connection_is_retired (const PostgresConnection *self);
/* Loses the connection when something is under way and the server has said nothing for that long. */
void postgres_connection_give_up (PostgresConnection *self, guint milliseconds);
/* Asks the server to end the request if it is the one that runs now. */
void postgres_connection_cancel (PostgresConnection *self, PostgresRequest *request);

G_END_DECLS
