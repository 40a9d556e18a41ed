/* SPDX-License-Identifier: Apache-2.0 */
/* One client of librdkafka, a consumer or a producer: its events, its health, its end. */
#include "kafka-handle.h"

#include "kafka-error.h"
#include "kafka-events.h"
#include "kafka-log.h"
#include "kafka-probe.h"

#include <string.h>

/* Statistics this much later are of what was answered since. */
#define UNREAD_MICROSECONDS (2 * G_USEC_PER_SEC)

struct KafkaHandle {
  rd_kafka_type_t type;
  GObject *alive; /* unowned */
  GMainContext *context;
  const KafkaHandleListener *listener;
  gpointer user_data;
  rd_kafka_t *client;
  rd_kafka_queue_t *queue; /* of events */
  KafkaEvents *events;
  KafkaProbe *probe;
  gboolean has_topic;
  KafkaStatistics *statistics;
  KafkaLog log;
  GError *problem;
  GError *refused; /* by the group */
  GError *unread;  /* the topic may not be read, which is told once */
  gint64 unread_at;
  GError *fatal;
  GSource *fatal_idle;
};

static const char *
name_of (const KafkaHandle *self)
{
  return self->type == RD_KAFKA_CONSUMER ? "consumer" : "producer";
}

static gboolean
tell_fatal (gpointer user_data)
{
  KafkaHandle *self = user_data;
  g_autoptr (GObject) alive = g_object_ref (self->alive);
  g_autoptr (GError) error = g_steal_pointer (&self->fatal);

  g_clear_pointer (&self->fatal_idle, g_source_unref);
  self->listener->fatal (error, self->user_data);
  return G_SOURCE_REMOVE;
}

/* The client cannot be ended while one of its events is in hand. */
static void
note_fatal (KafkaHandle *self, const GError *error)
{
  if (self->fatal_idle)
    return;
  self->fatal = g_error_copy (error);
  self->fatal_idle = g_idle_source_new ();
  g_source_set_priority (self->fatal_idle, G_PRIORITY_DEFAULT);
  g_source_set_callback (self->fatal_idle, tell_fatal, self, NULL);
  g_source_set_static_name (self->fatal_idle, "kafka fatal error");
  g_source_attach (self->fatal_idle, self->context);
}

static void
take_error (KafkaHandle *self, rd_kafka_event_t *event)
{
  rd_kafka_resp_err_t code = rd_kafka_event_error (event);
  g_autoptr (GError) error = kafka_error_new (code, name_of (self), rd_kafka_event_error_string (event));
  GError **kept = &self->problem;

  /* That none of them is connected follows from what went before, which says more. */
  if (self->problem && code == RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN)
    return;
  if (code == RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED) {
    kept = &self->refused;
  } else if (code == RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED) {
    kept = &self->unread;
    self->unread_at = g_get_monotonic_time ();
  }
  g_clear_error (kept);
  *kept = g_error_copy (error);
  if (rd_kafka_event_error_is_fatal (event))
    note_fatal (self, error);
  else
    self->listener->failed (error, self->user_data);
}

static void
take_statistics (KafkaHandle *self, const char *text)
{
  KafkaStatistics *statistics = kafka_statistics_parse (text, strlen (text));

  if (!statistics)
    return;
  if (self->statistics && statistics->received > self->statistics->received)
    kafka_probe_note_answer (self->probe);
  if (!statistics->unreadable && g_get_monotonic_time () - self->unread_at > UNREAD_MICROSECONDS)
    g_clear_error (&self->unread);
  g_clear_pointer (&self->statistics, kafka_statistics_free);
  self->statistics = statistics;
}

static void
on_event (rd_kafka_event_t *event, gpointer user_data)
{
  KafkaHandle *self = user_data;

  switch (rd_kafka_event_type (event)) {
  case RD_KAFKA_EVENT_LOG:
    kafka_log_event (&self->log, name_of (self), event);
    break;
  case RD_KAFKA_EVENT_ERROR:
    take_error (self, event);
    break;
  case RD_KAFKA_EVENT_STATS:
    take_statistics (self, rd_kafka_event_stats (event));
    break;
  default:
    self->listener->event (event, self->user_data);
    break;
  }
}

