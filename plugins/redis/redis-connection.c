/* SPDX-License-Identifier: Apache-2.0 */
/* One connection that speaks RESP: commands go out together, replies come back in order, each with a deadline. */
#include "redis-connection.h"

#include "redis-transport.h"

/* How often the deadlines are looked at. */
#define TICK_MILLISECONDS 500
/* A connection that has been silent for so long is asked whether it still is one. */
#define PING_AFTER (5 * G_USEC_PER_SEC)
#define LARGEST_ARRAY (1024 * 1024)
/* So much at a time is given to the reader, which moves all that it still has with every reply that it gives. */
#define SLICE 8192

/* A command whose reply is yet to come. */
typedef struct {
  RedisReplyFunc handler;
  gpointer user_data;
  gint64 deadline;
  gsize size;
} Waiting;

struct RedisConnection {
  grefcount refs;
  RedisConnectionKind kind;
  const RedisSettings *settings;
  const RedisConnectionEvents *events;
  gpointer user_data;
  RedisAddress *address;
  char *server_id;
  RedisTransport *transport;
  redisReader *reader;
  gsize unread; /* bytes that have come since the last whole reply */
  GQueue waiting;
  gsize waiting_bytes;
  GSource *clock;
  gint64 patience;    /* how long opening may take */
  gint64 ready_until; /* when it has taken too long */
  gint64 heard_at;
  gboolean connected;
  gboolean ready;
  gboolean closed;
  gboolean disowned; /* its owner wants to hear no more */
};

static void on_connected (gpointer user_data);
static void on_received (const char *data, gsize size, gpointer user_data);
static void on_failed (const GError *error, gpointer user_data);

static const RedisTransportEvents transport_events = { on_connected, on_received, on_failed };

static gboolean on_tick (gpointer user_data);

RedisConnection *
redis_connection_new (RedisConnectionKind kind, const RedisSettings *settings, GMainContext *context,
                      const RedisConnectionEvents *events, gpointer user_data)
{
  RedisConnection *self = g_new0 (RedisConnection, 1);

  g_ref_count_init (&self->refs);
  self->kind = kind;
  self->settings = settings;
  self->events = events;
  self->user_data = user_data;
  self->transport = redis_transport_new (settings, context, &transport_events, self);
  self->reader = redisReaderCreate ();
#if HIREDIS_MAJOR >= 1
  self->reader->maxelements = LARGEST_ARRAY;
#endif
  g_queue_init (&self->waiting);
  self->clock = g_timeout_source_new (TICK_MILLISECONDS);
  g_source_set_callback (self->clock, on_tick, self, NULL);
  g_source_attach (self->clock, context);
  return self;
}

RedisConnection *
redis_connection_ref (RedisConnection *self)
{
  g_ref_count_inc (&self->refs);
  return self;
}

void
redis_connection_unref (RedisConnection *self)
{
  if (!g_ref_count_dec (&self->refs))
    return;
  redis_connection_close (self);
  redis_transport_unref (self->transport);
  redisReaderFree (self->reader);
  g_clear_pointer (&self->address, redis_address_free);
  g_free (self->server_id);
  g_free (self);
}

/* What waits may have happened or not: only a timeout says so by its code, and the messages do. */
static void
answer_all (RedisConnection *self, const GError *error)
{
  AnnotError code
      = g_error_matches (error, ANNOT_ERROR, ANNOT_ERROR_TIMEOUT) ? ANNOT_ERROR_TIMEOUT : ANNOT_ERROR_NOT_CONNECTED;
  g_autoptr (GError) told
      = g_error_new (ANNOT_ERROR, (int) code, "%s; whether the command took effect is not known", error->message);
  Waiting *waiting = NULL;

  while ((waiting = g_queue_pop_head (&self->waiting))) {
    g_autofree Waiting *owned = waiting;

    owned->handler (NULL, self->ready ? told : error, owned->user_data);
  }
  self->waiting_bytes = 0;
}

