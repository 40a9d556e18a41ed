/* SPDX-License-Identifier: Apache-2.0 */
/* From broker or HTTP into the store: what comes in, and how much of it may be under way. Storing is in
 * annot-ingest-store.c, dead letters in annot-ingest-letters.c, offsets in annot-ingest-offsets.c. */
#include "annot-ingest-private.h"

#include <string.h>

#include "model/annot-example-json.h"

/* At this many bytes under way the broker is paused, whatever the number of messages. */
#define BYTES_BOUND (64 * 1024 * 1024)
/* So many batches may be under way before the broker is paused: two in the store, one being told to pages, one gathering.
 */
#define BROKER_BATCHES 4
/* HTTP waits for no one: beyond this many batches it is told to come back. */
#define BATCHES_BOUND 8
/* So many batches may be finished behind one message that is not: then a dead-letter topic that is away stops the
 * intake, or what is remembered, and what is read again after a restart, would grow without end. */
#define BEHIND_BOUND 20

G_DEFINE_FINAL_TYPE (AnnotIngest, annot_ingest, G_TYPE_OBJECT)

static void
unit_free (AnnotIngestUnit *unit)
{
  g_clear_pointer (&unit->example, annot_example_unref);
  g_clear_pointer (&unit->message, annot_message_unref);
  g_clear_pointer (&unit->examples, g_ptr_array_unref);
  g_clear_object (&unit->task);
  g_free (unit);
}

static void
annot_ingest_dispose (GObject *object)
{
  AnnotIngest *self = ANNOT_INGEST (object);

  if (self->consuming)
    annot_broker_set_listener (self->broker, NULL, NULL);
  self->consuming = FALSE;
  g_cancellable_cancel (self->cancellable);
  g_clear_handle_id (&self->batch_timer, g_source_remove);
  g_clear_handle_id (&self->retry_timer, g_source_remove);
  g_clear_handle_id (&self->offset_timer, g_source_remove);
  g_clear_handle_id (&self->revoke_timer, g_source_remove);
  annot_ingest_letters_stop (self);
  g_clear_object (&self->notifier);
  g_clear_object (&self->broker);
  g_clear_object (&self->store);
  G_OBJECT_CLASS (annot_ingest_parent_class)->dispose (object);
}

static void
annot_ingest_finalize (GObject *object)
{
  AnnotIngest *self = ANNOT_INGEST (object);
  AnnotIngestUnit *unit;

  for (guint i = 0; i < self->batches->len; i++) {
    const AnnotIngestBatch *batch = g_ptr_array_index (self->batches, i);

    for (guint j = 0; j < batch->units->len; j++) {
      if (g_ptr_array_index (batch->units, j))
        annot_ingest_retire (self, g_ptr_array_index (batch->units, j));
    }
  }
  g_ptr_array_unref (self->batches);
  while ((unit = annot_ingest_pop (self)))
    annot_ingest_retire (self, unit);
  g_clear_pointer (&self->revoking, g_ptr_array_unref);
  g_hash_table_unref (self->letters);
  annot_offset_tracker_free (self->tracker);
  g_clear_object (&self->cancellable);
  g_free (self->topic);
  g_free (self->dead_letter_topic);
  G_OBJECT_CLASS (annot_ingest_parent_class)->finalize (object);
}

static void
annot_ingest_class_init (AnnotIngestClass *klass)
{
  G_OBJECT_CLASS (klass)->dispose = annot_ingest_dispose;
  G_OBJECT_CLASS (klass)->finalize = annot_ingest_finalize;
}

static void
annot_ingest_init (AnnotIngest *self)
{
  self->cancellable = g_cancellable_new ();
  self->tracker = annot_offset_tracker_new ();
  self->letters = g_hash_table_new (NULL, NULL);
  g_queue_init (&self->queue);
  self->batches = g_ptr_array_new_with_free_func ((GDestroyNotify) annot_ingest_batch_free);
}

