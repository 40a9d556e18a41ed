/* SPDX-License-Identifier: Apache-2.0 */
/* Topics of a cluster. */
#include "kafka-tool.h"

#define MOST_PARTITIONS 10000

rd_kafka_event_t *
kafka_tool_wait (KafkaTool *self, GError **error)
{
  g_autoptr (GTimer) timer = g_timer_new ();

  while (g_timer_elapsed (timer, NULL) < self->timeout) {
    rd_kafka_event_t *event = rd_kafka_queue_poll (self->queue, 200);

    if (event && !rd_kafka_event_error (event))
      return event;
    if (event) {
      kafka_tool_fail (error, "%s", rd_kafka_event_error_string (event));
      rd_kafka_event_destroy (event);
      return NULL;
    }
  }
  kafka_tool_fail (error, "no answer within %d seconds", self->timeout);
  return NULL;
}

static gboolean
check_topics (const rd_kafka_topic_result_t **results, size_t count, GError **error)
{
  for (size_t i = 0; i < count; i++) {
    if (rd_kafka_topic_result_error (results[i]))
      return kafka_tool_fail (error, "%s: %s", rd_kafka_topic_result_name (results[i]),
                              rd_kafka_topic_result_error_string (results[i]));
  }
  return TRUE;
}

static gboolean
wait_for_topics (KafkaTool *self, GError **error)
{
  rd_kafka_event_t *event = kafka_tool_wait (self, error);
  const rd_kafka_topic_result_t **results = NULL;
  size_t count = 0;
  gboolean good;

  if (!event)
    return FALSE;
  if (rd_kafka_event_CreateTopics_result (event))
    results = rd_kafka_CreateTopics_result_topics (rd_kafka_event_CreateTopics_result (event), &count);
  else if (rd_kafka_event_CreatePartitions_result (event))
    results = rd_kafka_CreatePartitions_result_topics (rd_kafka_event_CreatePartitions_result (event), &count);
  else if (rd_kafka_event_DeleteTopics_result (event))
    results = rd_kafka_DeleteTopics_result_topics (rd_kafka_event_DeleteTopics_result (event), &count);
  good = check_topics (results, count, error);
  rd_kafka_event_destroy (event);
  return good;
}

static rd_kafka_NewTopic_t *
make_topic (KafkaTool *self, const char *name, int partitions, GError **error)
{
  char reason[256];
  rd_kafka_NewTopic_t *topic = rd_kafka_NewTopic_new (name, partitions, -1, reason, sizeof reason);

  if (!topic) {
    kafka_tool_fail (error, "%s: %s", name, reason);
    return NULL;
  }
  for (char **config = self->topic_config; config && *config; config++) {
    g_auto (GStrv) parts = g_strsplit (*config, "=", 2);

    rd_kafka_NewTopic_set_config (topic, parts[0], parts[1]);
  }
  return topic;
}

gboolean
kafka_tool_create (KafkaTool *self, char **arguments, GError **error)
{
  g_autoptr (GPtrArray) topics = g_ptr_array_new_with_free_func ((GDestroyNotify) rd_kafka_NewTopic_destroy);

  for (guint i = 0; arguments[i] && arguments[i + 1]; i += 2) {
    rd_kafka_NewTopic_t *topic = NULL;
    gint64 partitions = 0;

    if (kafka_tool_number (arguments[i + 1], 1, &partitions, error))
      topic = make_topic (self, arguments[i], (int) MIN (partitions, MOST_PARTITIONS), error);
    if (!topic)
      return FALSE;
    g_ptr_array_add (topics, topic);
  }
  rd_kafka_CreateTopics (self->handle, (rd_kafka_NewTopic_t **) topics->pdata, topics->len, NULL, self->queue);
  return wait_for_topics (self, error);
}

gboolean
kafka_tool_add_partitions (KafkaTool *self, char **arguments, GError **error)
{
  rd_kafka_NewPartitions_t *added = NULL;
  char reason[256];
  gint64 total = 0;

  if (!kafka_tool_number (arguments[1], 1, &total, error))
    return FALSE;
  added = rd_kafka_NewPartitions_new (arguments[0], (size_t) MIN (total, MOST_PARTITIONS), reason, sizeof reason);
  if (!added)
    return kafka_tool_fail (error, "%s: %s", arguments[0], reason);
  rd_kafka_CreatePartitions (self->handle, &added, 1, NULL, self->queue);
  rd_kafka_NewPartitions_destroy (added);
  return wait_for_topics (self, error);
}

gboolean
kafka_tool_delete (KafkaTool *self, char **arguments, GError **error)
{
  g_autoptr (GPtrArray) topics = g_ptr_array_new_with_free_func ((GDestroyNotify) rd_kafka_DeleteTopic_destroy);

  for (guint i = 0; arguments[i]; i++)
    g_ptr_array_add (topics, rd_kafka_DeleteTopic_new (arguments[i]));
  rd_kafka_DeleteTopics (self->handle, (rd_kafka_DeleteTopic_t **) topics->pdata, topics->len, NULL, self->queue);
  return wait_for_topics (self, error);
}

static const struct rd_kafka_metadata *
ask_metadata (KafkaTool *self, rd_kafka_topic_t *topic, GError **error)
{
  const struct rd_kafka_metadata *metadata = NULL;
  rd_kafka_resp_err_t code = rd_kafka_metadata (self->handle, 0, topic, &metadata, self->timeout * 1000);

  if (code)
    kafka_tool_fail (error, "%s", rd_kafka_err2str (code));
  return metadata;
}

gboolean
kafka_tool_brokers (KafkaTool *self, char **arguments, GError **error)
{
  const struct rd_kafka_metadata *metadata = ask_metadata (self, NULL, error);

  if (!metadata)
    return FALSE;
  g_print ("%d\n", metadata->broker_cnt);
  rd_kafka_metadata_destroy (metadata);
  return TRUE;
}

gboolean
kafka_tool_partitions (KafkaTool *self, char **arguments, GError **error)
{
  rd_kafka_topic_t *topic = rd_kafka_topic_new (self->handle, arguments[0], NULL);
  const struct rd_kafka_metadata *metadata = ask_metadata (self, topic, error);
  gboolean good = FALSE;

  if (metadata && metadata->topic_cnt == 1 && metadata->topics[0].err)
    kafka_tool_fail (error, "%s: %s", arguments[0], rd_kafka_err2str (metadata->topics[0].err));
  else if (metadata && metadata->topic_cnt == 1)
    good = TRUE;
  if (good)
    g_print ("%d\n", metadata->topics[0].partition_cnt);
  if (metadata)
    rd_kafka_metadata_destroy (metadata);
  rd_kafka_topic_destroy (topic);
  return good;
}