static void
end (RedisConnection *self, const GError *error)
{
  self->closed = TRUE;
  redis_transport_close (self->transport);
  g_source_destroy (self->clock);
  g_clear_pointer (&self->clock, g_source_unref);
  answer_all (self, error);
}

void
redis_connection_fail (RedisConnection *self, const GError *error)
{
  g_autoptr (RedisConnection) alive = redis_connection_ref (self);

  if (self->closed)
    return;
  end (self, error);
  if (!self->disowned)
    self->events->closed (error, self->user_data);
}

void
redis_connection_close (RedisConnection *self)
{
  g_autoptr (GError) error = NULL;

  self->disowned = TRUE;
  if (self->closed)
    return;
  error = g_error_new_literal (ANNOT_ERROR, ANNOT_ERROR_NOT_CONNECTED, "redis: the connection was closed");
  end (self, error);
}

static void
on_failed (const GError *error, gpointer user_data)
{
  redis_connection_fail (user_data, error);
}

static void
on_connected (gpointer user_data)
{
  /* A command that cannot be sent ends the connection, and its owner lets go of it. */
  g_autoptr (RedisConnection) self = redis_connection_ref (user_data);

  self->connected = TRUE;
  self->heard_at = g_get_monotonic_time ();
  redis_connection_greet (self);
}

void
redis_connection_open (RedisConnection *self, const RedisAddress *address, gint64 timeout)
{
  self->address = redis_address_copy (address);
  self->patience = timeout;
  self->ready_until = g_get_monotonic_time () + timeout;
  redis_transport_connect (self->transport, address);
}

/* Sending */

gboolean
redis_connection_send (RedisConnection *self, guint count, const char *const *words, const gsize *sizes,
                       RedisReplyFunc handler, gpointer user_data, GError **error)
{
  char *command = NULL;
  gint64 size = 0;
  Waiting *waiting = NULL;

  if (self->closed || !self->connected) {
    g_set_error (error, ANNOT_ERROR, ANNOT_ERROR_NOT_CONNECTED, "redis: not connected");
    return FALSE;
  }
  size = redisFormatCommandArgv (&command, (int) count, (const char **) words, sizes);
  if (size < 0 || self->waiting_bytes + (gsize) size > self->settings->output_limit) {
    g_set_error (error, ANNOT_ERROR, ANNOT_ERROR_TEMPORARY,
                 "redis: %" G_GSIZE_FORMAT " bytes of commands wait for their answers ([redis] output-limit)",
                 self->waiting_bytes);
    redisFreeCommand (command);
    return FALSE;
  }
  waiting = g_new (Waiting, 1);
  waiting->handler = handler;
  waiting->user_data = user_data;
  waiting->deadline = g_get_monotonic_time () + self->settings->command_timeout;
  waiting->size = (gsize) size;
  g_queue_push_tail (&self->waiting, waiting);
  self->waiting_bytes += (gsize) size;
  redis_transport_send (self->transport, command, (gsize) size);
  redisFreeCommand (command);
  return TRUE;
}

/* Receiving */

static void
answer_next (RedisConnection *self, const redisReply *reply)
{
  g_autofree Waiting *waiting = g_queue_pop_head (&self->waiting);
  g_autoptr (GError) error = NULL;

  if (waiting) {
    self->waiting_bytes -= waiting->size;
    waiting->handler (reply, NULL, waiting->user_data);
    return;
  }
  /* Said before it hangs up: too many clients, protected mode. */
  if (redis_reply_check (reply, &error))
    error = redis_reply_unexpected ("nothing");
  redis_connection_fail (self, error);
}

static void
take_reply (RedisConnection *self, const redisReply *reply)
{
  if (self->kind == REDIS_CONNECTION_SUBSCRIPTIONS && redis_reply_element_is (reply, 0, "message"))
    self->events->message (reply, self->user_data);
  else
    answer_next (self, reply);
}

