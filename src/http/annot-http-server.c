/* SPDX-License-Identifier: Apache-2.0 */
/* The HTTP side as a whole: listeners, connections, identity, hub. */
#include "annot-http-server.h"

#include "annot-connection.h"
#include "annot-dispatch.h"
#include "annot-listener.h"

/* How long requests may go on once a drain has begun. */
#define DRAIN_MICROSECONDS (10 * G_USEC_PER_SEC)
#define DRAIN_TICK_MICROSECONDS (50 * 1000)
/* Bodies of all requests together: some of the largest kind, however many clients send at once. */
#define BODY_BUDGET_MESSAGES 16

struct _AnnotHttpServer {
  GObject parent_instance;

  AnnotPipeline *pipeline;
  AnnotConfig *config;
  AnnotPoller *poller;
  AnnotListener *listener;
  AnnotTransport transport;
  AnnotDispatch dispatch;
  AnnotTimer drain_timer;
  gint64 drain_deadline;
  GTask *drain;
};

G_DEFINE_FINAL_TYPE (AnnotHttpServer, annot_http_server, G_TYPE_OBJECT)

static void
annot_http_server_dispose (GObject *object)
{
  AnnotHttpServer *self = ANNOT_HTTP_SERVER (object);
  if (self->poller != NULL) {
    annot_poller_disarm (self->poller, &self->drain_timer);
    annot_transport_close_all (&self->transport);
  }
  /* The hub's sockets have their place in the listener's count. */
  if (self->dispatch.hub != NULL) {
    annot_hub_close_all (self->dispatch.hub);
  }
  g_clear_object (&self->dispatch.hub);
  g_clear_object (&self->dispatch.identity);
  g_clear_pointer (&self->dispatch.rates, annot_rate_limit_free);
  g_clear_pointer (&self->dispatch.statics, annot_static_free);
  g_clear_pointer (&self->listener, annot_listener_free);
  g_clear_object (&self->transport.certificate);
  g_clear_pointer (&self->poller, annot_poller_unref);
  g_clear_object (&self->pipeline);
  g_clear_object (&self->config);
  G_OBJECT_CLASS (annot_http_server_parent_class)->dispose (object);
}

static void
annot_http_server_class_init (AnnotHttpServerClass *klass)
{
  G_OBJECT_CLASS (klass)->dispose = annot_http_server_dispose;
}

static void
annot_http_server_init (AnnotHttpServer *self)
{
  g_queue_init (&self->transport.connections);
}

/**
 * annot_http_server_new:
 * @pipeline: what it serves; need not have been started
 *
 * Returns: (transfer full): a server that does not listen yet
 */
AnnotHttpServer *
annot_http_server_new (AnnotPipeline *pipeline)
{
  AnnotHttpServer *self = g_object_new (ANNOT_TYPE_HTTP_SERVER, NULL);
  g_autoptr (GError) error = NULL;
  self->pipeline = g_object_ref (pipeline);
  self->config = g_object_ref (annot_pipeline_get_config (pipeline));
  self->poller = annot_poller_new (NULL, &error);
  if (self->poller == NULL) {
    g_error ("%s", error->message); /* no descriptor at the very start: nothing could work */
  }
  self->dispatch.config = self->config;
  self->dispatch.identity = annot_identity_new (pipeline);
  self->dispatch.hub = annot_hub_new (pipeline, self->dispatch.identity, self->poller);
  self->dispatch.rates = annot_rate_limit_new (self->config, annot_pipeline_get_state (pipeline), self->poller);
  return self;
}

static gint64
timeout (AnnotHttpServer *self, const char *key)
{
  return annot_config_get_integer (self->config, "http", key) * G_USEC_PER_SEC;
}

static gboolean
load_certificate (AnnotHttpServer *self, GError **error)
{
  const char *certificate = annot_config_get_string (self->config, "http", "tls-certificate");
  const char *key = annot_config_get_string (self->config, "http", "tls-key");
  if (certificate == NULL || key == NULL) {
    return TRUE;
  }
  if (!g_tls_backend_supports_tls (g_tls_backend_get_default ())) {
    g_propagate_error (error, annot_config_error (self->config, "http", "tls-certificate",
                                                  "TLS is not available: install the package glib-networking"));
    return FALSE;
  }
  g_autoptr (GError) reason = NULL;
  self->transport.certificate = g_tls_certificate_new_from_files (certificate, key, &reason);
  if (self->transport.certificate == NULL) {
    g_propagate_error (error, annot_config_error (self->config, "http", "tls-certificate",
                                                  "certificate and key must be readable PEM files that fit: %s",
                                                  reason->message));
    return FALSE;
  }
  return TRUE;
}

static void
accept_request (AnnotRequest *request, gpointer user_data)
{
  AnnotHttpServer *self = user_data;
  annot_dispatch_accept (request, &self->dispatch);
}

static gboolean
trusts (const char *address, gpointer user_data)
{
  AnnotHttpServer *self = user_data;
  return annot_listener_trusts (self->listener, address);
}

static void
set_up_transport (AnnotHttpServer *self)
{
  AnnotTransport *transport = &self->transport;
  transport->poller = self->poller;
  transport->server = self;
  transport->pipeline = self->pipeline;
  transport->header_timeout = timeout (self, "header-timeout");
  transport->body_timeout = timeout (self, "body-timeout");
  transport->handler_timeout = timeout (self, "handler-timeout");
  transport->write_timeout = timeout (self, "write-timeout");
  transport->idle_timeout = timeout (self, "idle-timeout");
  transport->body_budget
      = BODY_BUDGET_MESSAGES * (gsize)annot_config_get_integer (self->config, "limits", "message-bytes");
  transport->accept = accept_request;
  transport->trusts = trusts;
  transport->user_data = self;
}

