/* SPDX-License-Identifier: Apache-2.0 */
/* The running daemon: start in order, serve, drain in order. */
#include "annot-service.h"

#include "annot-process.h"
#include "backend/annot-exit-code.h"
#include "http/annot-http-server.h"
#include "pipeline/annot-pipeline.h"

#include <glib-unix.h>
#include <signal.h>
#include <string.h>

/* What signals a process and then its group means one signal. */
#define SAME_REQUEST (250 * G_TIME_SPAN_MILLISECOND)

struct _AnnotService {
  AnnotConfig *config;
  AnnotPipeline *pipeline;
  AnnotHttpServer *http;
  GMainLoop *loop;
  GCancellable *starting;
  GCancellable *draining;
  int exit_code; /* of why the start failed */
  gboolean started;
  gboolean stopping;
  gint64 asked_at; /* when a signal asked for it */
  guint watchdog;
  guint deadline;
  guint signals[3];
};

AnnotService *
annot_service_new (AnnotConfig *config, AnnotStore *store, AnnotState *state, AnnotBroker *broker)
{
  AnnotService *self = g_new0 (AnnotService, 1);

  self->config = g_object_ref (config);
  self->pipeline = annot_pipeline_new (config, store, state, broker);
  self->http = annot_http_server_new (self->pipeline);
  self->loop = g_main_loop_new (NULL, FALSE);
  self->starting = g_cancellable_new ();
  self->draining = g_cancellable_new ();
  return self;
}

void
annot_service_free (AnnotService *self)
{
  for (gsize i = 0; i < G_N_ELEMENTS (self->signals); i++)
    g_clear_handle_id (&self->signals[i], g_source_remove);
  g_clear_handle_id (&self->watchdog, g_source_remove);
  g_clear_handle_id (&self->deadline, g_source_remove);
  g_clear_object (&self->http);
  g_clear_object (&self->pipeline);
  g_clear_object (&self->starting);
  g_clear_object (&self->draining);
  g_clear_object (&self->config);
  g_clear_pointer (&self->loop, g_main_loop_unref);
  g_free (self);
}

static void
pipeline_drained (GObject *source, GAsyncResult *result, gpointer user_data)
{
  AnnotService *self = user_data;
  g_autoptr (GError) error = NULL;

  if (!annot_pipeline_drain_finish (self->pipeline, result, &error))
    g_warning ("the drain was cut short: %s", error->message);
  g_main_loop_quit (self->loop);
}

static void
http_drained (GObject *source, GAsyncResult *result, gpointer user_data)
{
  AnnotService *self = user_data;
  g_autoptr (GError) error = NULL;

  if (!annot_http_server_drain_finish (self->http, result, &error))
    g_warning ("some clients were cut off: %s", error->message);
  annot_pipeline_drain (self->pipeline, self->draining, pipeline_drained, self);
}

static gboolean
give_up_drain (gpointer user_data)
{
  AnnotService *self = user_data;

  g_warning ("the drain took longer than [service] drain-timeout; what is not done now is done by the next start");
  self->deadline = 0;
  g_cancellable_cancel (self->draining);
  g_main_loop_quit (self->loop);
  return G_SOURCE_REMOVE;
}

static gboolean
begin_drain (gpointer user_data)
{
  AnnotService *self = user_data;
  guint seconds = (guint) annot_config_get_integer (self->config, "service", "drain-timeout");

  self->deadline = g_timeout_add_seconds (seconds, give_up_drain, self);
  annot_http_server_drain (self->http, self->draining, http_drained, self);
  return G_SOURCE_REMOVE;
}

/* Not ready from this moment, but still serving: load balancers need drain-delay to notice, and to leave the connections
 * that they keep, since a request on one that ends just then may not be sent again. */
static void
stop (AnnotService *self, guint delay)
{
  self->stopping = TRUE;
  annot_health_monitor_set_draining (annot_pipeline_get_health (self->pipeline));
  annot_process_notify ("STOPPING=1\nSTATUS=Draining");
  if (!self->started) {
    /* start_finished() goes on from here. */
    g_cancellable_cancel (self->starting);
    return;
  }
  g_message ("draining");
  annot_http_server_announce_drain (self->http);
  self->deadline = g_timeout_add_seconds (delay, begin_drain, self);
}

/* Says why the start failed, and keeps the exit code; being stopped while starting is no failure. */
static void
fail (AnnotService *self, const GError *error)
{
  if (self->stopping)
    return;
  g_critical ("%s", error->message);
  self->exit_code = annot_exit_code (error);
}

