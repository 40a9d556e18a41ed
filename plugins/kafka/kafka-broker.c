/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A broker that is a Kafka cluster. There are two clients of librdkafka, one that consumes and one that produces; each
 * has threads of its own, and speaks to the main context by events. Offsets are stored by the core alone, and committed
 * each second and whenever partitions go.
 */
#include "kafka-broker.h"

#include "kafka-consumer.h"
#include "kafka-producer.h"

struct _KafkaBroker {
  AnnotBroker parent_instance;

  KafkaSettings *settings;
  KafkaConsumer *consumer;
  KafkaProducer *producer;
  gboolean consuming;
};

G_DEFINE_FINAL_TYPE (KafkaBroker, kafka_broker, ANNOT_TYPE_BROKER)

static gboolean
kafka_broker_configure (AnnotBroker *broker, AnnotConfig *config, GError **error)
{
  KafkaBroker *self = KAFKA_BROKER (broker);

  self->settings = kafka_settings_new (config, error);
  return self->settings != NULL;
}

static void
drop_parts (KafkaBroker *self)
{
  g_clear_pointer (&self->consumer, kafka_consumer_free);
  g_clear_pointer (&self->producer, kafka_producer_free);
}

static void
kafka_broker_open (AnnotBroker *broker, GTask *task_owned)
{
  KafkaBroker *self = KAFKA_BROKER (broker);
  g_autoptr (GTask) task = task_owned;
  g_autoptr (GError) error = NULL;

  drop_parts (self);
  self->consuming = FALSE;
  self->producer = kafka_producer_new (broker, self->settings, g_task_get_context (task), &error);
  if (!self->producer) {
    g_task_return_error (task, g_steal_pointer (&error));
    return;
  }
  self->consumer = kafka_consumer_new (broker, self->settings, g_task_get_context (task));
  g_task_return_boolean (task, TRUE);
}

/* Both clients end side by side. */

static void
part_closed (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  guint *left = g_task_get_task_data (task);

  if (--*left == 0)
    g_task_return_boolean (task, TRUE);
}

static void
kafka_broker_close (AnnotBroker *broker, GTask *task_owned)
{
  KafkaBroker *self = KAFKA_BROKER (broker);
  g_autoptr (GTask) task = task_owned;
  guint *left = g_new (guint, 1);

  *left = 2;
  g_task_set_task_data (task, left, g_free);
  kafka_consumer_close (self->consumer, g_task_new (self, NULL, part_closed, g_object_ref (task)));
  kafka_producer_close (self->producer, g_task_new (self, NULL, part_closed, g_object_ref (task)));
}

static void
kafka_broker_consume (AnnotBroker *broker, const char *const *topics, GTask *task_owned)
{
  KafkaBroker *self = KAFKA_BROKER (broker);
  g_autoptr (GTask) task = task_owned;
  g_autoptr (GError) error = NULL;

  if (!kafka_consumer_start (self->consumer, topics, &error)) {
    g_task_return_error (task, g_steal_pointer (&error));
    return;
  }
  self->consuming = TRUE;
  g_task_return_boolean (task, TRUE);
}

static void
kafka_broker_store_offset (AnnotBroker *broker, const char *topic, int partition, gint64 next_offset, GTask *task_owned)
{
  g_autoptr (GTask) task = task_owned;
  g_autoptr (GError) error = NULL;

  if (kafka_group_store (kafka_consumer_get_group (KAFKA_BROKER (broker)->consumer), topic, partition, next_offset,
                         &error))
    g_task_return_boolean (task, TRUE);
  else
    g_task_return_error (task, g_steal_pointer (&error));
}

static void
kafka_broker_pause (AnnotBroker *broker)
{
  if (KAFKA_BROKER (broker)->consumer)
    kafka_consumer_pause (KAFKA_BROKER (broker)->consumer);
}

static void
kafka_broker_resume (AnnotBroker *broker)
{
  if (KAFKA_BROKER (broker)->consumer)
    kafka_consumer_resume (KAFKA_BROKER (broker)->consumer);
}

static void
kafka_broker_revoke_done (AnnotBroker *broker)
{
  if (KAFKA_BROKER (broker)->consumer)
    kafka_group_revoke_done (kafka_consumer_get_group (KAFKA_BROKER (broker)->consumer));
}

static GPtrArray *
kafka_broker_get_assignment (AnnotBroker *broker)
{
  KafkaBroker *self = KAFKA_BROKER (broker);

  return self->consumer ? kafka_group_get_assignment (kafka_consumer_get_group (self->consumer))
                        : annot_partitions_new ();
}

static void
kafka_broker_produce (AnnotBroker *broker, AnnotMessage *message, GTask *task)
{
  kafka_producer_add (KAFKA_BROKER (broker)->producer, message, task);
}

static void
kafka_broker_flush (AnnotBroker *broker, GTask *task)
{
  kafka_producer_flush (KAFKA_BROKER (broker)->producer, task);
}

/* Returns: (nullable): the client whose connections tell how the cluster is */
static KafkaHandle *
get_handle (KafkaBroker *self)
{
  if (!self->producer || !self->consumer)
    return NULL;
  return self->consuming ? kafka_consumer_get_handle (self->consumer) : kafka_producer_get_handle (self->producer);
}

