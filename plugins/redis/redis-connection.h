/* SPDX-License-Identifier: Apache-2.0 */
/* One connection that speaks RESP: commands go out together, replies come back in order, each with a deadline. */
#pragma once

#include "redis-reply.h"
#include "redis-settings.h"

G_BEGIN_DECLS

typedef struct RedisConnection RedisConnection;

/**
 * RedisConnectionKind:
 * @REDIS_CONNECTION_COMMANDS: commands to the master
 * @REDIS_CONNECTION_SUBSCRIPTIONS: subscriptions at the master
 * @REDIS_CONNECTION_SENTINEL: questions to a sentinel
 */
typedef enum {
  REDIS_CONNECTION_COMMANDS,
  REDIS_CONNECTION_SUBSCRIPTIONS,
  REDIS_CONNECTION_SENTINEL,
} RedisConnectionKind;

/**
 * RedisReplyFunc:
 * @reply: (nullable): the reply, which may be an error reply; %NULL: none will come
 * @error: (nullable): why none will come
 * @user_data: as given with the command
 *
 * Called once for each command that was sent.
 */
typedef void (*RedisReplyFunc) (const redisReply *reply, const GError *error, gpointer user_data);

/**
 * RedisConnectionEvents:
 * @ready: it is connected, signed in, and this is the master
 * @message: (nullable): a message of a subscribed channel: an array of "message", channel, data
 * @closed: the end, and why; not after redis_connection_close()
 *
 * What a connection tells its owner.
 */
typedef struct {
  void (*ready) (gpointer user_data);
  void (*message) (const redisReply *reply, gpointer user_data);
  void (*closed) (const GError *error, gpointer user_data);
} RedisConnectionEvents;

/**
 * redis_connection_new:
 * @kind: what for
 * @settings: (transfer none): outlives it
 * @context: where it lives
 * @events: (transfer none): outlives it
 * @user_data: for @events
 *
 * Returns: (transfer full): a connection, not yet opened
 */
RedisConnection *redis_connection_new (RedisConnectionKind kind, const RedisSettings *settings, GMainContext *context,
                                       const RedisConnectionEvents *events, gpointer user_data);
/* Once. timeout: microseconds until it has to be ready. */
void redis_connection_open (RedisConnection *self, const RedisAddress *address, gint64 timeout);

/**
 * redis_connection_send:
 * @count: number of words
 * @words: (array length=count): the command
 * @sizes: (array length=count) (nullable): their bytes; %NULL: they are strings
 * @handler: gets the reply
 * @user_data: for @handler
 * @error: %ANNOT_ERROR_NOT_CONNECTED, or %ANNOT_ERROR_TEMPORARY when too much waits already
 *
 * Returns: whether the command was taken, and @handler will be called
 */
gboolean redis_connection_send (RedisConnection *self, guint count, const char *const *words, const gsize *sizes,
                                RedisReplyFunc handler, gpointer user_data, GError **error);
gboolean redis_connection_is_ready (const RedisConnection *self);
/* Returns: (nullable): what the server calls itself (its run_id); NULL when it does not say */
const char *redis_connection_get_server_id (const RedisConnection *self);
/* Bytes of commands that are not answered yet. */
gsize redis_connection_get_waiting (const RedisConnection *self);
/* Ends it: what waits for a reply gets an error, the owner is told. */
void redis_connection_fail (RedisConnection *self, const GError *error);
/* Ends it: what waits for a reply gets an error, the owner is not told. */
void redis_connection_close (RedisConnection *self);
RedisConnection *redis_connection_ref (RedisConnection *self);
void redis_connection_unref (RedisConnection *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (RedisConnection, redis_connection_unref)

/* For redis-greeting.c: what it needs to know, and the end of the greeting. */
RedisConnectionKind redis_connection_get_kind (const RedisConnection *self);
const RedisSettings *redis_connection_get_settings (const RedisConnection *self);
const RedisAddress *redis_connection_get_address (const RedisConnection *self);
void redis_connection_set_server_id (RedisConnection *self, const char *id);
void redis_connection_set_ready (RedisConnection *self);
/* Sends what comes before everything else: account, name, database, and which server this is. */
void redis_connection_greet (RedisConnection *self);

G_END_DECLS
