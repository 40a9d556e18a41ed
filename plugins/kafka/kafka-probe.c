/* SPDX-License-Identifier: Apache-2.0 */
/* Whether the cluster answers, asked in a thread; and the client's end, which waits for that thread. */
#include "kafka-probe.h"

#include "kafka-error.h"

/* Health is asked for each second and has to be true within two: an answer may take this long... */
#define ASK_MILLISECONDS 700
/* ...and while other answers are as young as this, one that is late means one slow broker of several, or a busy host.
 */
#define YOUNG (700 * G_TIME_SPAN_MILLISECOND)

/* Shared by those who ask, and by the thread that ends the client. */
struct KafkaProbe {
  rd_kafka_t *client;
  rd_kafka_topic_t *topic;
  char *name; /* of the topic */
  GMainContext *context;
  GMutex lock;
  GCond idle;
  guint asking;       /* threads that use the client; under the lock */
  gint64 answered_at; /* main context only */
  GSourceFunc done;
  gpointer done_data;
};

/* One who asks. */
typedef struct {
  KafkaProbe *probe;
  GTask *task;
  rd_kafka_topic_partition_list_t *ends;
  rd_kafka_resp_err_t code;
  rd_kafka_resp_err_t topic_code;
} Question;

static void
probe_clear (gpointer data)
{
  KafkaProbe *self = data;

  g_free (self->name);
  g_main_context_unref (self->context);
  g_mutex_clear (&self->lock);
  g_cond_clear (&self->idle);
}

static void
probe_unref (KafkaProbe *self)
{
  g_atomic_rc_box_release_full (self, probe_clear);
}

KafkaProbe *
kafka_probe_new (rd_kafka_t *client, const char *topic, GMainContext *context)
{
  KafkaProbe *self = g_atomic_rc_box_new0 (KafkaProbe);

  self->client = client;
  self->topic = topic ? rd_kafka_topic_new (client, topic, NULL) : NULL;
  self->name = g_strdup (topic);
  self->context = g_main_context_ref (context);
  g_mutex_init (&self->lock);
  g_cond_init (&self->idle);
  return self;
}

/* In a thread of its own: both may wait for the library's threads. */
static gpointer
end_client (gpointer data)
{
  KafkaProbe *self = data;

  g_mutex_lock (&self->lock);
  while (self->asking > 0)
    g_cond_wait (&self->idle, &self->lock);
  g_mutex_unlock (&self->lock);
  g_clear_pointer (&self->topic, rd_kafka_topic_destroy);
  rd_kafka_destroy_flags (self->client, RD_KAFKA_DESTROY_F_NO_CONSUMER_CLOSE);
  if (self->done) {
    g_autoptr (GSource) source = g_idle_source_new ();

    g_source_set_priority (source, G_PRIORITY_DEFAULT);
    g_source_set_callback (source, self->done, self->done_data, NULL);
    g_source_attach (source, self->context);
  }
  probe_unref (self);
  return NULL;
}

void
kafka_probe_end (KafkaProbe *self, GSourceFunc done, gpointer user_data)
{
  self->done = done;
  self->done_data = user_data;
  g_thread_unref (g_thread_new ("kafka end", end_client, self));
}

void
kafka_probe_note_answer (KafkaProbe *self)
{
  self->answered_at = g_get_monotonic_time ();
}

/* To ask for the offset of a time, when that is the end, is to ask for the end. It has what is left of the time. */
static gboolean
find_ends (KafkaProbe *self, rd_kafka_topic_partition_list_t *ends, gint64 until)
{
  gint64 left = (until - g_get_monotonic_time ()) / G_TIME_SPAN_MILLISECOND;

  return left > 0 && rd_kafka_offsets_for_times (self->client, ends, (int) left) == RD_KAFKA_RESP_ERR_NO_ERROR;
}

static void
ask_cluster (GTask *task, gpointer source, gpointer task_data, GCancellable *cancellable)
{
  Question *question = task_data;
  KafkaProbe *probe = question->probe;
  gint64 until = g_get_monotonic_time () + ASK_MILLISECONDS * G_TIME_SPAN_MILLISECOND;
  const struct rd_kafka_metadata *metadata = NULL;

  question->code = rd_kafka_metadata (probe->client, 0, probe->topic, &metadata, ASK_MILLISECONDS);
  if (metadata) {
    if (metadata->topic_cnt > 0)
      question->topic_code = metadata->topics[0].err;
    rd_kafka_metadata_destroy (metadata);
  }
  if (question->ends && (question->code || !find_ends (probe, question->ends, until)))
    g_clear_pointer (&question->ends, rd_kafka_topic_partition_list_destroy);
  g_mutex_lock (&probe->lock);
  probe->asking--;
  g_cond_broadcast (&probe->idle);
  g_mutex_unlock (&probe->lock);
  g_task_return_boolean (task, TRUE);
}

static void
on_asked (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autofree Question *question = user_data;
  g_autoptr (GTask) task = question->task;
  KafkaProbe *probe = question->probe;
  GDestroyNotify destroy = (GDestroyNotify) rd_kafka_topic_partition_list_destroy;

  if (question->code == RD_KAFKA_RESP_ERR_NO_ERROR)
    kafka_probe_note_answer (probe);
  if (question->topic_code)
    g_task_return_error (task, kafka_error_new (question->topic_code, probe->name, NULL));
  else if (question->code == RD_KAFKA_RESP_ERR_NO_ERROR || g_get_monotonic_time () - probe->answered_at < YOUNG)
    g_task_return_pointer (task, g_steal_pointer (&question->ends), destroy);
  else
    g_task_return_new_error (task, ANNOT_ERROR, ANNOT_ERROR_NOT_CONNECTED,
                             "kafka: the cluster has not answered within %d ms: %s", ASK_MILLISECONDS,
                             rd_kafka_err2str (question->code));
  g_clear_pointer (&question->ends, rd_kafka_topic_partition_list_destroy);
  probe_unref (probe);
}

void
kafka_probe_ask (KafkaProbe *self, rd_kafka_topic_partition_list_t *ends, GTask *task)
{
  Question *question = g_new0 (Question, 1);
  g_autoptr (GTask) asking = g_task_new (NULL, NULL, on_asked, question);

  question->probe = g_atomic_rc_box_acquire (self);
  question->task = task;
  question->ends = ends;
  g_mutex_lock (&self->lock);
  self->asking++;
  g_mutex_unlock (&self->lock);
  g_task_set_source_tag (asking, kafka_probe_ask);
  g_task_set_task_data (asking, question, NULL);
  g_task_run_in_thread (asking, ask_cluster);
}