AnnotIngest *
annot_ingest_new (AnnotConfig *config, AnnotStore *store, AnnotBroker *broker, AnnotNotifier *notifier)
{
  AnnotIngest *self = g_object_new (ANNOT_TYPE_INGEST, NULL);

  self->store = g_object_ref (store);
  self->broker = g_object_ref (broker);
  self->notifier = g_object_ref (notifier);
  self->topic = g_strdup (annot_config_get_string (config, "broker", "hard-examples-topic"));
  self->dead_letter_topic = g_strdup (annot_config_get_string (config, "broker", "dead-letter-topic"));
  self->batch_size = (guint) MAX (1, annot_config_get_integer (config, "broker", "batch-size"));
  self->batch_milliseconds = (guint) MAX (0, annot_config_get_integer (config, "broker", "batch-milliseconds"));
  self->limits.message_bytes = (gsize) annot_config_get_integer (config, "limits", "message-bytes");
  self->limits.frame_bytes = (gsize) annot_config_get_integer (config, "limits", "frame-bytes");
  self->limits.detections = (guint) annot_config_get_integer (config, "limits", "detections");
  self->limits.json_depth = (guint) annot_config_get_integer (config, "limits", "json-depth");
  return self;
}

/* How much is under way */

void
annot_ingest_press (AnnotIngest *self)
{
  gboolean full = self->rows >= BROKER_BATCHES * self->batch_size || self->bytes >= BYTES_BOUND;
  gboolean low = self->rows < (BROKER_BATCHES - 1) * self->batch_size && self->bytes < BYTES_BOUND / 2;
  gboolean behind = annot_offset_tracker_get_waiting (self->tracker) >= BEHIND_BOUND * self->batch_size;
  gboolean held = self->draining || self->retry_timer || behind;

  if (!self->consuming)
    return;
  if (!self->paused && (full || held)) {
    self->paused = TRUE;
    annot_broker_pause (self->broker);
  } else if (self->paused && low && !held) {
    self->paused = FALSE;
    annot_broker_resume (self->broker);
  }
}

static void
admit (AnnotIngest *self, AnnotIngestUnit *unit)
{
  self->rows += unit->rows;
  self->bytes += unit->bytes;
}

void
annot_ingest_retire (AnnotIngest *self, AnnotIngestUnit *unit)
{
  self->rows -= unit->rows;
  self->bytes -= unit->bytes;
  if (unit->entry)
    annot_offset_tracker_abandon (self->tracker, unit->entry);
  unit_free (unit);
}

AnnotIngestUnit *
annot_ingest_pop (AnnotIngest *self)
{
  AnnotIngestUnit *unit = g_queue_pop_head (&self->queue);

  if (unit)
    self->queue_bytes -= unit->bytes;
  return unit;
}

static gboolean
on_batch_timer (gpointer user_data)
{
  AnnotIngest *self = user_data;

  self->batch_timer = 0;
  annot_ingest_flush (self);
  return G_SOURCE_REMOVE;
}

/* Queues a unit that was admitted. */
static void
gather (AnnotIngest *self, AnnotIngestUnit *unit)
{
  g_queue_push_tail (&self->queue, unit);
  self->queue_bytes += unit->bytes;
  if (unit->task || self->batch_milliseconds == 0 || self->batches->len > 0 || annot_ingest_is_full (self))
    annot_ingest_flush (self);
  else if (!self->batch_timer)
    self->batch_timer = g_timeout_add (self->batch_milliseconds, on_batch_timer, self);
}

/* From the broker */

/* Returns: (transfer full) (nullable): why it is not an example, when it is not */
static char *
parse (AnnotIngest *self, AnnotIngestUnit *unit)
{
  const AnnotMessage *message = unit->message;
  g_autoptr (GError) error = NULL;
  gsize length;
  const char *data;

  if (!message->value)
    return g_strdup ("the message has a null value");
  data = g_bytes_get_data (message->value, &length);
  if (length > self->limits.message_bytes)
    return g_strdup_printf ("the message has %" G_GSIZE_FORMAT " bytes: [limits] message-bytes allows %" G_GSIZE_FORMAT,
                            length, self->limits.message_bytes);
  unit->example = annot_example_parse (data, length, &self->limits, &error);
  if (!unit->example)
    return g_strdup (error->message);
  unit->example->source_topic = g_strdup (message->topic);
  unit->example->source_partition = message->partition;
  unit->example->source_offset = message->offset;
  return NULL;
}

