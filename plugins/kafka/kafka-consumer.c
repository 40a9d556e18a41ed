/* SPDX-License-Identifier: Apache-2.0 */
/* Consuming: messages to the core, pauses, a new client when the old one is of no use, the end. */
#include "kafka-consumer.h"

#include "kafka-error.h"
#include "kafka-message.h"
#include "kafka-timer.h"

/* The intake pauses many times a second, for a moment each, and a slow store makes that a second: then events just wait,
 * and what was fetched stays fetched. Pausing partitions throws that away, up to 128 MiB; it is for pauses that last. As
 * nothing is polled meanwhile, max.poll.interval has to be far. */
#define MOMENT_MILLISECONDS 2000
#define MOMENTS_A_POLL 3
/* A client that is of no use is made anew after a second, and after up to four when that was of no use either. */
#define AGAIN_MILLISECONDS 1000
#define AGAIN_BOUND 4
#define CLOSE_MILLISECONDS 5000
#define LOOK_MILLISECONDS 20

struct KafkaConsumer {
  AnnotBroker *broker; /* owns this */
  const KafkaSettings *settings;
  GMainContext *context;
  GStrv topics;
  KafkaHandle *handle;
  KafkaGroup *group;
  gboolean paused;
  GSource *pause_timer;
  GSource *again_timer;
  guint failures; /* clients in a row that consumed nothing */
  GTask *closing;
  gint64 close_by;
  GSource *close_timer;
};

static const KafkaHandleListener listener;

KafkaConsumer *
kafka_consumer_new (AnnotBroker *broker, const KafkaSettings *settings, GMainContext *context)
{
  KafkaConsumer *self = g_new0 (KafkaConsumer, 1);

  self->broker = broker;
  self->settings = settings;
  self->context = g_main_context_ref (context);
  self->group = kafka_group_new (broker, context);
  return self;
}

static void
set_timer (KafkaConsumer *self, GSource **source, guint milliseconds, GSourceFunc function)
{
  kafka_timer_set (source, self->context, "kafka consumer", milliseconds, function, self);
}

/* Lets go of the client; what it held is lost. */
static void
drop_handle (KafkaConsumer *self, GSourceFunc done, gpointer user_data)
{
  KafkaHandle *handle = g_steal_pointer (&self->handle);

  if (!handle)
    return;
  kafka_group_set_handle (self->group, NULL);
  kafka_handle_free (handle, done, user_data);
}

void
kafka_consumer_free (KafkaConsumer *self)
{
  kafka_timer_clear (&self->pause_timer);
  kafka_timer_clear (&self->again_timer);
  kafka_timer_clear (&self->close_timer);
  if (self->handle)
    kafka_handle_free (self->handle, NULL, NULL);
  kafka_group_free (self->group);
  g_main_context_unref (self->context);
  g_strfreev (self->topics);
  g_free (self);
}

static void
take_message (KafkaConsumer *self, rd_kafka_event_t *event)
{
  const rd_kafka_message_t *message = rd_kafka_event_message_next (event);
  g_autoptr (AnnotMessage) copy = NULL;

  /* Of a partition that is about to go: its next owner reads it. */
  if (!message || self->closing
      || !kafka_group_is_consuming (self->group, rd_kafka_topic_name (message->rkt), message->partition))
    return;
  if (message->err) {
    g_autoptr (GError) error
        = kafka_error_new (message->err, rd_kafka_topic_name (message->rkt), rd_kafka_message_errstr (message));

    annot_broker_report_failed (self->broker, error);
    return;
  }
  self->failures = 0;
  copy = kafka_message_new (message);
  annot_broker_deliver (self->broker, copy);
}

static void
on_event (rd_kafka_event_t *event, gpointer user_data)
{
  KafkaConsumer *self = user_data;

  switch (rd_kafka_event_type (event)) {
  case RD_KAFKA_EVENT_FETCH:
    take_message (self, event);
    break;
  case RD_KAFKA_EVENT_REBALANCE:
  case RD_KAFKA_EVENT_OFFSET_COMMIT:
    kafka_group_take_event (self->group, event);
    break;
  default:
    break;
  }
}

static void
on_failed (const GError *error, gpointer user_data)
{
  annot_broker_report_failed (((KafkaConsumer *) user_data)->broker, error);
}

static gboolean join (KafkaConsumer *self, GError **error);
static void wait_to_join (KafkaConsumer *self);

static gboolean
join_again (gpointer user_data)
{
  KafkaConsumer *self = user_data;
  g_autoptr (GError) error = NULL;

  kafka_timer_clear (&self->again_timer);
  if (!join (self, &error)) {
    annot_broker_report_failed (self->broker, error);
    wait_to_join (self);
  }
  return G_SOURCE_REMOVE;
}

static void
wait_to_join (KafkaConsumer *self)
{
  self->failures = MIN (self->failures + 1, AGAIN_BOUND);
  set_timer (self, &self->again_timer, AGAIN_MILLISECONDS * self->failures, join_again);
}

static void
on_fatal (const GError *error, gpointer user_data)
{
  KafkaConsumer *self = user_data;

  annot_broker_report_failed (self->broker, error);
  /* Closing lets go of the client soon anyway. */
  if (self->closing)
    return;
  drop_handle (self, NULL, NULL);
  wait_to_join (self);
}

