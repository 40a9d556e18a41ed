/* SPDX-License-Identifier: Apache-2.0 */
/* Keeps one connection to the master: finds it, connects, and does so again whenever it is lost. */
#include "redis-link.h"

#include "redis-sentinel.h"

/* Full jitter: a random time up to a bound that doubles, so that many instances do not come back all at once. */
#define DELAY_FIRST_MILLISECONDS 100
#define DELAY_LARGEST_MILLISECONDS 2000
#define DOUBLINGS 5

struct RedisLink {
  grefcount refs;
  RedisConnectionKind kind;
  const RedisSettings *settings;
  GMainContext *context;
  const RedisLinkEvents *events;
  gpointer user_data;
  RedisSentinel *sentinel; /* NULL without Sentinel */
  RedisAddress *address;   /* where it is, or was last; NULL while no sentinel has said */
  RedisConnection *connection;
  GSource *again;
  GError *error;
  guint attempts;
  guint times_up;
  gint64 up_at; /* 0: not up */
  gboolean running;
};

static void on_ready (gpointer user_data);
static void on_message (const redisReply *reply, gpointer user_data);
static void on_closed (const GError *error, gpointer user_data);
static void on_found (const RedisAddress *master, const GError *error, gpointer user_data);

static const RedisConnectionEvents connection_events = { on_ready, on_message, on_closed };

RedisLink *
redis_link_new (RedisConnectionKind kind, const RedisSettings *settings, GMainContext *context,
                const RedisLinkEvents *events, gpointer user_data)
{
  RedisLink *self = g_new0 (RedisLink, 1);

  g_ref_count_init (&self->refs);
  self->kind = kind;
  self->settings = settings;
  self->context = g_main_context_ref (context);
  self->events = events;
  self->user_data = user_data;
  if (settings->master)
    self->sentinel = redis_sentinel_new (settings, context, on_found, self);
  else
    self->address = redis_address_copy (settings->address);
  self->error = g_error_new_literal (ANNOT_ERROR, ANNOT_ERROR_NOT_CONNECTED, "redis: not connected yet");
  return self;
}

RedisLink *
redis_link_ref (RedisLink *self)
{
  g_ref_count_inc (&self->refs);
  return self;
}

void
redis_link_unref (RedisLink *self)
{
  if (!g_ref_count_dec (&self->refs))
    return;
  redis_link_stop (self);
  g_clear_pointer (&self->sentinel, redis_sentinel_free);
  g_clear_pointer (&self->address, redis_address_free);
  g_main_context_unref (self->context);
  g_clear_error (&self->error);
  g_free (self);
}

static void
clear_timer (RedisLink *self)
{
  if (self->again)
    g_source_destroy (self->again);
  g_clear_pointer (&self->again, g_source_unref);
}

static void
drop_connection (RedisLink *self)
{
  RedisConnection *connection = g_steal_pointer (&self->connection);

  if (!connection)
    return;
  redis_connection_close (connection);
  redis_connection_unref (connection);
}

static void
connect_to (RedisLink *self, const RedisAddress *address)
{
  drop_connection (self);
  self->connection = redis_connection_new (self->kind, self->settings, self->context, &connection_events, self);
  redis_connection_open (self->connection, address, self->settings->connect_timeout);
}

static void
try_now (RedisLink *self)
{
  if (self->sentinel)
    redis_sentinel_ask (self->sentinel);
  else
    connect_to (self, self->address);
}

static gboolean
on_again (gpointer user_data)
{
  RedisLink *self = user_data;

  clear_timer (self);
  try_now (self);
  return G_SOURCE_REMOVE;
}

static void
try_later (RedisLink *self)
{
  guint bound = MIN (DELAY_FIRST_MILLISECONDS << MIN (self->attempts, DOUBLINGS), DELAY_LARGEST_MILLISECONDS);

  self->attempts++;
  clear_timer (self);
  self->again = g_timeout_source_new ((guint) g_random_int_range (0, (gint32) bound + 1));
  g_source_set_callback (self->again, on_again, self, NULL);
  g_source_set_static_name (self->again, "redis reconnect");
  g_source_attach (self->again, self->context);
}

