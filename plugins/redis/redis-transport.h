/* SPDX-License-Identifier: Apache-2.0 */
/* Bytes to and from a server, by TCP, TLS or a Unix socket, without ever blocking. */
#pragma once

#include "redis-settings.h"

G_BEGIN_DECLS

typedef struct RedisTransport RedisTransport;

/**
 * RedisTransportEvents:
 * @connected: bytes can be sent
 * @received: bytes have come
 * @failed: the end; it is closed. Never after redis_transport_close().
 *
 * What a transport tells its owner, always on the main context and never from inside one of its functions.
 */
typedef struct {
  void (*connected) (gpointer user_data);
  void (*received) (const char *data, gsize size, gpointer user_data);
  void (*failed) (const GError *error, gpointer user_data);
} RedisTransportEvents;

/**
 * redis_transport_new:
 * @settings: (transfer none): outlives it
 * @context: where it lives
 * @events: (transfer none): outlives it
 * @user_data: for @events
 *
 * Returns: (transfer full): a transport, not yet connected
 */
RedisTransport *redis_transport_new (const RedisSettings *settings, GMainContext *context,
                                     const RedisTransportEvents *events, gpointer user_data);
/* Once. Whoever calls it bounds the time that it may take. */
void redis_transport_connect (RedisTransport *self, const RedisAddress *address);
/* Appends to what is sent together at the end of this turn of the loop. */
void redis_transport_send (RedisTransport *self, const char *data, gsize size);
/* Sends at once what the kernel takes at once, and closes. No event comes after it. */
void redis_transport_close (RedisTransport *self);
void redis_transport_unref (RedisTransport *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (RedisTransport, redis_transport_unref)

G_END_DECLS