/* Takes the next whole reply out of what has come. Returns: FALSE when there is none */
static gboolean
read_reply (RedisConnection *self)
{
  g_autoptr (GError) error = NULL;
  void *reply = NULL;

  if (redisReaderGetReply (self->reader, &reply) != REDIS_OK) {
    error = g_error_new (ANNOT_ERROR, ANNOT_ERROR_TEMPORARY,
                         "redis: what came is not the protocol of Redis: %s (is it one, and without TLS?)",
                         self->reader->errstr);
    redis_connection_fail (self, error);
    return FALSE;
  }
  if (!reply)
    return FALSE;
  self->unread = self->reader->len - self->reader->pos;
  take_reply (self, reply);
  freeReplyObject (reply);
  return !self->closed;
}

static void
take_slice (RedisConnection *self, const char *data, gsize size)
{
  g_autoptr (GError) error = NULL;

  self->unread += size;
  if (self->unread > self->settings->message_limit + size || redisReaderFeed (self->reader, data, size) != REDIS_OK) {
    error = g_error_new (ANNOT_ERROR, ANNOT_ERROR_TEMPORARY,
                         "redis: a message is larger than %" G_GSIZE_FORMAT " bytes ([redis] message-limit)",
                         self->settings->message_limit);
    redis_connection_fail (self, error);
    return;
  }
  while (read_reply (self))
    ;
}

static void
on_received (const char *data, gsize size, gpointer user_data)
{
  g_autoptr (RedisConnection) self = redis_connection_ref (user_data);

  self->heard_at = g_get_monotonic_time ();
  for (gsize at = 0; at < size && !self->closed; at += SLICE)
    take_slice (self, data + at, MIN (size - at, SLICE));
}

/* Deadlines */

static void
on_pong (const redisReply *reply, const GError *error, gpointer user_data)
{
  RedisConnection *self = user_data;
  g_autoptr (GError) refused = NULL;

  if (reply && !redis_reply_check (reply, &refused))
    redis_connection_fail (self, refused);
}

static void
time_out (RedisConnection *self, gint64 timeout, const char *what)
{
  g_autofree char *where = redis_address_describe (self->address);
  g_autoptr (GError) error = g_error_new (ANNOT_ERROR, ANNOT_ERROR_TIMEOUT, "redis: no %s from %s within %.3g s%s",
                                          what, where, (double) timeout / G_USEC_PER_SEC,
                                          self->address->tls && !self->connected ? " (is its port one for TLS?)" : "");

  redis_connection_fail (self, error);
}

static gboolean
on_tick (gpointer user_data)
{
  static const char *const ping[] = { "PING" };
  g_autoptr (RedisConnection) self = redis_connection_ref (user_data);
  const Waiting *first = g_queue_peek_head (&self->waiting);
  gint64 now = g_get_monotonic_time ();

  if (!self->address)
    return G_SOURCE_CONTINUE;
  if (!self->ready && now >= self->ready_until)
    time_out (self, self->patience, "welcome");
  else if (first && now >= first->deadline)
    time_out (self, self->settings->command_timeout, "answer");
  else if (self->ready && !first && now - self->heard_at >= PING_AFTER)
    redis_connection_send (self, 1, ping, NULL, on_pong, self, NULL);
  return self->closed ? G_SOURCE_REMOVE : G_SOURCE_CONTINUE;
}

/* State */

void
redis_connection_set_ready (RedisConnection *self)
{
  if (self->closed || self->ready)
    return;
  self->ready = TRUE;
  self->events->ready (self->user_data);
}

gboolean
redis_connection_is_ready (const RedisConnection *self)
{
  return self->ready && !self->closed;
}

void
redis_connection_set_server_id (RedisConnection *self, const char *id)
{
  g_free (self->server_id);
  self->server_id = g_strdup (id);
}

const char *
redis_connection_get_server_id (const RedisConnection *self)
{
  return self->server_id;
}

gsize
redis_connection_get_waiting (const RedisConnection *self)
{
  return self->waiting_bytes;
}

RedisConnectionKind
redis_connection_get_kind (const RedisConnection *self)
{
  return self->kind;
}

const RedisSettings *
redis_connection_get_settings (const RedisConnection *self)
{
  return self->settings;
}

const RedisAddress *
redis_connection_get_address (const RedisConnection *self)
{
  return self->address;
}
