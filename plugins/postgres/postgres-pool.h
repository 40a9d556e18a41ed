/* SPDX-License-Identifier: Apache-2.0 */
/* All connections of a store, in three lanes, and what is done when one fails. */
#pragma once

#include "postgres-request.h"

G_BEGIN_DECLS

typedef struct _PostgresPool PostgresPool;

/**
 * PostgresLaneKind:
 * @POSTGRES_WORK: what is quick
 * @POSTGRES_SEARCH: what may read all there is; it has connections of its own, so that nothing quick waits behind it
 * @POSTGRES_WATCH: the health, which waits behind nothing
 */
typedef enum {
  POSTGRES_WORK,
  POSTGRES_SEARCH,
  POSTGRES_WATCH,
} PostgresLaneKind;

#define POSTGRES_LANES 3

PostgresPool *postgres_pool_new (PostgresSettings *settings);
/* Nothing may wait or be under way. */
void postgres_pool_free (PostgresPool *self);
/* Makes the first connection and the schema; the task gets a boolean, and stays the caller's. */
void postgres_pool_open (PostgresPool *self, GTask *task);
/* Calls back once everything before has been answered. */
void postgres_pool_close (PostgresPool *self, GSourceFunc closed, gpointer user_data);

/* Runs a request and answers it. Takes over request. */
void postgres_pool_push (PostgresPool *self, PostgresLaneKind kind, PostgresRequest *request);
/* The same for the request that asks whether the server answers: on the connection kept for that, and also while the
 * server counts as one that does not. */
void postgres_pool_push_probe (PostgresPool *self, PostgresRequest *request);

/* Whether a change has failed for want of space. */
gboolean postgres_pool_is_unwritable (const PostgresPool *self);
/* There is space again. */
void postgres_pool_note_space (PostgresPool *self);
/* The watching connection has had its answer in time, or not. */
void postgres_pool_note_watch (PostgresPool *self, gboolean in_time);
/* The server is no longer one to write to: all connections are made anew. */
void postgres_pool_renew (PostgresPool *self);
/* For the health's details. */
void postgres_pool_describe (const PostgresPool *self, JsonObject *details);

G_END_DECLS
