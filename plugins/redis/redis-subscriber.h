/* SPDX-License-Identifier: Apache-2.0 */
/* The subscribed channels: kept over interruptions, after which a gap is reported. */
#pragma once

#include "redis-link.h"

G_BEGIN_DECLS

typedef struct RedisSubscriber RedisSubscriber;

/**
 * RedisSubscriberEvents:
 * @up: it is connected
 * @down: it is not
 * @message: a message of a channel, by the name that was subscribed
 * @gap: all channels are heard again: messages may be missing
 *
 * What it tells its owner.
 */
typedef struct {
  void (*up) (gpointer user_data);
  void (*down) (const GError *error, gpointer user_data);
  void (*message) (const char *channel, GBytes *data, gpointer user_data);
  void (*gap) (gpointer user_data);
} RedisSubscriberEvents;

/**
 * redis_subscriber_new:
 * @settings: (transfer none): outlives it
 * @context: where it lives
 * @events: (transfer none): outlives it
 * @user_data: for @events
 *
 * Returns: (transfer full): a subscriber with a link of its own, started
 */
RedisSubscriber *redis_subscriber_new (const RedisSettings *settings, GMainContext *context,
                                       const RedisSubscriberEvents *events, gpointer user_data);

/**
 * redis_subscriber_add:
 * @channel: as the core calls it
 * @task: (transfer full): answered with TRUE once the channel is heard, or at once while the server is away: the
 * channel is remembered then, and a gap is reported when it is heard
 */
void redis_subscriber_add (RedisSubscriber *self, const char *channel, GTask *task);
RedisLink *redis_subscriber_get_link (RedisSubscriber *self);
/* Whether the server has confirmed every channel, on the present connection. */
gboolean redis_subscriber_is_heard (RedisSubscriber *self);
guint redis_subscriber_get_size (RedisSubscriber *self);
/* Ends it; no event comes after it. */
void redis_subscriber_stop (RedisSubscriber *self);
void redis_subscriber_unref (RedisSubscriber *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (RedisSubscriber, redis_subscriber_unref)

G_END_DECLS
