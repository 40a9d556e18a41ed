/* SPDX-License-Identifier: Apache-2.0 */
/* Asks the sentinels in turn where the master is, as https://redis.io/docs/reference/sentinel-clients/ describes. */
#include "redis-sentinel.h"

/* A sentinel answers at once or is away; the next one is not kept waiting for it. */
#define PATIENCE G_USEC_PER_SEC

struct RedisSentinel {
  const RedisSettings *settings;
  GMainContext *context;
  RedisSentinelFunc found;
  gpointer user_data;
  RedisConnection *connection;
  guint first; /* index of the one that knew last time */
  guint asked; /* how many have been asked this time */
};

static void on_ready (gpointer user_data);
static void on_closed (const GError *error, gpointer user_data);

static const RedisConnectionEvents connection_events = { on_ready, NULL, on_closed };

RedisSentinel *
redis_sentinel_new (const RedisSettings *settings, GMainContext *context, RedisSentinelFunc found, gpointer user_data)
{
  RedisSentinel *self = g_new0 (RedisSentinel, 1);

  self->settings = settings;
  self->context = g_main_context_ref (context);
  self->found = found;
  self->user_data = user_data;
  return self;
}

void
redis_sentinel_stop (RedisSentinel *self)
{
  if (self->connection)
    redis_connection_close (self->connection);
  g_clear_pointer (&self->connection, redis_connection_unref);
}

void
redis_sentinel_free (RedisSentinel *self)
{
  redis_sentinel_stop (self);
  g_main_context_unref (self->context);
  g_free (self);
}

static guint
current (const RedisSentinel *self)
{
  return (self->first + self->asked) % self->settings->sentinels->len;
}

static void
ask_current (RedisSentinel *self)
{
  const RedisAddress *where = g_ptr_array_index (self->settings->sentinels, current (self));

  redis_sentinel_stop (self);
  self->connection
      = redis_connection_new (REDIS_CONNECTION_SENTINEL, self->settings, self->context, &connection_events, self);
  redis_connection_open (self->connection, where, MIN (PATIENCE, self->settings->connect_timeout));
}

void
redis_sentinel_ask (RedisSentinel *self)
{
  self->asked = 0;
  ask_current (self);
}

void
redis_sentinel_pass_over (RedisSentinel *self)
{
  self->first = (self->first + 1) % self->settings->sentinels->len;
}

static void
ask_next (RedisSentinel *self, const GError *error)
{
  g_autoptr (GError) told = NULL;

  if (++self->asked < self->settings->sentinels->len) {
    ask_current (self);
    return;
  }
  redis_sentinel_stop (self);
  told = g_error_new (error->domain, error->code, "%s (asked %u sentinels for the master \"%s\")", error->message,
                      self->settings->sentinels->len, self->settings->master);
  self->found (NULL, told, self->user_data);
}

static void
on_closed (const GError *error, gpointer user_data)
{
  ask_next (user_data, error);
}

/* Returns: (transfer full) (nullable): where the sentinel says the master is */
static RedisAddress *
read_master (RedisSentinel *self, const redisReply *reply, GError **error)
{
  g_autofree char *host = redis_reply_text (reply, 0);
  gint64 port = redis_reply_number (reply, 1);
  RedisAddress *master = NULL;

  if (!redis_reply_check (reply, error))
    return NULL;
  if (reply->type == REDIS_REPLY_NIL) {
    g_set_error (error, ANNOT_ERROR, ANNOT_ERROR_NOT_CONNECTED,
                 "redis: the sentinel knows no master of that name: check [redis] sentinel-master");
    return NULL;
  }
  if (!host || port < 1 || port > G_MAXUINT16) {
    g_propagate_error (error, redis_reply_unexpected ("the question for the master"));
    return NULL;
  }
  master = redis_address_copy (self->settings->address);
  g_free (master->host);
  master->host = g_steal_pointer (&host);
  master->port = (guint16) port;
  return master;
}

static void
on_master (const redisReply *reply, const GError *lost, gpointer user_data)
{
  RedisSentinel *self = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (RedisAddress) master = NULL;

  /* on_closed() goes on from a connection that was lost. */
  if (!reply)
    return;
  master = read_master (self, reply, &error);
  if (!master) {
    ask_next (self, error);
    return;
  }
  self->first = current (self);
  redis_sentinel_stop (self);
  self->found (master, NULL, self->user_data);
}

static void
on_ready (gpointer user_data)
{
  RedisSentinel *self = user_data;
  const char *words[] = { "SENTINEL", "get-master-addr-by-name", self->settings->master };
  g_autoptr (GError) error = NULL;

  if (!redis_connection_send (self->connection, G_N_ELEMENTS (words), words, NULL, on_master, self, &error))
    ask_next (self, error);
}
