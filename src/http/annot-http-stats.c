/* SPDX-License-Identifier: Apache-2.0 */
/* Figures for people: the work done and waiting, the broker's group, the instances. */
#include "annot-answer.h"
#include "annot-http-server.h"
#include "annot-router.h"

#include <json-glib/json-glib.h>

#include "model/annot-json-writer.h"

#define READERS (ANNOT_ROLE_ANNOTATOR | ANNOT_ROLE_ADMIN)

static void
append_counts (GString *out, const char *name, GPtrArray *counts)
{
  guint i;

  annot_answer_raw (out, name, "{");
  for (i = 0; i < counts->len; i++) {
    const AnnotCount *count = g_ptr_array_index (counts, i);

    annot_answer_int (out, count->name, count->count);
  }
  g_string_append_c (out, '}');
}

static void
append_topics (GString *out, AnnotConfig *config)
{
  annot_answer_raw (out, "topics", "{");
  annot_answer_text (out, "hard_examples", annot_config_get_string (config, "broker", "hard-examples-topic"));
  annot_answer_text (out, "labeled_examples", annot_config_get_string (config, "broker", "labeled-examples-topic"));
  annot_answer_text (out, "events", annot_config_get_string (config, "broker", "events-topic"));
  annot_answer_text (out, "dead_letter", annot_config_get_string (config, "broker", "dead-letter-topic"));
  g_string_append_c (out, '}');
}

static void
got_stats (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (AnnotRequest) request = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (AnnotStats) stats = annot_store_get_stats_finish (ANNOT_STORE (source), result, &error);
  AnnotConfig *config = annot_request_get_config (request);
  GString *out;

  if (!stats) {
    annot_request_respond_error (request, error);
    return;
  }
  out = g_string_new ("{");
  annot_answer_int (out, "pending", stats->pending);
  annot_answer_int (out, "leased", stats->leased);
  annot_answer_int (out, "completed", stats->completed);
  annot_answer_int (out, "skipped", stats->skipped);
  annot_answer_int (out, "outgoing", stats->outgoing);
  annot_answer_time (out, "oldest_outgoing", stats->oldest_outgoing);
  annot_answer_int (out, "retry_queue_size", stats->retrying);
  /* The names of the older service. */
  annot_answer_int (out, "pending_examples", stats->pending);
  annot_answer_int (out, "completed_examples", stats->completed);
  append_counts (out, "by_label", stats->by_label);
  append_counts (out, "by_annotator", stats->by_annotator);
  append_counts (out, "by_hour", stats->by_hour);
  append_topics (out, config);
  annot_answer_send (request, 200, out);
}

static void
get_stats (AnnotRequest *request)
{
  annot_store_get_stats (annot_pipeline_get_store (annot_request_get_pipeline (request)),
                         annot_request_get_cancellable (request), got_stats, annot_request_ref (request));
}

static gint
by_topic_and_partition (gconstpointer a, gconstpointer b)
{
  const AnnotPartition *one = *(AnnotPartition *const *) a;
  const AnnotPartition *other = *(AnnotPartition *const *) b;
  int topics = g_strcmp0 (one->topic, other->topic);

  return topics != 0 ? topics : one->partition - other->partition;
}

/* {"hard-examples":[0,1]} */
static void
append_assignment (GString *out, const char *name, GPtrArray *partitions)
{
  const char *topic = NULL;
  guint i;

  annot_answer_raw (out, name, "{");
  for (i = 0; i < partitions->len; i++) {
    const AnnotPartition *partition = g_ptr_array_index (partitions, i);

    if (topic && g_str_equal (topic, partition->topic)) {
      g_string_append_c (out, ',');
    } else {
      if (topic)
        g_string_append_c (out, ']');
      annot_answer_raw (out, partition->topic, "[");
      topic = partition->topic;
    }
    annot_json_append_int (out, partition->partition);
  }
  g_string_append (out, topic ? "]}" : "}");
}

/* {"hard-examples-0":12}; null where the broker does not know. */
static void
append_lag (GString *out, GPtrArray *partitions)
{
  guint i;

  annot_answer_raw (out, "consumer_lag", "{");
  for (i = 0; i < partitions->len; i++) {
    const AnnotPartition *partition = g_ptr_array_index (partitions, i);
    g_autofree char *name = g_strdup_printf ("%s-%d", partition->topic, partition->partition);

    if (partition->lag >= 0)
      annot_answer_int (out, name, partition->lag);
    else
      annot_answer_raw (out, name, "null");
  }
  g_string_append_c (out, '}');
}

/* As the broker says, a number or a list; else the live instances, which are members each. */
static gint64
count_members (JsonObject *metrics, AnnotPresence *presence)
{
  JsonNode *node = json_object_get_member (metrics, "members");

  if (node && JSON_NODE_HOLDS_ARRAY (node))
    return json_array_get_length (json_node_get_array (node));
  if (node && JSON_NODE_HOLDS_VALUE (node))
    return json_node_get_int (node);
  return annot_presence_get_instances (presence)->len;
}