static gsize
size_of (const AnnotMessage *message)
{
  gsize size = (message->key ? g_bytes_get_size (message->key) : 0)
               + (message->value ? g_bytes_get_size (message->value) : 0);

  for (guint i = 0; i < message->headers->len; i++) {
    const AnnotHeader *header = g_ptr_array_index (message->headers, i);

    size += strlen (header->name) + (header->value ? g_bytes_get_size (header->value) : 0);
  }
  return size;
}

static void
on_message (AnnotBroker *broker, AnnotMessage *message, gpointer user_data)
{
  g_autoptr (AnnotIngest) self = g_object_ref (user_data);
  AnnotIngestUnit *unit;
  g_autofree char *reason = NULL;

  /* Left to whoever consumes next: its offset is not stored. */
  if (self->draining)
    return;
  self->counters.consumed++;
  unit = g_new0 (AnnotIngestUnit, 1);
  unit->message = annot_message_ref (message);
  unit->entry = annot_offset_tracker_begin (self->tracker, message);
  unit->rows = 1;
  unit->bytes = size_of (message);
  admit (self, unit);
  reason = parse (self, unit);
  if (reason)
    annot_ingest_reject (self, unit, "parse", reason);
  else
    gather (self, unit);
  annot_ingest_press (self);
}

static void
on_assigned (AnnotBroker *broker, GPtrArray *partitions, gpointer user_data)
{
  g_message ("intake: %u partition%s assigned", partitions->len, partitions->len == 1 ? "" : "s");
}

static void
on_revoked (AnnotBroker *broker, GPtrArray *partitions, gboolean lost, gpointer user_data)
{
  g_autoptr (AnnotIngest) self = g_object_ref (user_data);

  annot_ingest_revoke (self, partitions, lost);
}

static void
on_failed (AnnotBroker *broker, const GError *error, gpointer user_data)
{
  AnnotIngest *self = user_data;

  annot_log_limited (&self->broker_limit, 30, G_LOG_LEVEL_WARNING, "intake: %s", error->message);
}

static const AnnotBrokerListener listener = {
  .message = on_message,
  .assigned = on_assigned,
  .revoked = on_revoked,
  .failed = on_failed,
};

static void
on_consuming (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  g_autoptr (GError) error = NULL;

  if (annot_broker_consume_finish (ANNOT_BROKER (source), result, &error))
    g_task_return_boolean (task, TRUE);
  else
    g_task_return_error (task, g_steal_pointer (&error));
}

void
annot_ingest_start (AnnotIngest *self, GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data)
{
  g_autoptr (GTask) task = g_task_new (self, cancellable, callback, user_data);
  const char *topics[] = {self->topic, NULL};

  self->consuming = TRUE;
  annot_broker_set_listener (self->broker, &listener, self);
  annot_broker_consume (self->broker, topics, cancellable, on_consuming, g_object_ref (task));
}

gboolean
annot_ingest_start_finish (AnnotIngest *self, GAsyncResult *result, GError **error)
{
  return g_task_propagate_boolean (G_TASK (result), error);
}

/* From HTTP */

static gsize
example_bytes (const AnnotExample *example)
{
  return strlen (example->payload ? example->payload : "") + strlen (example->detections ? example->detections : "") +
         (example->frame ? g_bytes_get_size (example->frame) : 0);
}

static AnnotIngestUnit *
unit_for_task (GTask *task, GPtrArray *examples)
{
  AnnotIngestUnit *unit = g_new0 (AnnotIngestUnit, 1);

  unit->task = g_object_ref (task);
  unit->examples = g_ptr_array_ref (examples);
  unit->rows = examples->len;
  for (guint i = 0; i < examples->len; i++)
    unit->bytes += example_bytes (g_ptr_array_index (examples, i));
  return unit;
}