static const KafkaHandleListener listener = { on_event, on_failed, on_fatal };

static gboolean
join (KafkaConsumer *self, GError **error)
{
  rd_kafka_topic_partition_list_t *topics = NULL;
  rd_kafka_resp_err_t code;

  self->handle = kafka_handle_new (RD_KAFKA_CONSUMER, self->settings, self->topics[0], G_OBJECT (self->broker),
                                   self->context, &listener, self, error);
  if (!self->handle)
    return FALSE;
  kafka_group_set_handle (self->group, self->handle);
  if (self->paused)
    kafka_group_set_paused (self->group, TRUE);
  topics = rd_kafka_topic_partition_list_new (0);
  for (guint i = 0; self->topics[i]; i++)
    rd_kafka_topic_partition_list_add (topics, self->topics[i], RD_KAFKA_PARTITION_UA);
  code = rd_kafka_subscribe (kafka_handle_get_client (self->handle), topics);
  rd_kafka_topic_partition_list_destroy (topics);
  if (!code)
    return TRUE;
  g_propagate_error (error, kafka_error_new (code, "joining the group", NULL));
  drop_handle (self, NULL, NULL);
  return FALSE;
}

gboolean
kafka_consumer_start (KafkaConsumer *self, const char *const *topics, GError **error)
{
  if (self->topics) {
    g_set_error (error, ANNOT_ERROR, ANNOT_ERROR_EXISTS, "kafka: topics are consumed already");
    return FALSE;
  }
  for (guint i = 0; topics[i]; i++) {
    if (!kafka_is_topic_name (topics[i])) {
      g_set_error (error, ANNOT_ERROR, ANNOT_ERROR_PERMANENT, "kafka: \"%s\" is no name of a topic", topics[i]);
      return FALSE;
    }
  }
  self->topics = g_strdupv ((char **) topics);
  if (join (self, error))
    return TRUE;
  g_clear_pointer (&self->topics, g_strfreev);
  return FALSE;
}

/* Pauses */

static void
set_held (KafkaConsumer *self, gboolean held)
{
  if (self->handle)
    kafka_handle_set_held (self->handle, held);
}

static gboolean
pause_lasts (gpointer user_data)
{
  KafkaConsumer *self = user_data;

  kafka_timer_clear (&self->pause_timer);
  kafka_group_set_paused (self->group, TRUE);
  set_held (self, FALSE);
  return G_SOURCE_REMOVE;
}

void
kafka_consumer_pause (KafkaConsumer *self)
{
  if (self->paused)
    return;
  self->paused = TRUE;
  /* Without partitions there is nothing to keep, and an assignment to come; on their way out a commit is waited for. */
  if (kafka_group_get_size (self->group) == 0 || !kafka_group_is_steady (self->group)) {
    kafka_group_set_paused (self->group, TRUE);
    return;
  }
  set_held (self, TRUE);
  set_timer (self, &self->pause_timer, MIN (MOMENT_MILLISECONDS, self->settings->poll_interval / MOMENTS_A_POLL),
             pause_lasts);
}

void
kafka_consumer_resume (KafkaConsumer *self)
{
  self->paused = FALSE;
  kafka_timer_clear (&self->pause_timer);
  kafka_group_set_paused (self->group, FALSE);
  set_held (self, FALSE);
}

/* The end */

static gboolean
ended (gpointer user_data)
{
  g_autoptr (GTask) task = user_data;

  g_task_return_boolean (task, TRUE);
  return G_SOURCE_REMOVE;
}

static gboolean
look_whether_closed (gpointer user_data)
{
  KafkaConsumer *self = user_data;

  if (!rd_kafka_consumer_closed (kafka_handle_get_client (self->handle)) && g_get_monotonic_time () < self->close_by)
    return G_SOURCE_CONTINUE;
  kafka_timer_clear (&self->close_timer);
  drop_handle (self, ended, g_steal_pointer (&self->closing));
  return G_SOURCE_REMOVE;
}

void
kafka_consumer_close (KafkaConsumer *self, GTask *task)
{
  rd_kafka_error_t *error = NULL;

  kafka_timer_clear (&self->again_timer);
  kafka_timer_clear (&self->pause_timer);
  if (!self->handle) {
    ended (task);
    return;
  }
  self->closing = task;
  set_held (self, FALSE);
  error = rd_kafka_consumer_close_queue (kafka_handle_get_client (self->handle), kafka_handle_get_queue (self->handle));
  /* After a fatal error there is nothing to leave. */
  self->close_by = error ? 0 : g_get_monotonic_time () + CLOSE_MILLISECONDS * G_TIME_SPAN_MILLISECOND;
  g_clear_pointer (&error, rd_kafka_error_destroy);
  set_timer (self, &self->close_timer, LOOK_MILLISECONDS, look_whether_closed);
}

KafkaGroup *
kafka_consumer_get_group (KafkaConsumer *self)
{
  return self->group;
}

KafkaHandle *
kafka_consumer_get_handle (KafkaConsumer *self)
{
  return self->handle;
}
