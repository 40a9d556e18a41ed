/* SPDX-License-Identifier: Apache-2.0 */
/* Some connections for one kind of request, and the requests that wait for them. */
#pragma once

#include "postgres-blocking.h"
#include "postgres-connection.h"

G_BEGIN_DECLS

typedef struct _PostgresLane PostgresLane;

/**
 * PostgresLaneOptions:
 * @connections: most connections
 * @depth: most requests under way on one of them
 * @waiting: most requests that wait
 * @session: what its connections are for
 * @answer_milliseconds: how long the server may leave us without any answer
 * @wait: how long a request may wait, microseconds
 * @steady: whether a connection is kept up when nobody asks for it
 */
typedef struct {
  guint connections;
  guint depth;
  guint waiting;
  PostgresSession session;
  guint answer_milliseconds;
  gint64 wait;
  gboolean steady;
} PostgresLaneOptions;

/**
 * PostgresLaneEvents:
 * @over: a request is over: to be answered, or sent again; it is given over
 * @idle: nothing waits and nothing is under way any more
 */
typedef struct {
  void (*over) (PostgresLane *self, PostgresRequest *request, gpointer user_data);
  void (*idle) (PostgresLane *self, gpointer user_data);
} PostgresLaneEvents;

PostgresLane *postgres_lane_new (PostgresSettings *settings, const PostgresLaneOptions *options,
                                 const PostgresLaneEvents *events, gpointer user_data);
/* Ends its connections. Nothing may wait or be under way. */
void postgres_lane_free (PostgresLane *self);
/* Takes over a connection that was made elsewhere. */
void postgres_lane_adopt (PostgresLane *self, PGconn *handle);

/* Takes over request; it is over at once, by @over, when it cannot wait. again: before those that wait. */
void postgres_lane_push (PostgresLane *self, PostgresRequest *request, gboolean again);
/* The caller does not want it any more: it is over unless it is under way and has to come to its end. */
void postgres_lane_cancel (PostgresLane *self, PostgresRequest *request);
/* Every request that waits is over with this error. */
void postgres_lane_fail_waiting (PostgresLane *self, const GError *error);
/* Gives up what is under way on connections of which nothing was heard for that long. */
void postgres_lane_give_up (PostgresLane *self, guint milliseconds);
/* Makes its connections anew, each when it has nothing under way. */
void postgres_lane_renew (PostgresLane *self);
gboolean postgres_lane_is_idle (const PostgresLane *self);

guint postgres_lane_get_connections (const PostgresLane *self);
guint postgres_lane_get_waiting (const PostgresLane *self);
guint postgres_lane_get_under_way (const PostgresLane *self);
/* Returns: (transfer none) (nullable): why there is no connection at all */
const GError *postgres_lane_get_failure (const PostgresLane *self);

G_END_DECLS
