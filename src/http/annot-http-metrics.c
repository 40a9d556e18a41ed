/* SPDX-License-Identifier: Apache-2.0 */
/* Figures for machines: the text format of Prometheus. */
#include "annot-answer.h"
#include "annot-http-server.h"
#include "annot-router.h"

#include <stdio.h>
#include <sys/resource.h>
#include <unistd.h>

/* The head of a family: what it counts, and as what. */
static void
family (GString *out, const char *name, const char *type, const char *help)
{
  g_string_append_printf (out, "# HELP annotationd_%s %s\n# TYPE annotationd_%s %s\n", name, help, name, type);
}

static void
sample (GString *out, const char *name, const char *labels, double value)
{
  char number[G_ASCII_DTOSTR_BUF_SIZE];

  g_string_append_printf (out, "annotationd_%s%s %s\n", name, labels, g_ascii_dtostr (number, sizeof (number), value));
}

static void
one (GString *out, const char *name, const char *type, const char *help, double value)
{
  family (out, name, type, help);
  sample (out, name, "", value);
}

/* A label's value with `\`, `"` and line feed escaped, as the format wants it. */
static void
append_label (GString *out, const char *name, const char *value)
{
  g_string_append_printf (out, "%s=\"", name);
  for (; *value; value++) {
    if (*value == '\\' || *value == '"')
      g_string_append_c (out, '\\');
    if (*value == '\n')
      g_string_append (out, "\\n");
    else
      g_string_append_c (out, *value);
  }
  g_string_append_c (out, '"');
}

static void
append_build (GString *out, AnnotPresence *presence)
{
  g_autoptr (GString) labels = g_string_new ("{");

  append_label (labels, "version", PACKAGE_VERSION);
  g_string_append_c (labels, ',');
  append_label (labels, "instance_id", annot_presence_get_instance_id (presence));
  g_string_append_c (labels, '}');
  family (out, "build_info", "gauge", "Version and id of this instance.");
  sample (out, "build_info", labels->str, 1);
  one (out, "start_time_seconds", "gauge", "When this instance started, seconds since 1970.",
       (double) annot_presence_get_started_at (presence) / G_USEC_PER_SEC);
}

static void
append_http (GString *out, AnnotHttpServer *server)
{
  AnnotHttpCounters counters;
  guint i;

  annot_http_server_get_counters (server, &counters);
  one (out, "http_connections", "gauge", "Open connections, without WebSockets.", counters.connections);
  one (out, "http_connections_accepted_total", "counter", "Connections accepted.", (double) counters.accepted);
  one (out, "http_connections_refused_total", "counter", "Connections refused at a limit.", (double) counters.refused);
  one (out, "http_timeouts_total", "counter", "Connections closed at a deadline.", (double) counters.timeouts);
  family (out, "http_requests_total", "counter", "Requests answered, by class of status.");
  for (i = 1; i < G_N_ELEMENTS (counters.by_class); i++) {
    char labels[32];

    g_snprintf (labels, sizeof (labels), "{class=\"%uxx\"}", i);
    sample (out, "http_requests_total", labels, (double) counters.by_class[i]);
  }
}

static void
append_hub (GString *out, AnnotHub *hub, AnnotPresence *presence)
{
  AnnotHubCounters counters;

  annot_hub_get_counters (hub, &counters);
  one (out, "websocket_connections", "gauge", "Open WebSockets of this instance.", counters.connections);
  one (out, "websocket_connections_all_instances", "gauge", "Open WebSockets of all live instances.",
       annot_presence_get_total_connections (presence));
  one (out, "websocket_opened_total", "counter", "WebSockets opened.", (double) counters.opened);
  one (out, "websocket_messages_sent_total", "counter", "Messages sent to pages.", (double) counters.sent_messages);
  one (out, "websocket_sent_bytes_total", "counter", "Bytes sent to pages.", (double) counters.sent_bytes);
  family (out, "websocket_closed_total", "counter", "WebSockets closed by the server, by reason.");
  sample (out, "websocket_closed_total", "{reason=\"slow\"}", (double) counters.closed_slow);
  sample (out, "websocket_closed_total", "{reason=\"no_pong\"}", (double) counters.closed_no_pong);
  one (out, "instances", "gauge", "Live instances.", annot_presence_get_instances (presence)->len);
}

