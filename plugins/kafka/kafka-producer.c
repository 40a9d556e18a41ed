/* SPDX-License-Identifier: Apache-2.0 */
/* Producing: each message is answered by its delivery report. */
#include "kafka-producer.h"

#include "kafka-error.h"
#include "kafka-message.h"
#include "kafka-timer.h"

/* A client that is of no use is made anew after a second, and after up to five when that was of no use either. */
#define AGAIN_MILLISECONDS 1000
#define AGAIN_BOUND 5
#define SAY_AGAIN (30 * G_USEC_PER_SEC)
#define CLOSE_MILLISECONDS 3000

/* A message, or a flush, which is answered when those before it are. */
typedef struct {
  GTask *task;
  char *topic; /* NULL: a flush */
  gsize size;
  GList link;
} Pending;

struct KafkaProducer {
  AnnotBroker *broker; /* owns this */
  const KafkaSettings *settings;
  GMainContext *context;
  KafkaHandle *handle;
  GQueue pending; /* Pending, in order; flushes at the head are answered */
  guint messages;
  guint64 produced;
  guint failures; /* clients in a row that confirmed nothing */
  gint64 said_at;
  GSource *again_timer;
  GTask *closing;
  GSource *close_timer;
};

static void
set_timer (KafkaProducer *self, GSource **source, guint milliseconds, GSourceFunc function)
{
  kafka_timer_set (source, self->context, "kafka producer", milliseconds, function, self);
}

/* Takes it out of the queue, and answers. */
static void
finish (KafkaProducer *self, Pending *pending, GError *error)
{
  g_autoptr (GTask) task = pending->task;

  g_queue_unlink (&self->pending, &pending->link);
  if (pending->topic)
    self->messages--;
  g_free (pending->topic);
  g_free (pending);
  if (error)
    g_task_return_error (task, error);
  else
    g_task_return_boolean (task, TRUE);
}

static gboolean
ended (gpointer user_data)
{
  g_autoptr (GTask) task = user_data;

  g_task_return_boolean (task, TRUE);
  return G_SOURCE_REMOVE;
}

static void
end (KafkaProducer *self)
{
  KafkaHandle *handle = g_steal_pointer (&self->handle);
  GTask *task = g_steal_pointer (&self->closing);

  kafka_timer_clear (&self->close_timer);
  if (handle)
    kafka_handle_free (handle, ended, task);
  else
    ended (task);
}

static gboolean
end_now (gpointer user_data)
{
  end (user_data);
  return G_SOURCE_REMOVE;
}

static void
settle (KafkaProducer *self)
{
  while (self->pending.head) {
    Pending *first = self->pending.head->data;

    if (first->topic)
      return;
    finish (self, first, NULL);
  }
  /* Not from here: the event that has brought the last report is still in hand, and needs its client. */
  if (self->closing)
    set_timer (self, &self->close_timer, 0, end_now);
}

static GError *
delivery_error (const Pending *pending, const rd_kafka_message_t *message, gboolean others_under_way,
                gsize batch_bytes)
{
  g_autofree char *what = NULL;

  if (!message->err) {
    rd_kafka_msg_status_t status = rd_kafka_message_status (message);

    if (status == RD_KAFKA_MSG_STATUS_PERSISTED)
      return NULL;
    return g_error_new (ANNOT_ERROR, ANNOT_ERROR_TEMPORARY, "kafka: topic %s: not known to have arrived",
                        pending->topic);
  }
  /* Messages that are sent together are refused together: one of them alone would show whether it is its own size. What
   * fills a batch by itself is alone. */
  if (message->err == RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE && others_under_way && pending->size < batch_bytes)
    return g_error_new (ANNOT_ERROR, ANNOT_ERROR_TEMPORARY,
                        "kafka: topic %s did not take a batch with a message of %" G_GSIZE_FORMAT " bytes",
                        pending->topic, pending->size);
  what
      = g_strdup_printf ("topic %s did not take a message of %" G_GSIZE_FORMAT " bytes", pending->topic, pending->size);
  /* Not rd_kafka_message_errstr(): of a message that was produced that is its payload. */
  return kafka_error_new (message->err, what, NULL);
}

static void
on_event (rd_kafka_event_t *event, gpointer user_data)
{
  KafkaProducer *self = user_data;
  const rd_kafka_message_t *message = NULL;
  gboolean others = self->messages > 1;

  if (rd_kafka_event_type (event) != RD_KAFKA_EVENT_DR)
    return;
  while ((message = rd_kafka_event_message_next (event))) {
    Pending *pending = message->_private;
    GError *error = delivery_error (pending, message, others, self->settings->batch_bytes);

    if (!error) {
      self->produced++;
      self->failures = 0;
    }
    finish (self, pending, error);
  }
  settle (self);
}

/* Of the cluster the consumer's client says the same, and of messages their reports do. */
static void
on_failed (const GError *error, gpointer user_data)
{
  g_info ("%s", error->message);
}

static void
fail_all (KafkaProducer *self, const GError *error)
{
  while (self->pending.head) {
    Pending *first = self->pending.head->data;

    finish (self, first, first->topic ? g_error_copy (error) : NULL);
  }
}