/* The broker's own figures, and over them the names of the older service. */
static void
get_kafka_metrics (AnnotRequest *request)
{
  static const char *const ours[] = { "partition_assignments", "consumer_lag",           "topics", "connection_status",
                                      "consumer_group",        "consumer_group_members", NULL };
  AnnotPipeline *pipeline = annot_request_get_pipeline (request);
  AnnotBroker *broker = annot_pipeline_get_broker (pipeline);
  gboolean healthy = annot_health_monitor_is_healthy (annot_pipeline_get_health (pipeline), ANNOT_PLUGIN_BROKER);
  g_autoptr (JsonObject) metrics = annot_broker_get_metrics (broker);
  g_autoptr (GPtrArray) partitions = annot_broker_get_assignment (broker);
  g_autoptr (JsonNode) node = json_node_init_object (json_node_alloc (), metrics);
  g_autofree char *text = json_to_string (node, FALSE);
  const char *group = json_object_get_string_member_with_default (metrics, "group_id", NULL);
  GString *out = g_string_new ("{");

  g_ptr_array_sort (partitions, by_topic_and_partition);
  annot_answer_text (out, "consumer_group", group);
  annot_answer_int (out, "consumer_group_members", count_members (metrics, annot_pipeline_get_presence (pipeline)));
  append_assignment (out, "partition_assignments", partitions);
  append_lag (out, partitions);
  append_topics (out, annot_request_get_config (request));
  annot_answer_text (out, "connection_status", healthy ? "connected" : "disconnected");
  annot_json_append_members (out, text, ours);
  annot_answer_send (request, 200, out);
}

static void
append_instances (GString *out, GPtrArray *instances)
{
  guint i;

  annot_answer_raw (out, "instances", "[");
  for (i = 0; i < instances->len; i++) {
    const AnnotInstance *instance = g_ptr_array_index (instances, i);

    g_string_append (out, i > 0 ? ",{" : "{");
    annot_answer_text (out, "instance_id", instance->id);
    annot_answer_text (out, "host", instance->host);
    annot_answer_text (out, "version", instance->version);
    annot_answer_time (out, "started_at", instance->started_at);
    annot_answer_int (out, "websocket_connections", instance->connections);
    annot_answer_int (out, "partitions", instance->partitions);
    g_string_append_c (out, '}');
  }
  g_string_append_c (out, ']');
}

static void
get_scaling_info (AnnotRequest *request)
{
  AnnotPipeline *pipeline = annot_request_get_pipeline (request);
  AnnotPresence *presence = annot_pipeline_get_presence (pipeline);
  AnnotHealthMonitor *health = annot_pipeline_get_health (pipeline);
  GPtrArray *instances = annot_presence_get_instances (presence);
  g_autoptr (GPtrArray) partitions = annot_broker_get_assignment (annot_pipeline_get_broker (pipeline));
  gint64 uptime = g_get_real_time () - annot_presence_get_started_at (presence);
  GString *out = g_string_new ("{");

  g_ptr_array_sort (partitions, by_topic_and_partition);
  annot_answer_text (out, "instance_id", annot_presence_get_instance_id (presence));
  annot_answer_int (out, "instance_index", annot_presence_get_index (presence));
  annot_answer_int (out, "total_instances", instances->len);
  append_instances (out, instances);
  annot_answer_int (out, "websocket_connections", annot_presence_get_total_connections (presence));
  annot_answer_int (out, "local_websocket_connections", annot_presence_get_connections (presence));
  append_assignment (out, "consumer_assignments", partitions);
  annot_answer_boolean (out, "redis_connected", annot_health_monitor_is_healthy (health, ANNOT_PLUGIN_STATE));
  annot_answer_boolean (out, "kafka_connected", annot_health_monitor_is_healthy (health, ANNOT_PLUGIN_BROKER));
  annot_json_append_name (out, "uptime_seconds");
  annot_json_append_double (out, (double) MAX (uptime, 0) / G_USEC_PER_SEC);
  annot_answer_send (request, 200, out);
}

const AnnotRoute annot_stats_routes[] = {
  { "GET", "/api/v1/stats", READERS, FALSE, ANNOT_RATE_DEFAULT, ANNOT_BODY_NONE, get_stats,
    "Count examples by state, class, account and hour" },
  { "GET", "/api/v1/kafka/metrics", READERS, FALSE, ANNOT_RATE_DEFAULT, ANNOT_BODY_NONE, get_kafka_metrics,
    "Show group, members, partitions and lag of the broker" },
  { "GET", "/api/v1/scaling/info", READERS, FALSE, ANNOT_RATE_DEFAULT, ANNOT_BODY_NONE, get_scaling_info,
    "Show the live instances and their open pages" },
  { NULL, NULL, 0, FALSE, ANNOT_RATE_NONE, ANNOT_BODY_NONE, NULL, NULL },
};
