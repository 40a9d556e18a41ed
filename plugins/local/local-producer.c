/* SPDX-License-Identifier: Apache-2.0 */
/* Producing on the main context: queues messages, writes what has gathered as one batch, answers. */
#include "local-producer.h"

#include "local-writer.h"

#define QUEUE_MESSAGES 10000
#define QUEUE_BYTES (128 * 1024 * 1024)
#define BATCH_MESSAGES 500
#define BATCH_BYTES (8 * 1024 * 1024)

/* One call that waits: a message, or a flush. */
typedef struct {
  LocalAppend append;
  GTask *task;
} Pending;

typedef struct {
  LocalProducer *producer;
  AnnotBroker *alive; /* keeps the producer; let go on the main context, unlike what a GTask holds */
  GPtrArray *pending; /* Pending, in order */
} Batch;

struct LocalProducer {
  AnnotBroker *broker; /* owns this */
  const LocalSettings *settings;
  GHashTable *writers; /* topic → LocalWriter, touched by the batch under way only */
  GQueue queue;        /* Pending */
  gsize queue_bytes;
  gboolean busy;
  guint64 produced;
  GError *problem;
};

static void next_batch (LocalProducer *self);

static gsize
size_of (const AnnotMessage *message)
{
  return message && message->value ? g_bytes_get_size (message->value) : 0;
}

static void
pending_free (Pending *pending)
{
  g_clear_pointer (&pending->append.message, annot_message_unref);
  g_clear_error (&pending->append.error);
  g_clear_object (&pending->task);
  g_free (pending);
}

static void
batch_free (Batch *batch)
{
  g_ptr_array_unref (batch->pending);
  g_object_unref (batch->alive);
  g_free (batch);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Batch, batch_free)

LocalProducer *
local_producer_new (AnnotBroker *broker, const LocalSettings *settings)
{
  LocalProducer *self = g_new0 (LocalProducer, 1);

  self->broker = broker;
  self->settings = settings;
  self->writers = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, (GDestroyNotify) local_writer_free);
  g_queue_init (&self->queue);
  return self;
}

void
local_producer_free (LocalProducer *self)
{
  g_hash_table_unref (self->writers);
  g_queue_clear_full (&self->queue, (GDestroyNotify) pending_free);
  g_clear_error (&self->problem);
  g_free (self);
}

static LocalWriter *
get_writer (LocalProducer *self, const char *topic)
{
  LocalWriter *writer = g_hash_table_lookup (self->writers, topic);

  if (!writer) {
    writer = local_writer_new (self->settings, topic);
    g_hash_table_insert (self->writers, g_strdup (topic), writer);
  }
  return writer;
}

/* In the worker: one append for each topic, in the order in which they first occur. */
static void
run_batch (GTask *task, gpointer source, gpointer task_data, GCancellable *cancellable)
{
  Batch *batch = task_data;
  g_autoptr (GPtrArray) rest = g_ptr_array_new ();

  for (guint i = 0; i < batch->pending->len; i++) {
    Pending *pending = g_ptr_array_index (batch->pending, i);

    if (pending->append.message)
      g_ptr_array_add (rest, &pending->append);
  }
  while (rest->len > 0) {
    g_autoptr (GPtrArray) same = g_ptr_array_new ();
    g_autoptr (GPtrArray) others = g_ptr_array_new ();
    const char *topic = ((LocalAppend *) g_ptr_array_index (rest, 0))->message->topic;

    for (guint i = 0; i < rest->len; i++) {
      LocalAppend *append = g_ptr_array_index (rest, i);

      g_ptr_array_add (g_str_equal (append->message->topic, topic) ? same : others, append);
    }
    local_writer_append (get_writer (batch->producer, topic), same);
    g_ptr_array_unref (rest);
    rest = g_steal_pointer (&others);
  }
  g_task_return_boolean (task, TRUE);
}

static void
take_problem (LocalProducer *self, const GError *error)
{
  g_clear_error (&self->problem);
  if (error && annot_error_is_transient (error))
    self->problem = g_error_copy (error);
}

static void
batch_done (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (Batch) batch = user_data;
  LocalProducer *self = batch->producer;

  for (guint i = 0; i < batch->pending->len; i++) {
    Pending *pending = g_ptr_array_index (batch->pending, i);

    if (pending->append.message) {
      take_problem (self, pending->append.error);
      self->produced += pending->append.error ? 0 : 1;
    }
    if (pending->append.error)
      g_task_return_error (pending->task, g_steal_pointer (&pending->append.error));
    else
      g_task_return_boolean (pending->task, TRUE);
  }
  self->busy = FALSE;
  next_batch (self);
}

/* Takes from the queue what goes into one batch. A call that was cancelled while it waited has not happened. */
static Batch *
gather (LocalProducer *self)
{
  Batch *batch = g_new0 (Batch, 1);
  gsize bytes = 0;

  batch->producer = self;
  batch->alive = g_object_ref (self->broker);
  batch->pending = g_ptr_array_new_with_free_func ((GDestroyNotify) pending_free);
  while (batch->pending->len < BATCH_MESSAGES && bytes < BATCH_BYTES && !g_queue_is_empty (&self->queue)) {
    Pending *pending = g_queue_pop_head (&self->queue);

    self->queue_bytes -= size_of (pending->append.message);
    bytes += size_of (pending->append.message);
    if (g_cancellable_set_error_if_cancelled (g_task_get_cancellable (pending->task), &pending->append.error))
      g_clear_pointer (&pending->append.message, annot_message_unref);
    g_ptr_array_add (batch->pending, pending);
  }
  return batch;
}

static void
next_batch (LocalProducer *self)
{
  g_autoptr (GTask) task = NULL;
  Batch *batch = NULL;

  if (self->busy || g_queue_is_empty (&self->queue))
    return;
  self->busy = TRUE;
  batch = gather (self);
  task = g_task_new (NULL, NULL, batch_done, batch);
  g_task_set_source_tag (task, next_batch);
  g_task_set_task_data (task, batch, NULL);
  g_task_run_in_thread (task, run_batch);
}

static void
add_pending (LocalProducer *self, AnnotMessage *message, GTask *task)
{
  Pending *pending = g_new0 (Pending, 1);

  pending->append.message = message ? annot_message_ref (message) : NULL;
  pending->task = task;
  self->queue_bytes += size_of (message);
  g_queue_push_tail (&self->queue, pending);
  next_batch (self);
}

void
local_producer_add (LocalProducer *self, AnnotMessage *message, GTask *task_owned)
{
  g_autoptr (GTask) task = task_owned;
  g_autoptr (GError) error = NULL;

  if (!local_check_name ("topic", message->topic, &error))
    g_task_return_error (task, g_steal_pointer (&error));
  else if (g_queue_get_length (&self->queue) >= QUEUE_MESSAGES || self->queue_bytes > QUEUE_BYTES)
    g_task_return_new_error (task, ANNOT_ERROR, ANNOT_ERROR_TEMPORARY, "local: %u messages wait to be written",
                             g_queue_get_length (&self->queue));
  else
    add_pending (self, message, g_steal_pointer (&task));
}

void
local_producer_flush (LocalProducer *self, GTask *task)
{
  add_pending (self, NULL, task);
}

guint64
local_producer_get_produced (LocalProducer *self)
{
  return self->produced;
}

const GError *
local_producer_get_problem (LocalProducer *self)
{
  return self->problem;
}