static void
append_ingest (GString *out, AnnotIngest *ingest, AnnotNotifier *notifier)
{
  AnnotIngestCounters counters;

  annot_ingest_get_counters (ingest, &counters);
  one (out, "ingest_consumed_total", "counter", "Messages taken from the broker.", (double) counters.consumed);
  one (out, "ingest_stored_total", "counter", "Examples stored as new.", (double) counters.stored);
  one (out, "ingest_known_total", "counter", "Examples that were there already.", (double) counters.known);
  one (out, "ingest_dead_lettered_total", "counter", "Messages sent to the dead-letter topic.",
       (double) counters.dead_lettered);
  one (out, "ingest_batches_total", "counter", "Batches written to the store.", (double) counters.batches);
  one (out, "ingest_store_retries_total", "counter", "Batches that the store refused for a time.",
       (double) counters.store_retries);
  one (out, "ingest_in_flight", "gauge", "Messages taken and not yet done.", counters.in_flight);
  one (out, "ingest_paused", "gauge", "1 while intake waits for the store.", counters.paused ? 1 : 0);
  one (out, "notifier_gaps_total", "counter", "Gaps in the notifications, found and filled.",
       (double) annot_notifier_get_gaps (notifier));
}

static void
append_relay (GString *out, AnnotRelay *relay)
{
  AnnotRelayCounters counters;

  annot_relay_get_counters (relay, &counters);
  one (out, "relay_published_total", "counter", "Outgoing messages confirmed by the broker.",
       (double) counters.published);
  one (out, "relay_failed_total", "counter", "Attempts to publish that failed.", (double) counters.failed);
  one (out, "relay_in_flight", "gauge", "Outgoing messages that await confirmation.", counters.in_flight);
}

static void
append_backends (GString *out, AnnotHealthMonitor *health)
{
  guint i;

  family (out, "backend_up", "gauge", "1 while the backend is healthy.");
  for (i = ANNOT_PLUGIN_STORE; i <= ANNOT_PLUGIN_BROKER; i++) {
    g_autofree char *labels = g_strdup_printf ("{backend=\"%s\"}", annot_plugin_class_to_string ((AnnotPluginClass) i));

    sample (out, "backend_up", labels, annot_health_monitor_is_healthy (health, (AnnotPluginClass) i) ? 1 : 0);
  }
  one (out, "ready", "gauge", "1 while /readyz answers 200.", annot_health_monitor_is_ready (health) ? 1 : 0);
}

static void
append_lag (GString *out, AnnotBroker *broker)
{
  g_autoptr (GPtrArray) partitions = annot_broker_get_assignment (broker);
  guint i;

  one (out, "consumer_partitions", "gauge", "Partitions that this instance consumes.", partitions->len);
  family (out, "consumer_lag", "gauge", "Messages between the stored offset and the end of a partition.");
  for (i = 0; i < partitions->len; i++) {
    const AnnotPartition *partition = g_ptr_array_index (partitions, i);
    g_autoptr (GString) labels = g_string_new ("{");

    if (partition->lag < 0)
      continue;
    append_label (labels, "topic", partition->topic);
    g_string_append_printf (labels, ",partition=\"%d\"}", partition->partition);
    sample (out, "consumer_lag", labels->str, (double) partition->lag);
  }
}

static guint
count_descriptors (void)
{
  g_autoptr (GDir) folder = g_dir_open ("/proc/self/fd", 0, NULL);
  guint count = 0;

  while (folder && g_dir_read_name (folder))
    count++;
  return count;
}