static void
accepted (AnnotChannel *channel, gpointer user_data)
{
  AnnotHttpServer *self = user_data;
  annot_connection_start (&self->transport, channel);
}

static gboolean
bind_all (AnnotHttpServer *self, GError **error)
{
  int adopted = annot_listener_adopt_systemd (self->listener, error);
  if (adopted != 0) {
    return adopted > 0;
  }
  const char *const *addresses = annot_config_get_list (self->config, "http", "listen");
  for (; *addresses != NULL; addresses++) {
    if (!annot_listener_bind (self->listener, *addresses, error)) {
      return FALSE;
    }
  }
  return TRUE;
}

gboolean
annot_http_server_listen (AnnotHttpServer *self, GError **error)
{
  g_return_val_if_fail (self->listener == NULL, FALSE);
  AnnotListenerLimits limits = {
    .max_connections = (guint)annot_config_get_integer (self->config, "http", "max-connections"),
    .max_per_address = (guint)annot_config_get_integer (self->config, "http", "max-connections-per-address"),
    .backlog = (int)annot_config_get_integer (self->config, "http", "backlog"),
    .reuse_port = annot_config_get_boolean (self->config, "http", "reuse-port"),
    .trusted_proxies = annot_config_get_list (self->config, "http", "trusted-proxies"),
  };
  set_up_transport (self);
  self->dispatch.statics = annot_static_new (annot_config_get_string (self->config, "http", "web-dir"));
  self->listener = annot_listener_new (self->poller, &limits, accepted, self);
  return load_certificate (self, error) && bind_all (self, error);
}

static void
identity_started (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  AnnotHttpServer *self = g_task_get_source_object (task);
  GError *error = NULL;
  if (!annot_identity_start_finish (ANNOT_IDENTITY (source), result, &error)) {
    g_task_return_error (task, error);
    return;
  }
  self->dispatch.is_open = TRUE;
  annot_health_monitor_set_started (annot_pipeline_get_health (self->transport.pipeline));
  g_task_return_boolean (task, TRUE);
}

void
annot_http_server_open (AnnotHttpServer *self, GCancellable *cancellable, GAsyncReadyCallback callback,
                        gpointer user_data)
{
  GTask *task = g_task_new (self, cancellable, callback, user_data);
  annot_identity_start (self->dispatch.identity, cancellable, identity_started, task);
}

gboolean
annot_http_server_open_finish (AnnotHttpServer *self, GAsyncResult *result, GError **error)
{
  return g_task_propagate_boolean (G_TASK (result), error);
}

static void
check_drained (AnnotTimer *timer)
{
  AnnotHttpServer *self = (AnnotHttpServer *)((char *)timer - G_STRUCT_OFFSET (AnnotHttpServer, drain_timer));
  gint64 now = g_get_monotonic_time ();
  if (self->transport.connections.length > 0 && now < self->drain_deadline) {
    annot_poller_arm (self->poller, timer, now + DRAIN_TICK_MICROSECONDS);
    return;
  }
  annot_transport_close_all (&self->transport);
  g_autoptr (GTask) task = g_steal_pointer (&self->drain);
  g_task_return_boolean (task, TRUE);
}

static void
hub_drained (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (AnnotHttpServer) self = user_data;
  (void)annot_hub_drain_finish (ANNOT_HUB (source), result, NULL);
  check_drained (&self->drain_timer);
}

void
annot_http_server_announce_drain (AnnotHttpServer *self)
{
  self->transport.says_close = TRUE;
}

void
annot_http_server_drain (AnnotHttpServer *self, GCancellable *cancellable, GAsyncReadyCallback callback,
                         gpointer user_data)
{
  GTask *task = g_task_new (self, cancellable, callback, user_data);
  if (self->drain != NULL || self->listener == NULL) {
    g_task_return_boolean (task, TRUE);
    g_object_unref (task);
    return;
  }
  self->drain = task;
  self->drain_timer.func = check_drained;
  self->drain_deadline = g_get_monotonic_time () + DRAIN_MICROSECONDS;
  annot_listener_take_waiting (self->listener);
  annot_listener_close (self->listener);
  annot_transport_drain (&self->transport);
  annot_hub_drain (self->dispatch.hub, NULL, hub_drained, g_object_ref (self));
}

gboolean
annot_http_server_drain_finish (AnnotHttpServer *self, GAsyncResult *result, GError **error)
{
  return g_task_propagate_boolean (G_TASK (result), error);
}

guint16
annot_http_server_get_port (AnnotHttpServer *self)
{
  return self->listener != NULL ? annot_listener_get_port (self->listener) : 0;
}

void
annot_http_server_get_counters (AnnotHttpServer *self, AnnotHttpCounters *counters)
{
  *counters = (AnnotHttpCounters){ .requests = self->transport.requests, .timeouts = self->transport.timeouts };
  for (guint i = 0; i < G_N_ELEMENTS (counters->by_class); i++) {
    counters->by_class[i] = self->transport.by_class[i];
  }
  if (self->listener != NULL) {
    counters->connections = annot_listener_get_connections (self->listener);
    counters->accepted = annot_listener_get_accepted (self->listener);
    counters->refused = annot_listener_get_refused (self->listener);
  }
}

AnnotIdentity *
annot_http_server_get_identity (AnnotHttpServer *self)
{
  return self->dispatch.identity;
}

AnnotHub *
annot_http_server_get_hub (AnnotHttpServer *self)
{
  return self->dispatch.hub;
}