static gboolean
handle_signal (AnnotService *self, int number)
{
  if (self->stopping && g_get_monotonic_time () - self->asked_at < SAME_REQUEST)
    return G_SOURCE_CONTINUE;
  if (self->stopping) {
    /* Asked twice: end at once, by the signal itself, whatever hangs. */
    g_warning ("second signal: ending without finishing the drain");
    signal (number, SIG_DFL);
    raise (number);
    return G_SOURCE_CONTINUE;
  }
  self->asked_at = g_get_monotonic_time ();
  g_message ("received %s", strsignal (number));
  stop (self, (guint) annot_config_get_integer (self->config, "service", "drain-delay"));
  return G_SOURCE_CONTINUE;
}

static gboolean
handle_term (gpointer user_data)
{
  return handle_signal (user_data, SIGTERM);
}

static gboolean
handle_int (gpointer user_data)
{
  return handle_signal (user_data, SIGINT);
}

static gboolean
handle_hup (gpointer user_data)
{
  return handle_signal (user_data, SIGHUP);
}

/* Where a person finds the page: what is bound, with the port that the kernel chose for port 0. */
static char *
describe_addresses (AnnotService *self)
{
  const char *const *listen = annot_config_get_list (self->config, "http", "listen");
  const char *scheme = annot_config_get_string (self->config, "http", "tls-certificate") ? "https" : "http";
  g_autoptr (GString) out = g_string_new (NULL);

  for (gsize i = 0; listen[i]; i++) {
    g_string_append (out, i ? ", " : "");
    if (g_str_has_prefix (listen[i], "unix:"))
      g_string_append (out, listen[i]);
    else if (g_str_has_suffix (listen[i], ":0"))
      g_string_append_printf (out, "%s://%.*s:%u/", scheme, (int) strlen (listen[i]) - 2, listen[i],
                              annot_http_server_get_port (self->http));
    else
      g_string_append_printf (out, "%s://%s/", scheme, listen[i]);
  }
  return g_string_free (g_steal_pointer (&out), FALSE);
}

static void
accounts_listed (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) accounts = annot_store_list_accounts_finish (ANNOT_STORE (source), result, &error);

  if (accounts && accounts->len == 0)
    g_message ("nobody can sign in yet; make the first account with: annotationctl user add NAME --role admin "
               "--role annotator");
}

static void
http_opened (GObject *source, GAsyncResult *result, gpointer user_data)
{
  AnnotService *self = user_data;
  g_autoptr (GError) error = NULL;
  gboolean opened = annot_http_server_open_finish (self->http, result, &error);
  g_autofree char *addresses = NULL;
  g_autofree char *status = NULL;

  self->started = TRUE;
  if (!opened)
    fail (self, error);
  if (!opened || self->stopping) {
    stop (self, 0);
    return;
  }
  addresses = describe_addresses (self);
  status = g_strdup_printf ("READY=1\nSTATUS=Serving %s", addresses);
  /* Whether it is ready is for /readyz to say. */
  g_message ("serving: %s", addresses);
  annot_process_notify (status);
  annot_store_list_accounts (annot_pipeline_get_store (self->pipeline), NULL, accounts_listed, NULL);
}

static void
start_finished (GObject *source, GAsyncResult *result, gpointer user_data)
{
  AnnotService *self = user_data;
  g_autoptr (GError) error = NULL;

  if (annot_pipeline_start_finish (self->pipeline, result, &error)) {
    annot_http_server_open (self->http, self->starting, http_opened, self);
    return;
  }
  fail (self, error);
  self->started = TRUE;
  stop (self, 0);
}

int
annot_service_run (AnnotService *self)
{
  g_autoptr (GError) error = NULL;

  if (!annot_http_server_listen (self->http, &error)) {
    fail (self, error);
    return self->exit_code;
  }
  self->signals[0] = g_unix_signal_add (SIGTERM, handle_term, self);
  self->signals[1] = g_unix_signal_add (SIGINT, handle_int, self);
  self->signals[2] = g_unix_signal_add (SIGHUP, handle_hup, self);
  self->watchdog = annot_process_start_watchdog ();
  annot_pipeline_start (self->pipeline, self->starting, start_finished, self);
  g_main_loop_run (self->loop);
  g_message ("stopped");
  return self->exit_code;
}