/* Lost, or not come by: the same for what follows. */
static void
fail (RedisLink *self, const GError *error)
{
  g_autoptr (RedisLink) alive = redis_link_ref (self);

  drop_connection (self);
  if (self->up_at && g_get_monotonic_time () - self->up_at >= REDIS_LINK_STEADY)
    self->attempts = 0;
  else if (self->sentinel)
    redis_sentinel_pass_over (self->sentinel);
  self->up_at = 0;
  g_clear_error (&self->error);
  self->error = g_error_copy (error);
  try_later (self);
  if (self->events->down)
    self->events->down (error, self->user_data);
}

static void
on_closed (const GError *error, gpointer user_data)
{
  fail (user_data, error);
}

static void
on_found (const RedisAddress *master, const GError *error, gpointer user_data)
{
  RedisLink *self = user_data;

  if (!master) {
    fail (self, error);
    return;
  }
  g_clear_pointer (&self->address, redis_address_free);
  self->address = redis_address_copy (master);
  connect_to (self, master);
}

static void
on_ready (gpointer user_data)
{
  g_autoptr (RedisLink) self = redis_link_ref (user_data);

  self->up_at = g_get_monotonic_time ();
  self->times_up++;
  g_clear_error (&self->error);
  if (self->events->up)
    self->events->up (self->user_data);
}

static void
on_message (const redisReply *reply, gpointer user_data)
{
  RedisLink *self = user_data;

  if (self->events->message)
    self->events->message (reply, self->user_data);
}

void
redis_link_start (RedisLink *self)
{
  if (self->running)
    return;
  self->running = TRUE;
  try_now (self);
}

void
redis_link_stop (RedisLink *self)
{
  self->running = FALSE;
  clear_timer (self);
  if (self->sentinel)
    redis_sentinel_stop (self->sentinel);
  drop_connection (self);
}

gboolean
redis_link_send (RedisLink *self, guint count, const char *const *words, const gsize *sizes, RedisReplyFunc handler,
                 gpointer user_data, GError **error)
{
  if (redis_link_is_up (self))
    return redis_connection_send (self->connection, count, words, sizes, handler, user_data, error);
  g_set_error (error, ANNOT_ERROR, ANNOT_ERROR_NOT_CONNECTED, "%s",
               self->error ? self->error->message : "redis: not connected");
  return FALSE;
}

void
redis_link_distrust (RedisLink *self, const GError *error)
{
  g_autoptr (RedisLink) alive = redis_link_ref (self);

  if (!redis_link_is_up (self))
    return;
  redis_connection_fail (self->connection, error);
  if (self->running && self->events->distrusted)
    self->events->distrusted (error, self->user_data);
}

gboolean
redis_link_is_up (const RedisLink *self)
{
  return self->connection && redis_connection_is_ready (self->connection);
}

gboolean
redis_link_is_with (const RedisLink *self, const RedisLink *other)
{
  const char *own = redis_connection_get_server_id (self->connection);
  const char *others = redis_connection_get_server_id (other->connection);
  g_autofree char *here = redis_link_describe (self);
  g_autofree char *there = redis_link_describe (other);

  return own && others ? g_str_equal (own, others) : g_str_equal (here, there);
}

char *
redis_link_describe (const RedisLink *self)
{
  if (!self->address)
    return g_strdup_printf ("the master \"%s\" of Sentinel", self->settings->master);
  return redis_address_describe (self->address);
}

guint
redis_link_get_reconnects (const RedisLink *self)
{
  return self->times_up > 1 ? self->times_up - 1 : 0;
}

gsize
redis_link_get_waiting (const RedisLink *self)
{
  return self->connection ? redis_connection_get_waiting (self->connection) : 0;
}
