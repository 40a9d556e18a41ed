/* SPDX-License-Identifier: Apache-2.0 */
/* What librdkafka counts: brokers, partitions, queues. Its STATISTICS.md describes the text. */
#include "kafka-statistics.h"

#include <string.h>

char *
kafka_partition_key (const char *topic, int partition)
{
  return g_strdup_printf ("%s %d", topic, partition);
}

static gint64
get_number (JsonObject *object, const char *name)
{
  return json_object_get_int_member_with_default (object, name, -1);
}

/* Brokers are named in the configuration, learned from others, or stand for a role ("logical") that one of the others
 * has. */
static void
take_brokers (KafkaStatistics *self, JsonObject *brokers)
{
  JsonObjectIter iter;
  JsonNode *node = NULL;

  json_object_iter_init (&iter, brokers);
  while (json_object_iter_next (&iter, NULL, &node)) {
    JsonObject *broker = json_node_get_object (node);
    gboolean up = g_str_equal (json_object_get_string_member_with_default (broker, "state", ""), "UP");

    self->received += MAX (get_number (broker, "rx"), 0);
    if (g_str_equal (json_object_get_string_member_with_default (broker, "source", ""), "logical"))
      continue;
    self->brokers++;
    self->brokers_up += up;
  }
}

/* The library's own lag is unknown (-1) until an offset is stored. Before that it is what is behind the committed
 * offset or, in a partition of which nothing was committed nor handed on, behind where reading begins. */
static gint64
find_lag (JsonObject *partition, gint64 committed, gint64 end)
{
  gint64 stored = get_number (partition, "consumer_lag_stored");
  gint64 from = committed;

  if (stored >= 0)
    return stored;
  /* Nothing was ever written to it. */
  if (end == 0)
    return 0;
  if (from < 0 && get_number (partition, "app_offset") < 0)
    from = get_number (partition, "next_offset");
  return from >= 0 && end >= from ? end - from : -1;
}

/* With a refusal comes -1 as the end; before the first answer there is another negative number. */
static gboolean
is_refused (JsonObject *partition)
{
  return g_str_equal (json_object_get_string_member_with_default (partition, "fetch_state", ""), "active")
         && json_object_get_int_member_with_default (partition, "hi_offset", 0) == -1;
}

static void
take_partitions (KafkaStatistics *self, const char *topic, JsonObject *partitions)
{
  JsonObjectIter iter;
  JsonNode *node = NULL;

  json_object_iter_init (&iter, partitions);
  while (json_object_iter_next (&iter, NULL, &node)) {
    JsonObject *object = json_node_get_object (node);
    gint64 number = get_number (object, "partition");
    AnnotPartition *partition = NULL;

    /* -1 is where messages wait that have no partition yet. */
    if (number < 0)
      continue;
    self->unreadable |= is_refused (object);
    partition = annot_partition_new (topic, (int) number);
    /* Negative numbers say why there is none. */
    partition->offset = MAX (get_number (object, "committed_offset"), -1);
    partition->end = MAX (get_number (object, "hi_offset"), -1);
    partition->lag = find_lag (object, partition->offset, partition->end);
    g_hash_table_replace (self->partitions, kafka_partition_key (topic, (int) number), partition);
  }
}

static void
take_topics (KafkaStatistics *self, JsonObject *topics)
{
  JsonObjectIter iter;
  const char *name = NULL;
  JsonNode *node = NULL;

  json_object_iter_init (&iter, topics);
  while (json_object_iter_next (&iter, &name, &node)) {
    JsonObject *topic = json_node_get_object (node);

    if (json_object_has_member (topic, "partitions"))
      take_partitions (self, name, json_object_get_object_member (topic, "partitions"));
  }
}

KafkaStatistics *
kafka_statistics_parse (const char *json, gsize length)
{
  g_autoptr (JsonParser) parser = json_parser_new_immutable ();
  g_autoptr (KafkaStatistics) self = NULL;
  JsonObject *root = NULL;
  JsonNode *node = NULL;

  if (!json_parser_load_from_data (parser, json, (gssize) length, NULL))
    return NULL;
  node = json_parser_get_root (parser);
  if (!node || !JSON_NODE_HOLDS_OBJECT (node))
    return NULL;
  root = json_node_get_object (node);
  self = g_new0 (KafkaStatistics, 1);
  self->partitions = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, (GDestroyNotify) annot_partition_free);
  self->queued = MAX (get_number (root, "msg_cnt"), 0);
  if (json_object_has_member (root, "brokers"))
    take_brokers (self, json_object_get_object_member (root, "brokers"));
  if (json_object_has_member (root, "topics"))
    take_topics (self, json_object_get_object_member (root, "topics"));
  return g_steal_pointer (&self);
}

void
kafka_statistics_free (KafkaStatistics *self)
{
  g_hash_table_unref (self->partitions);
  g_free (self);
}
