/* SPDX-License-Identifier: Apache-2.0 */
/* Keeps one connection to the master: finds it, connects, and does so again whenever it is lost. */
#pragma once

#include "redis-connection.h"

G_BEGIN_DECLS

typedef struct RedisLink RedisLink;

/* A connection that has lasted so long was one: a server that greets and then refuses is not asked faster for it, nor
 * named more often. Microseconds. */
#define REDIS_LINK_STEADY (5 * G_USEC_PER_SEC)

/**
 * RedisLinkEvents:
 * @up: (nullable): commands are taken
 * @down: (nullable): it was lost, or an attempt to connect has failed; it is tried again
 * @distrusted: (nullable): after @down, when redis_link_distrust() was why
 * @message: (nullable): as in #RedisConnectionEvents
 *
 * What a link tells its owner, on the main context.
 */
typedef struct {
  void (*up) (gpointer user_data);
  void (*down) (const GError *error, gpointer user_data);
  void (*distrusted) (const GError *error, gpointer user_data);
  void (*message) (const redisReply *reply, gpointer user_data);
} RedisLinkEvents;

/**
 * redis_link_new:
 * @kind: what for
 * @settings: (transfer none): outlives it
 * @context: where it lives
 * @events: (transfer none): outlives it
 * @user_data: for @events
 *
 * Returns: (transfer full): a link, not yet started
 */
RedisLink *redis_link_new (RedisConnectionKind kind, const RedisSettings *settings, GMainContext *context,
                           const RedisLinkEvents *events, gpointer user_data);
void redis_link_start (RedisLink *self);
/* Ends the connection and the attempts; what waits for a reply gets an error. No event comes after it. */
void redis_link_stop (RedisLink *self);
/* As redis_connection_send(); while the link is down the error says why. */
gboolean redis_link_send (RedisLink *self, guint count, const char *const *words, const gsize *sizes,
                          RedisReplyFunc handler, gpointer user_data, GError **error);
/* Gives the connection up, because of what was answered on it, and finds the master again. */
void redis_link_distrust (RedisLink *self, const GError *error);
gboolean redis_link_is_up (const RedisLink *self);
/* Whether both are connected to one server; by what it calls itself, or else by its address. */
gboolean redis_link_is_with (const RedisLink *self, const RedisLink *other);
/* Returns: (transfer full): where it is connected to, or was to be */
char *redis_link_describe (const RedisLink *self);
/* How often it has come up again. */
guint redis_link_get_reconnects (const RedisLink *self);
/* Bytes of commands that are not answered yet. */
gsize redis_link_get_waiting (const RedisLink *self);
RedisLink *redis_link_ref (RedisLink *self);
void redis_link_unref (RedisLink *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (RedisLink, redis_link_unref)

G_END_DECLS
