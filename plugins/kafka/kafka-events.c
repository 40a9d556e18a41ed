/* SPDX-License-Identifier: Apache-2.0 */
/* librdkafka's events on the main context: one queue, woken by an eventfd. */
#include "kafka-events.h"

#include <errno.h>
#include <sys/eventfd.h>
#include <unistd.h>

/* A turn also ends after this: messages may be large. */
#define TURN_MICROSECONDS 5000

struct KafkaEvents {
  GSource source;
  rd_kafka_queue_t *queue;
  int fd;
  gpointer tag;
  guint turn;
  gboolean held;
  gboolean more;  /* the queue was not empty when it was last looked at */
  GObject *alive; /* unowned */
  KafkaEventFunc function;
  gpointer user_data;
};

static gboolean
events_prepare (GSource *source, int *timeout)
{
  KafkaEvents *self = (KafkaEvents *) source;

  *timeout = -1;
  return self->more && !self->held;
}

static gboolean
events_check (GSource *source)
{
  KafkaEvents *self = (KafkaEvents *) source;

  return g_source_query_unix_fd (source, self->tag) || (self->more && !self->held);
}

/* The library writes once when something comes into a queue that was found empty, and again only after the next poll.
 */
static void
clear_wakeup (KafkaEvents *self)
{
  guint64 count = 0;

  while (read (self->fd, &count, sizeof count) < 0 && errno == EINTR)
    continue;
}

static gboolean
events_dispatch (GSource *source, GSourceFunc callback, gpointer user_data)
{
  KafkaEvents *self = (KafkaEvents *) source;
  g_autoptr (GObject) alive = g_object_ref (self->alive);
  gint64 end = g_get_monotonic_time () + TURN_MICROSECONDS;

  clear_wakeup (self);
  self->more = TRUE;
  for (guint i = 0; i < self->turn && !self->held && g_get_monotonic_time () < end; i++) {
    rd_kafka_event_t *event = rd_kafka_queue_poll (self->queue, 0);

    if (!event) {
      self->more = FALSE;
      break;
    }
    self->function (event, self->user_data);
    rd_kafka_event_destroy (event);
    if (g_source_is_destroyed (source))
      break;
  }
  return G_SOURCE_CONTINUE;
}

static GSourceFuncs functions = { .prepare = events_prepare, .check = events_check, .dispatch = events_dispatch };

KafkaEvents *
kafka_events_new (rd_kafka_queue_t *queue, GMainContext *context, guint turn, GObject *alive, KafkaEventFunc function,
                  gpointer user_data, GError **error)
{
  static const guint64 one = 1;
  int fd = eventfd (0, EFD_NONBLOCK | EFD_CLOEXEC);
  KafkaEvents *self = NULL;

  if (fd < 0) {
    g_set_error (error, ANNOT_ERROR, ANNOT_ERROR_TEMPORARY, "kafka: no descriptor for events: %s", g_strerror (errno));
    rd_kafka_queue_destroy (queue);
    return NULL;
  }
  self = (KafkaEvents *) g_source_new (&functions, sizeof *self);
  self->queue = queue;
  self->fd = fd;
  self->turn = turn;
  self->more = TRUE;
  self->alive = alive;
  self->function = function;
  self->user_data = user_data;
  self->tag = g_source_add_unix_fd (&self->source, fd, G_IO_IN);
  g_source_set_static_name (&self->source, "kafka events");
  rd_kafka_queue_io_event_enable (queue, fd, &one, sizeof one);
  g_source_attach (&self->source, context);
  return self;
}

void
kafka_events_free (KafkaEvents *self)
{
  /* The library may not write into a descriptor that is somebody else's by then. */
  rd_kafka_queue_io_event_enable (self->queue, -1, NULL, 0);
  rd_kafka_queue_destroy (self->queue);
  g_source_destroy (&self->source);
  close (self->fd);
  g_source_unref (&self->source);
}

void
kafka_events_set_held (KafkaEvents *self, gboolean held)
{
  self->held = held;
  /* The loop may be asleep over a queue that is not empty. */
  if (!held)
    g_main_context_wakeup (g_source_get_context (&self->source));
}