/* Everything that the client says goes to one queue. */
static rd_kafka_queue_t *
join_queues (rd_kafka_t *client, rd_kafka_type_t type)
{
  rd_kafka_queue_t *joined = rd_kafka_queue_new (client);
  rd_kafka_queue_t *main_queue = rd_kafka_queue_get_main (client);

  rd_kafka_set_log_queue (client, joined);
  if (type == RD_KAFKA_CONSUMER) {
    rd_kafka_queue_t *consumer = rd_kafka_queue_get_consumer (client);

    rd_kafka_poll_set_consumer (client);
    rd_kafka_queue_forward (consumer, joined);
    rd_kafka_queue_destroy (consumer);
  } else {
    rd_kafka_queue_forward (main_queue, joined);
  }
  rd_kafka_queue_destroy (main_queue);
  return joined;
}

KafkaHandle *
kafka_handle_new (rd_kafka_type_t type, const KafkaSettings *settings, const char *topic, GObject *alive,
                  GMainContext *context, const KafkaHandleListener *listener, gpointer user_data, GError **error)
{
  rd_kafka_conf_t *conf = rd_kafka_conf_dup (type == RD_KAFKA_CONSUMER ? settings->consumer : settings->producer);
  char reason[512] = "";
  rd_kafka_t *client = rd_kafka_new (type, conf, reason, sizeof reason);
  KafkaHandle *self = NULL;

  if (!client) {
    rd_kafka_conf_destroy (conf);
    g_set_error (error, ANNOT_ERROR, ANNOT_ERROR_TEMPORARY, "kafka: a %s cannot be made: %s",
                 type == RD_KAFKA_CONSUMER ? "consumer" : "producer", reason);
    return NULL;
  }
  self = g_new0 (KafkaHandle, 1);
  self->type = type;
  self->alive = alive;
  self->context = g_main_context_ref (context);
  self->listener = listener;
  self->user_data = user_data;
  self->client = client;
  self->probe = kafka_probe_new (client, topic, context);
  self->has_topic = topic != NULL;
  self->queue = join_queues (client, type);
  self->events = kafka_events_new (self->queue, context, settings->turn, alive, on_event, self, error);
  if (!self->events) {
    kafka_handle_free (self, NULL, NULL);
    return NULL;
  }
  return self;
}

void
kafka_handle_free (KafkaHandle *self, GSourceFunc done, gpointer user_data)
{
  g_clear_pointer (&self->events, kafka_events_free);
  if (self->fatal_idle) {
    g_source_destroy (self->fatal_idle);
    g_clear_pointer (&self->fatal_idle, g_source_unref);
  }
  kafka_probe_end (self->probe, done, user_data);
  g_clear_pointer (&self->statistics, kafka_statistics_free);
  g_clear_error (&self->problem);
  g_clear_error (&self->refused);
  g_clear_error (&self->unread);
  g_clear_error (&self->fatal);
  g_main_context_unref (self->context);
  g_free (self);
}

rd_kafka_t *
kafka_handle_get_client (KafkaHandle *self)
{
  return self->client;
}

rd_kafka_queue_t *
kafka_handle_get_queue (KafkaHandle *self)
{
  return self->queue;
}

void
kafka_handle_set_held (KafkaHandle *self, gboolean held)
{
  kafka_events_set_held (self->events, held);
}

const KafkaStatistics *
kafka_handle_get_statistics (KafkaHandle *self)
{
  return self->statistics;
}

void
kafka_handle_ask (KafkaHandle *self, rd_kafka_topic_partition_list_t *ends, GTask *task)
{
  g_autoptr (GTask) owned = task;

  if (self->statistics && self->statistics->brokers_up == 0)
    g_task_return_new_error (owned, ANNOT_ERROR, ANNOT_ERROR_NOT_CONNECTED, "%s",
                             self->problem ? self->problem->message : "kafka: no broker is connected");
  else if (self->has_topic)
    kafka_probe_ask (self->probe, g_steal_pointer (&ends), g_steal_pointer (&owned));
  else
    g_task_return_pointer (owned, NULL, NULL);
  g_clear_pointer (&ends, rd_kafka_topic_partition_list_destroy);
}

const GError *
kafka_handle_get_problem (KafkaHandle *self)
{
  if (self->refused)
    return self->refused;
  return self->unread ? self->unread : self->problem;
}

void
kafka_handle_clear_problem (KafkaHandle *self, gboolean assigned)
{
  g_clear_error (&self->problem);
  if (assigned)
    g_clear_error (&self->refused);
}
