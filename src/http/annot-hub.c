/* SPDX-License-Identifier: Apache-2.0 */
/* All WebSockets of this instance: who they are, what they all get, how they are counted and drained. */
#include "annot-hub-private.h"

/* How long writing to all may keep the loop before others have their turn. */
#define FLUSH_SLICE_MICROSECONDS (4 * 1000)

#define DRAIN_MICROSECONDS (5 * G_USEC_PER_SEC)
#define DRAIN_TICK_MICROSECONDS (100 * 1000)
#define DRAIN_BATCHES 16

static const char moved_notice[]
    = "{\"type\":\"deprecation_notice\",\"message\":\"This WebSocket has moved to /ws/v1/examples\","
      "\"new_endpoint\":\"/ws/v1/examples\"}";

G_DEFINE_FINAL_TYPE (AnnotHub, annot_hub, G_TYPE_OBJECT)

static void
count_changed (AnnotHub *self)
{
  if (self->presence != NULL) {
    annot_presence_set_connections (self->presence, self->sockets->len);
  }
}

static void
add_socket (AnnotHub *self, AnnotWebSocket *socket)
{
  annot_websocket_set_index (socket, self->sockets->len);
  g_ptr_array_add (self->sockets, socket);
  self->opened++;
  count_changed (self);
}

static void
socket_gone (AnnotWebSocket *socket, gpointer user_data)
{
  AnnotHub *self = user_data;
  guint index = annot_websocket_get_index (socket);
  g_ptr_array_remove_index_fast (self->sockets, index);
  if (index < self->sockets->len) {
    annot_websocket_set_index (g_ptr_array_index (self->sockets, index), index);
    if (self->flush_left > 0) {
      self->flush_left = self->sockets->len; /* the one that moved may not have had its turn: once more around */
    }
  }
  self->flush_left = MIN (self->flush_left, self->sockets->len);
  count_changed (self);
}

/* Writes to as many as fit into a slice of time; the rest in the next turns. */
static void
flush_some (AnnotHub *self)
{
  gint64 began = g_get_monotonic_time ();
  gint64 now = began;
  while (self->flush_left > 0 && now - began < FLUSH_SLICE_MICROSECONDS) {
    for (guint i = 0; i < 32 && self->flush_left > 0; i++) {
      self->flush_left--;
      if (self->flush_next >= self->sockets->len) {
        self->flush_next = 0;
      }
      annot_websocket_flush (g_ptr_array_index (self->sockets, self->flush_next++));
    }
    now = g_get_monotonic_time ();
  }
  /* What is broadcast meanwhile gathers, and shares the next write. */
  if (self->flush_left > 0) {
    annot_poller_defer (self->poller, &self->flushing);
  }
}

static void
flush_deferred (AnnotDeferred *deferred)
{
  flush_some ((AnnotHub *)((char *)deferred - G_STRUCT_OFFSET (AnnotHub, flushing)));
}

void
annot_hub_broadcast (AnnotHub *self, GBytes *text)
{
  gsize length;
  gconstpointer data = g_bytes_get_data (text, &length);
  if (self->sockets->len == 0) {
    return;
  }
  annot_broadcast_append (&self->shared.broadcast, data, length);
  self->sent_messages += self->sockets->len;
  self->flush_left = self->sockets->len;
  annot_poller_defer (self->poller, &self->flushing);
}

static void
event_happened (AnnotNotifier *notifier, GBytes *text, AnnotHub *self)
{
  annot_hub_broadcast (self, text);
}

static void
personal_happened (AnnotNotifier *notifier, const char *account, GBytes *text, AnnotHub *self)
{
  gsize length;
  gconstpointer data = g_bytes_get_data (text, &length);
  for (guint i = 0; i < self->sockets->len; i++) {
    AnnotWebSocket *socket = g_ptr_array_index (self->sockets, i);
    const AnnotCaller *caller = annot_websocket_get_caller (socket);
    if (caller != NULL && g_strcmp0 (caller->account, account) == 0) {
      annot_websocket_send (socket, data, length);
      self->sent_messages++;
    }
  }
}

static void
session_revoked (AnnotIdentity *identity, const char *jti, const char *account, AnnotHub *self)
{
  for (guint i = 0; i < self->sockets->len; i++) {
    AnnotWebSocket *socket = g_ptr_array_index (self->sockets, i);
    const AnnotCaller *caller = annot_websocket_get_caller (socket);
    if (caller == NULL) {
      continue;
    }
    gboolean is_meant = jti != NULL ? g_strcmp0 (caller->session, jti) == 0 : g_strcmp0 (caller->account, account) == 0;
    if (is_meant) {
      annot_websocket_close (socket, ANNOT_CLOSE_INVALID_TOKEN, "the session has ended");
    }
  }
}

