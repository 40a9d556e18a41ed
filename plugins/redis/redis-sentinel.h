/* SPDX-License-Identifier: Apache-2.0 */
/* Asks the sentinels in turn where the master is. */
#pragma once

#include "redis-connection.h"

G_BEGIN_DECLS

typedef struct RedisSentinel RedisSentinel;

/**
 * RedisSentinelFunc:
 * @master: (nullable): where it is; %NULL: nobody says
 * @error: (nullable): what the last of them said
 * @user_data: as given
 *
 * The answer, on the main context. The search is over and may be freed.
 */
typedef void (*RedisSentinelFunc) (const RedisAddress *master, const GError *error, gpointer user_data);

/**
 * redis_sentinel_new:
 * @settings: (transfer none): outlives it
 * @context: where it lives
 * @found: gets each answer
 * @user_data: for @found
 *
 * Returns: (transfer full): who asks, once for each redis_sentinel_ask()
 */
RedisSentinel *redis_sentinel_new (const RedisSettings *settings, GMainContext *context, RedisSentinelFunc found,
                                   gpointer user_data);
/* Asks anew, the sentinel that knew last time first. An earlier question is dropped. */
void redis_sentinel_ask (RedisSentinel *self);
/* Where it said did not serve, or the sentinel itself: the next one is asked first. */
void redis_sentinel_pass_over (RedisSentinel *self);
/* Drops the question. */
void redis_sentinel_stop (RedisSentinel *self);
void redis_sentinel_free (RedisSentinel *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (RedisSentinel, redis_sentinel_free)

G_END_DECLS