void
annot_ingest_put (AnnotIngest *self, GPtrArray *examples, GCancellable *cancellable, GAsyncReadyCallback callback,
                  gpointer user_data)
{
  g_autoptr (GTask) task = g_task_new (self, cancellable, callback, user_data);
  AnnotIngestUnit *unit;

  g_task_set_check_cancellable (task, FALSE);
  if (examples->len == 0) {
    g_task_return_pointer (task, g_array_new (FALSE, FALSE, sizeof (AnnotPutResult)), (GDestroyNotify) g_array_unref);
    return;
  }
  if (self->draining || self->retry_timer || self->bytes >= 2 * BYTES_BOUND ||
      self->rows >= BATCHES_BOUND * self->batch_size) {
    g_task_return_new_error (task, ANNOT_ERROR, ANNOT_ERROR_TEMPORARY, "%s: try again in a moment",
                             self->draining ? "the service is shutting down"
                             : self->retry_timer ? "the store is away"
                                                 : "the intake is full");
    return;
  }
  unit = unit_for_task (task, examples);
  admit (self, unit);
  gather (self, unit);
  annot_ingest_press (self);
}

GArray *
annot_ingest_put_finish (AnnotIngest *self, GAsyncResult *result, GError **error)
{
  return g_task_propagate_pointer (G_TASK (result), error);
}

/* The end */

static gboolean
is_idle (AnnotIngest *self)
{
  return self->batches->len == 0 && self->queue.length == 0 && self->announcing == 0 && self->offsets_storing == 0 &&
         g_hash_table_size (self->letters) == 0 && annot_offset_tracker_all_idle (self->tracker);
}

static void
end_drain (AnnotIngest *self)
{
  if (self->drain_cancelled) {
    g_source_destroy (self->drain_cancelled);
    g_clear_pointer (&self->drain_cancelled, g_source_unref);
  }
}

void
annot_ingest_settle (AnnotIngest *self)
{
  annot_ingest_store_offsets (self);
  annot_ingest_check_revoked (self);
  annot_ingest_press (self);
  if (self->drain_task && is_idle (self)) {
    g_autoptr (GTask) task = g_steal_pointer (&self->drain_task);

    end_drain (self);
    g_task_return_boolean (task, TRUE);
  }
}

/* Nobody waits any longer: what is under way is left to those who consume next. */
static gboolean
on_drain_cancelled (GCancellable *cancellable, gpointer user_data)
{
  g_autoptr (AnnotIngest) self = g_object_ref (user_data);
  g_autoptr (GTask) task = g_steal_pointer (&self->drain_task);
  AnnotIngestUnit *unit;

  self->aborted = TRUE;
  end_drain (self);
  g_clear_handle_id (&self->batch_timer, g_source_remove);
  g_clear_handle_id (&self->retry_timer, g_source_remove);
  g_clear_handle_id (&self->offset_timer, g_source_remove);
  annot_ingest_letters_stop (self);
  g_cancellable_cancel (self->cancellable);
  while ((unit = annot_ingest_pop (self))) {
    if (unit->task)
      g_task_return_new_error (unit->task, ANNOT_ERROR, ANNOT_ERROR_TEMPORARY, "the service is shutting down");
    annot_ingest_retire (self, unit);
  }
  /* Partitions that are to go now can. */
  annot_ingest_check_revoked (self);
  if (task)
    g_task_return_new_error (task, ANNOT_ERROR, ANNOT_ERROR_TIMEOUT,
                             "what was in flight did not become durable in time; the broker will deliver it again");
  return G_SOURCE_REMOVE;
}

void
annot_ingest_drain (AnnotIngest *self, GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data)
{
  g_autoptr (GTask) task = g_task_new (self, cancellable, callback, user_data);

  g_return_if_fail (!self->drain_task);

  g_task_set_check_cancellable (task, FALSE);
  self->draining = TRUE;
  self->drain_task = g_object_ref (task);
  if (cancellable) {
    self->drain_cancelled = g_cancellable_source_new (cancellable);
    g_source_set_callback (self->drain_cancelled, G_SOURCE_FUNC (on_drain_cancelled), self, NULL);
    g_source_attach (self->drain_cancelled, g_main_context_get_thread_default ());
  }
  annot_ingest_flush (self);
  annot_ingest_settle (self);
}

gboolean
annot_ingest_drain_finish (AnnotIngest *self, GAsyncResult *result, GError **error)
{
  return g_task_propagate_boolean (G_TASK (result), error);
}

void
annot_ingest_get_counters (AnnotIngest *self, AnnotIngestCounters *counters)
{
  *counters = self->counters;
  counters->in_flight = self->rows;
  counters->paused = self->paused;
}

const AnnotLimits *
annot_ingest_get_limits (AnnotIngest *self)
{
  return &self->limits;
}