static void
checked_again (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (AnnotWebSocketHandle) handle = user_data;
  g_autoptr (GError) error = NULL;
  gboolean is_good = annot_identity_check_again_finish (ANNOT_IDENTITY (source), result, &error);
  /* While the store is away nobody is sent off. */
  if (!is_good && error == NULL && handle->socket != NULL) {
    annot_websocket_close (handle->socket, ANNOT_CLOSE_INVALID_TOKEN, "the API token has ended");
  }
}

/* A session's end is announced; that of an API token is looked up, when there is news of its account and with each ping. */
static void
check_token (AnnotWebSocket *socket, gpointer user_data)
{
  AnnotHub *self = user_data;
  const AnnotCaller *caller = annot_websocket_get_caller (socket);
  if (self->identity != NULL && caller != NULL && caller->token != NULL) {
    annot_identity_check_again (self->identity, caller, ANNOT_WEBSOCKET_ROLES, self->cancellable, checked_again,
                                annot_websocket_get_handle (socket));
  }
}

static void
tokens_changed (AnnotIdentity *identity, const char *account, AnnotHub *self)
{
  for (guint i = 0; i < self->sockets->len; i++) {
    AnnotWebSocket *socket = g_ptr_array_index (self->sockets, i);
    const AnnotCaller *caller = annot_websocket_get_caller (socket);
    if (caller != NULL && (account == NULL || g_strcmp0 (caller->account, account) == 0)) {
      check_token (socket, self);
    }
  }
}

static void
annot_hub_dispose (GObject *object)
{
  AnnotHub *self = ANNOT_HUB (object);
  if (self->poller != NULL) {
    g_cancellable_cancel (self->cancellable);
    annot_hub_close_all (self);
    annot_poller_disarm (self->poller, &self->drain_timer);
    annot_poller_undefer (self->poller, &self->flushing);
    annot_broadcast_clear (&self->shared.broadcast);
  }
  g_clear_pointer (&self->sockets, g_ptr_array_unref);
  g_clear_object (&self->cancellable);
  g_clear_object (&self->notifier);
  g_clear_object (&self->desk);
  g_clear_object (&self->presence);
  g_clear_object (&self->identity);
  g_clear_pointer (&self->poller, annot_poller_unref);
  G_OBJECT_CLASS (annot_hub_parent_class)->dispose (object);
}

static void
annot_hub_class_init (AnnotHubClass *klass)
{
  G_OBJECT_CLASS (klass)->dispose = annot_hub_dispose;
}

static void
annot_hub_init (AnnotHub *self)
{
  self->sockets = g_ptr_array_new ();
  self->cancellable = g_cancellable_new ();
  self->flushing.func = flush_deferred;
}

static void
set_limits (AnnotHub *self, AnnotConfig *config)
{
  AnnotWebSocketShared *shared = &self->shared;
  shared->message_limit = (gsize)annot_config_get_integer (config, "http", "ws-message-limit");
  shared->queue_limit = (gsize)annot_config_get_integer (config, "http", "ws-queue-bytes");
  shared->ping_interval = annot_config_get_integer (config, "http", "ws-ping-seconds") * G_USEC_PER_SEC;
  shared->pong_timeout = annot_config_get_integer (config, "http", "ws-pong-seconds") * G_USEC_PER_SEC;
}

/**
 * annot_hub_new:
 * @pipeline: (nullable): %NULL in a measurement: nothing comes by itself, and the limits are the defaults
 * @identity: (nullable): tells of sessions that have ended
 * @poller: where the sockets are
 *
 * Returns: (transfer full): a hub without sockets
 */