static void
describe_brokers (JsonObject *object, KafkaHandle *handle)
{
  const KafkaStatistics *statistics = handle ? kafka_handle_get_statistics (handle) : NULL;

  json_object_set_int_member (object, "brokers", statistics ? statistics->brokers : 0);
  json_object_set_int_member (object, "brokers_up", statistics ? statistics->brokers_up : 0);
}

/* No members: asking a coordinator for them leaves librdkafka 2.0 with a lock that is never given back when the answer
 * is that it cannot say. The core counts the instances that live. */
static JsonObject *
kafka_broker_get_metrics (AnnotBroker *broker)
{
  KafkaBroker *self = KAFKA_BROKER (broker);
  g_autoptr (GPtrArray) partitions = kafka_broker_get_assignment (broker);
  JsonObject *metrics = json_object_new ();

  json_object_set_string_member (metrics, "group_id", self->settings->group);
  json_object_set_string_member (metrics, "client_id", self->settings->client);
  json_object_set_array_member (metrics, "assignments", annot_partitions_describe (partitions));
  json_object_set_int_member (metrics, "lag", annot_partitions_sum_lag (partitions));
  describe_brokers (metrics, get_handle (self));
  json_object_set_int_member (metrics, "producer_queue",
                              self->producer ? (gint64) kafka_producer_get_pending (self->producer) : 0);
  json_object_set_int_member (metrics, "produced",
                              self->producer ? (gint64) kafka_producer_get_produced (self->producer) : 0);
  return metrics;
}

/* problem: (nullable): what is wrong now */
static void
answer_health (KafkaBroker *self, GTask *task, const GError *problem)
{
  g_autoptr (GPtrArray) partitions = kafka_broker_get_assignment (ANNOT_BROKER (self));
  JsonObject *details = json_object_new ();

  json_object_set_string_member (details, "group_id", self->settings->group);
  json_object_set_string_member (details, "client_id", self->settings->client);
  json_object_set_boolean_member (details, "consumer_assigned", partitions->len > 0);
  json_object_set_int_member (details, "assigned_partitions", partitions->len);
  json_object_set_int_member (details, "lag", annot_partitions_sum_lag (partitions));
  describe_brokers (details, get_handle (self));
  if (problem)
    json_object_set_string_member (details, "error", problem->message);
  g_task_return_pointer (task, annot_health_new (problem == NULL, details), (GDestroyNotify) annot_health_free);
}

static void
answer_without_client (KafkaBroker *self, GTask *task)
{
  g_autoptr (GError) error
      = g_error_new (ANNOT_ERROR, ANNOT_ERROR_NOT_CONNECTED, "kafka: the client is made anew");

  answer_health (self, task, error);
}

static void
on_asked (GObject *source, GAsyncResult *result, gpointer user_data)
{
  KafkaBroker *self = KAFKA_BROKER (source);
  g_autoptr (GTask) task = user_data;
  KafkaHandle *handle = get_handle (self);
  g_autoptr (GError) error = NULL;
  rd_kafka_topic_partition_list_t *ends = g_task_propagate_pointer (G_TASK (result), &error);

  if (!handle) {
    g_clear_pointer (&ends, rd_kafka_topic_partition_list_destroy);
    answer_without_client (self, task);
    return;
  }
  kafka_group_take_ends (kafka_consumer_get_group (self->consumer), ends);
  if (!error)
    kafka_handle_clear_problem (handle, FALSE);
  answer_health (self, task, error ? error : kafka_handle_get_problem (handle));
}

static void
kafka_broker_health (AnnotBroker *broker, GTask *task_owned)
{
  KafkaBroker *self = KAFKA_BROKER (broker);
  g_autoptr (GTask) task = task_owned;
  KafkaHandle *handle = get_handle (self);

  if (handle)
    kafka_handle_ask (handle, kafka_group_ask_ends (kafka_consumer_get_group (self->consumer)),
                      g_task_new (self, NULL, on_asked, g_steal_pointer (&task)));
  else
    answer_without_client (self, task);
}

static void
kafka_broker_finalize (GObject *object)
{
  KafkaBroker *self = KAFKA_BROKER (object);

  drop_parts (self);
  g_clear_pointer (&self->settings, kafka_settings_free);
  G_OBJECT_CLASS (kafka_broker_parent_class)->finalize (object);
}

static void
kafka_broker_class_init (KafkaBrokerClass *klass)
{
  AnnotBrokerClass *broker_class = ANNOT_BROKER_CLASS (klass);

  G_OBJECT_CLASS (klass)->finalize = kafka_broker_finalize;
  broker_class->configure = kafka_broker_configure;
  broker_class->open = kafka_broker_open;
  broker_class->close = kafka_broker_close;
  broker_class->health = kafka_broker_health;
  broker_class->consume = kafka_broker_consume;
  broker_class->store_offset = kafka_broker_store_offset;
  broker_class->pause = kafka_broker_pause;
  broker_class->resume = kafka_broker_resume;
  broker_class->revoke_done = kafka_broker_revoke_done;
  broker_class->get_assignment = kafka_broker_get_assignment;
  broker_class->get_metrics = kafka_broker_get_metrics;
  broker_class->produce = kafka_broker_produce;
  broker_class->flush = kafka_broker_flush;
}

static void
kafka_broker_init (KafkaBroker *self)
{
}