static gboolean make_handle (KafkaProducer *self, GError **error);

static void
say (KafkaProducer *self, const GError *error)
{
  gint64 now = g_get_monotonic_time ();

  if (self->said_at && now - self->said_at < SAY_AGAIN)
    return;
  self->said_at = now;
  g_warning ("%s", error->message);
}

static void wait_to_make (KafkaProducer *self);

static gboolean
make_again (gpointer user_data)
{
  KafkaProducer *self = user_data;
  g_autoptr (GError) error = NULL;

  kafka_timer_clear (&self->again_timer);
  if (!make_handle (self, &error)) {
    say (self, error);
    wait_to_make (self);
  }
  return G_SOURCE_REMOVE;
}

static void
wait_to_make (KafkaProducer *self)
{
  self->failures = MIN (self->failures + 1, AGAIN_BOUND);
  set_timer (self, &self->again_timer, AGAIN_MILLISECONDS * self->failures, make_again);
}

/* What was under way may have arrived: it is sent again, with the same id. */
static void
on_fatal (const GError *error, gpointer user_data)
{
  KafkaProducer *self = user_data;
  g_autoptr (GError) lost = g_error_new (
      ANNOT_ERROR, g_error_matches (error, ANNOT_ERROR, ANNOT_ERROR_AUTH) ? ANNOT_ERROR_AUTH : ANNOT_ERROR_TEMPORARY,
      "%s; the producer is made anew", error->message);

  say (self, lost);
  kafka_handle_free (g_steal_pointer (&self->handle), NULL, NULL);
  fail_all (self, lost);
  if (self->closing)
    end (self);
  else
    wait_to_make (self);
}

static const KafkaHandleListener listener = { on_event, on_failed, on_fatal };

static gboolean
make_handle (KafkaProducer *self, GError **error)
{
  self->handle = kafka_handle_new (RD_KAFKA_PRODUCER, self->settings, NULL, G_OBJECT (self->broker), self->context,
                                   &listener, self, error);
  return self->handle != NULL;
}

KafkaProducer *
kafka_producer_new (AnnotBroker *broker, const KafkaSettings *settings, GMainContext *context, GError **error)
{
  KafkaProducer *self = g_new0 (KafkaProducer, 1);

  self->broker = broker;
  self->settings = settings;
  self->context = g_main_context_ref (context);
  g_queue_init (&self->pending);
  if (make_handle (self, error))
    return self;
  kafka_producer_free (self);
  return NULL;
}

void
kafka_producer_free (KafkaProducer *self)
{
  kafka_timer_clear (&self->again_timer);
  kafka_timer_clear (&self->close_timer);
  if (self->handle)
    kafka_handle_free (self->handle, NULL, NULL);
  g_main_context_unref (self->context);
  g_free (self);
}

static Pending *
push (KafkaProducer *self, GTask *task, const AnnotMessage *message)
{
  Pending *pending = g_new0 (Pending, 1);

  pending->task = task;
  pending->link.data = pending;
  if (message) {
    pending->topic = g_strdup (message->topic);
    pending->size = message->value ? g_bytes_get_size (message->value) : 0;
    self->messages++;
  }
  g_queue_push_tail_link (&self->pending, &pending->link);
  return pending;
}

void
kafka_producer_add (KafkaProducer *self, AnnotMessage *message, GTask *task)
{
  GError *error = NULL;
  Pending *pending = push (self, task, message);

  if (!kafka_is_topic_name (message->topic))
    error = g_error_new (ANNOT_ERROR, ANNOT_ERROR_PERMANENT,
                         "kafka: a topic is 1 to 249 letters, digits, dots, underscores or dashes");
  else if (!self->handle || self->closing)
    error = g_error_new (ANNOT_ERROR, ANNOT_ERROR_NOT_CONNECTED, "kafka: there is no producer just now");
  else
    kafka_message_produce (kafka_handle_get_client (self->handle), message, pending, &error);
  if (error)
    finish (self, pending, error);
}

void
kafka_producer_flush (KafkaProducer *self, GTask *task)
{
  push (self, task, NULL);
  settle (self);
}

static gboolean
close_late (gpointer user_data)
{
  KafkaProducer *self = user_data;
  g_autoptr (GError) error
      = g_error_new (ANNOT_ERROR, ANNOT_ERROR_TIMEOUT, "kafka: closed before the message was known to have arrived");

  /* Ended first: no delivery report may find what is answered now. */
  kafka_handle_free (g_steal_pointer (&self->handle), NULL, NULL);
  fail_all (self, error);
  end (self);
  return G_SOURCE_REMOVE;
}

void
kafka_producer_close (KafkaProducer *self, GTask *task)
{
  kafka_timer_clear (&self->again_timer);
  self->closing = task;
  set_timer (self, &self->close_timer, CLOSE_MILLISECONDS, close_late);
  settle (self);
}

KafkaHandle *
kafka_producer_get_handle (KafkaProducer *self)
{
  return self->handle;
}

guint
kafka_producer_get_pending (KafkaProducer *self)
{
  return self->messages;
}

guint64
kafka_producer_get_produced (KafkaProducer *self)
{
  return self->produced;
}