AnnotHub *
annot_hub_new (AnnotPipeline *pipeline, AnnotIdentity *identity, AnnotPoller *poller)
{
  AnnotHub *self = g_object_new (ANNOT_TYPE_HUB, NULL);
  self->poller = annot_poller_ref (poller);
  self->shared = (AnnotWebSocketShared){
    .poller = poller,
    .message = annot_hub_handle_message,
    .gone = socket_gone,
    .pinged = check_token,
    .user_data = self,
    .message_limit = 64 * 1024,
    .queue_limit = 1024 * 1024,
    .ping_interval = 25 * G_USEC_PER_SEC,
    .pong_timeout = 8 * G_USEC_PER_SEC,
  };
  annot_broadcast_init (&self->shared.broadcast);
  if (pipeline != NULL) {
    set_limits (self, annot_pipeline_get_config (pipeline));
    self->notifier = g_object_ref (annot_pipeline_get_notifier (pipeline));
    self->desk = g_object_ref (annot_pipeline_get_desk (pipeline));
    self->presence = g_object_ref (annot_pipeline_get_presence (pipeline));
    g_signal_connect_object (self->notifier, "event", G_CALLBACK (event_happened), self, 0);
    g_signal_connect_object (self->notifier, "personal", G_CALLBACK (personal_happened), self, 0);
  }
  if (identity != NULL) {
    g_signal_connect_object (identity, "revoked", G_CALLBACK (session_revoked), self, 0);
    g_signal_connect_object (identity, "tokens-changed", G_CALLBACK (tokens_changed), self, 0);
    self->identity = g_object_ref (identity);
  }
  return self;
}

void
annot_hub_adopt (AnnotHub *self, AnnotChannel *channel, AnnotCaller *caller, GBytes *rest)
{
  AnnotWebSocket *socket = annot_websocket_new (&self->shared, channel, caller, rest);
  add_socket (self, socket);
  if (self->notifier != NULL) {
    g_autoptr (GBytes) hello = annot_notifier_hello (self->notifier);
    gsize length;
    gconstpointer data = g_bytes_get_data (hello, &length);
    annot_websocket_send (socket, data, length);
  }
  if (self->drain != NULL) {
    annot_websocket_close (socket, ANNOT_CLOSE_SHUTDOWN, "the service is stopping");
  }
}

void
annot_hub_turn_away (AnnotHub *self, AnnotChannel *channel)
{
  AnnotWebSocket *socket = annot_websocket_new (&self->shared, channel, NULL, NULL);
  add_socket (self, socket);
  annot_websocket_send (socket, moved_notice, sizeof moved_notice - 1);
  annot_websocket_close (socket, ANNOT_CLOSE_MOVED, "moved to /ws/v1/examples");
}

void
annot_hub_close_all (AnnotHub *self)
{
  while (self->sockets->len > 0) {
    annot_websocket_cut (g_ptr_array_index (self->sockets, self->sockets->len - 1));
  }
}

/* A part of them in every tick: pages that all come back at once would fall upon the other instances. */
static void
drain_some (AnnotTimer *timer)
{
  AnnotHub *self = (AnnotHub *)((char *)timer - G_STRUCT_OFFSET (AnnotHub, drain_timer));
  gint64 now = g_get_monotonic_time ();
  if (now >= self->drain_deadline) {
    annot_hub_close_all (self);
  }
  if (self->sockets->len == 0) {
    g_autoptr (GTask) task = g_steal_pointer (&self->drain);
    g_task_return_boolean (task, TRUE);
    return;
  }
  /* Those that are closing already are passed over. */
  guint last = self->sockets->len;
  guint closed = 0;
  while (last > 0 && closed < self->drain_batch) {
    closed += annot_websocket_begin_shutdown (g_ptr_array_index (self->sockets, --last));
  }
  gint64 jitter = g_random_int_range (0, DRAIN_TICK_MICROSECONDS);
  annot_poller_arm (self->poller, timer, now + DRAIN_TICK_MICROSECONDS / 2 + jitter);
}

void
annot_hub_drain (AnnotHub *self, GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data)
{
  g_autoptr (GTask) task = g_task_new (self, cancellable, callback, user_data);
  if (self->drain != NULL) {
    g_task_return_boolean (task, TRUE);
    return;
  }
  self->drain = g_steal_pointer (&task);
  self->drain_timer.func = drain_some;
  self->drain_deadline = g_get_monotonic_time () + DRAIN_MICROSECONDS;
  self->drain_batch = self->sockets->len / DRAIN_BATCHES + 8;
  drain_some (&self->drain_timer);
}

gboolean
annot_hub_drain_finish (AnnotHub *self, GAsyncResult *result, GError **error)
{
  return g_task_propagate_boolean (G_TASK (result), error);
}

void
annot_hub_get_counters (AnnotHub *self, AnnotHubCounters *counters)
{
  *counters = (AnnotHubCounters){
    .connections = self->sockets->len,
    .opened = self->opened,
    .sent_messages = self->sent_messages,
    .sent_bytes = self->shared.sent_bytes,
    .closed_slow = self->shared.closed_slow,
    .closed_no_pong = self->shared.closed_no_pong,
  };
}