static void
append_process (GString *out)
{
  g_autofree char *statm = NULL;
  g_auto (GStrv) fields = NULL;
  guint64 pages = 0;
  struct rusage usage;

  if (getrusage (RUSAGE_SELF, &usage) == 0)
    one (out, "process_cpu_seconds_total", "counter", "Processor time, user and system.",
         (double) (usage.ru_utime.tv_sec + usage.ru_stime.tv_sec)
             + (double) (usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / G_USEC_PER_SEC);
  if (g_file_get_contents ("/proc/self/statm", &statm, NULL, NULL))
    fields = g_strsplit (statm, " ", 3);
  if (fields && g_strv_length (fields) > 1 && g_ascii_string_to_unsigned (fields[1], 10, 0, G_MAXUINT32, &pages, NULL))
    one (out, "process_resident_memory_bytes", "gauge", "Resident memory.",
         (double) pages * (double) sysconf (_SC_PAGESIZE));
  one (out, "process_open_fds", "gauge", "Open file descriptors.", count_descriptors ());
}

static void
append_stats (GString *out, const AnnotStats *stats)
{
  gint64 age = stats->oldest_outgoing > 0 ? g_get_real_time () - stats->oldest_outgoing : 0;

  family (out, "examples", "gauge", "Examples in the store, by state.");
  sample (out, "examples", "{status=\"pending\"}", (double) stats->pending);
  sample (out, "examples", "{status=\"leased\"}", (double) stats->leased);
  sample (out, "examples", "{status=\"completed\"}", (double) stats->completed);
  sample (out, "examples", "{status=\"skipped\"}", (double) stats->skipped);
  one (out, "outbox_messages", "gauge", "Messages in the outbox.", (double) stats->outgoing);
  one (out, "outbox_retrying_messages", "gauge", "Messages in the outbox that have failed at least once.",
       (double) stats->retrying);
  one (out, "outbox_oldest_age_seconds", "gauge", "Age of the oldest message in the outbox.",
       (double) MAX (age, 0) / G_USEC_PER_SEC);
}

static void
got_stats (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (AnnotRequest) request = user_data;
  AnnotPipeline *pipeline = annot_request_get_pipeline (request);
  AnnotHttpServer *server = annot_request_get_server (request);
  AnnotPresence *presence = annot_pipeline_get_presence (pipeline);
  g_autoptr (AnnotStats) stats = annot_store_get_stats_finish (ANNOT_STORE (source), result, NULL);
  GString *out = g_string_sized_new (8192);
  g_autoptr (GBytes) body = NULL;

  append_build (out, presence);
  append_http (out, server);
  append_hub (out, annot_http_server_get_hub (server), presence);
  append_ingest (out, annot_pipeline_get_ingest (pipeline), annot_pipeline_get_notifier (pipeline));
  append_relay (out, annot_pipeline_get_relay (pipeline));
  append_backends (out, annot_pipeline_get_health (pipeline));
  append_lag (out, annot_pipeline_get_broker (pipeline));
  append_process (out);
  /* A store that is away takes its own figures with it, not the others. */
  if (stats)
    append_stats (out, stats);
  body = g_string_free_to_bytes (out);
  annot_request_set_header (request, "Cache-Control", "no-store");
  annot_request_respond (request, 200, "text/plain; version=0.0.4; charset=utf-8", body);
}

static gboolean
is_allowed (AnnotRequest *request)
{
  const char *const *allowed = annot_config_get_list (annot_request_get_config (request), "http", "metrics-allow");
  g_autoptr (GInetAddress) address = g_inet_address_new_from_string (annot_request_get_client (request));

  for (; address && *allowed; allowed++) {
    g_autoptr (GInetAddressMask) mask = g_inet_address_mask_new_from_string (*allowed, NULL);

    if (mask && g_inet_address_mask_matches (mask, address))
      return TRUE;
  }
  return FALSE;
}

static void
get_metrics (AnnotRequest *request)
{
  if (!is_allowed (request))
    annot_request_respond_problem (request, 403, "[http] metrics-allow does not name this address", NULL);
  else
    annot_store_get_stats (annot_pipeline_get_store (annot_request_get_pipeline (request)),
                           annot_request_get_cancellable (request), got_stats, annot_request_ref (request));
}

const AnnotRoute annot_metrics_routes[] = {
  { "GET", "/metrics", 0, TRUE, ANNOT_RATE_NONE, ANNOT_BODY_NONE, get_metrics, "Show figures for Prometheus" },
  { NULL, NULL, 0, FALSE, ANNOT_RATE_NONE, ANNOT_BODY_NONE, NULL, NULL },
};
