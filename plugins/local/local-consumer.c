/* SPDX-License-Identifier: Apache-2.0 */
/* Consuming on the main context: asks a worker for messages, hands them on, stores offsets. */
#include "local-consumer.h"

#include "local-reader.h"
#include "local-watch.h"

/* What may wait for delivery: a job is asked for more below half of it. */
#define WINDOW_MESSAGES 1024
#define WINDOW_BYTES (8 * 1024 * 1024)
/* Messages delivered before other sources of the loop get their turn. */
#define TURN 64
#define STORES_BOUND 10000

typedef struct {
  char *topic;
  gint64 next_offset;
  GTask *task;
  GError *error;
} Store;

/* One visit of the worker: what to do, then what came of it. */
typedef struct {
  LocalConsumer *consumer;
  AnnotBroker *alive; /* keeps the consumer; let go on the main context, unlike what a GTask holds */
  guint messages_wanted;
  gboolean acquire;
  gboolean measure;
  GPtrArray *stores;     /* Store */
  GPtrArray *messages;   /* AnnotMessage */
  GPtrArray *acquired;   /* AnnotPartition: since now this consumer's */
  GPtrArray *partitions; /* AnnotPartition: measured */
  gboolean more;
  gboolean final; /* the last one before closing */
  GError *error;
} Job;

struct LocalConsumer {
  AnnotBroker *broker; /* owns this */
  const LocalSettings *settings;
  GPtrArray *readers; /* LocalReader, touched by the job under way only */
  GQueue waiting;     /* AnnotMessage, to be delivered */
  gsize waiting_bytes;
  GPtrArray *stores;
  GPtrArray *partitions; /* AnnotPartition as last measured */
  GError *problem;
  LocalWatch *watch;
  GMainContext *context;
  GSource *poll;
  GSource *delivery;
  GTask *closing;
  gboolean busy;
  gboolean paused;
  gboolean changed; /* there may be something to read */
  gboolean acquire; /* look for topics to acquire */
  gboolean measure;
  gboolean told; /* whether the first assignment was reported */
};

static void next_job (LocalConsumer *self);

static void
store_free (Store *store)
{
  g_free (store->topic);
  g_clear_object (&store->task);
  g_clear_error (&store->error);
  g_free (store);
}

static void
job_free (Job *job)
{
  g_ptr_array_unref (job->stores);
  g_ptr_array_unref (job->messages);
  g_ptr_array_unref (job->acquired);
  g_ptr_array_unref (job->partitions);
  g_clear_error (&job->error);
  g_object_unref (job->alive);
  g_free (job);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Job, job_free)

LocalConsumer *
local_consumer_new (AnnotBroker *broker, const LocalSettings *settings)
{
  LocalConsumer *self = g_new0 (LocalConsumer, 1);

  self->broker = broker;
  self->settings = settings;
  self->readers = g_ptr_array_new_with_free_func ((GDestroyNotify) local_reader_free);
  self->stores = g_ptr_array_new_with_free_func ((GDestroyNotify) store_free);
  self->partitions = annot_partitions_new ();
  g_queue_init (&self->waiting);
  return self;
}

static void
clear_source (GSource **source)
{
  if (!*source)
    return;
  g_source_destroy (*source);
  g_clear_pointer (source, g_source_unref);
}

static void
stop (LocalConsumer *self)
{
  clear_source (&self->poll);
  clear_source (&self->delivery);
  g_clear_pointer (&self->watch, local_watch_free);
  g_queue_clear_full (&self->waiting, (GDestroyNotify) annot_message_unref);
  self->waiting_bytes = 0;
}

void
local_consumer_free (LocalConsumer *self)
{
  stop (self);
  g_clear_pointer (&self->context, g_main_context_unref);
  g_ptr_array_unref (self->readers);
  g_ptr_array_unref (self->stores);
  g_ptr_array_unref (self->partitions);
  g_clear_error (&self->problem);
  g_free (self);
}

/* In the worker. */

static LocalReader *
find_reader (LocalConsumer *self, const char *topic)
{
  for (guint i = 0; i < self->readers->len; i++) {
    LocalReader *reader = g_ptr_array_index (self->readers, i);

    if (g_str_equal (local_reader_get_topic (reader), topic))
      return reader;
  }
  return NULL;
}

/* Of several offsets of a topic only the last one has to reach the disk; its result is the result of all. */
static void
run_stores (LocalConsumer *self, GPtrArray *stores)
{
  for (guint i = stores->len; i > 0; i--) {
    Store *store = g_ptr_array_index (stores, i - 1);
    LocalReader *reader = find_reader (self, store->topic);
    Store *later = NULL;

    for (guint j = i; j < stores->len && !later; j++) {
      if (g_str_equal (((Store *) g_ptr_array_index (stores, j))->topic, store->topic))
        later = g_ptr_array_index (stores, j);
    }
    if (later && !later->error)
      continue;
    if (reader)
      local_reader_store (reader, store->next_offset, &store->error);
    else
      g_set_error (&store->error, ANNOT_ERROR, ANNOT_ERROR_STALE, "local: topic %s is not consumed", store->topic);
  }
}

static void
run_readers (LocalConsumer *self, Job *job)
{
  guint share = MAX (job->messages_wanted / MAX (self->readers->len, 1), 1);

  for (guint i = 0; i < self->readers->len; i++) {
    LocalReader *reader = g_ptr_array_index (self->readers, i);
    GError **error = job->error ? NULL : &job->error;
    gboolean more = FALSE;

    if (job->acquire && !local_reader_is_acquired (reader) && local_reader_acquire (reader, error))
      g_ptr_array_add (job->acquired, local_reader_measure (reader));
    if (!local_reader_is_acquired (reader))
      continue;
    if (job->messages_wanted > 0)
      local_reader_read (reader, share, WINDOW_BYTES / self->readers->len, job->messages, &more,
                         job->error ? NULL : &job->error);
    job->more = job->more || more;
    if (job->measure)
      g_ptr_array_add (job->partitions, local_reader_measure (reader));
  }
}

static void
run_job (GTask *task, gpointer source, gpointer task_data, GCancellable *cancellable)
{
  Job *job = task_data;

  run_stores (job->consumer, job->stores);
  run_readers (job->consumer, job);
  g_task_return_boolean (task, TRUE);
}

/* On the main context. */

static gboolean
deliver_some (gpointer user_data)
{
  LocalConsumer *self = user_data;
  g_autoptr (AnnotBroker) alive = g_object_ref (self->broker);

  for (guint i = 0; i < TURN && !self->paused && !self->closing; i++) {
    g_autoptr (AnnotMessage) message = g_queue_pop_head (&self->waiting);

    if (!message)
      break;
    self->waiting_bytes -= g_bytes_get_size (message->value);
    annot_broker_deliver (self->broker, message);
  }
  next_job (self);
  if (!g_queue_is_empty (&self->waiting) && !self->paused && !self->closing)
    return G_SOURCE_CONTINUE;
  if (self->delivery)
    g_clear_pointer (&self->delivery, g_source_unref);
  return G_SOURCE_REMOVE;
}

static void
start_delivery (LocalConsumer *self)
{
  if (self->delivery || self->paused || self->closing || g_queue_is_empty (&self->waiting))
    return;
  self->delivery = g_idle_source_new ();
  g_source_set_priority (self->delivery, G_PRIORITY_DEFAULT);
  g_source_set_callback (self->delivery, deliver_some, self, NULL);
  g_source_set_static_name (self->delivery, "local delivery");
  g_source_attach (self->delivery, self->context);
}

static void
answer_stores (GPtrArray *stores)
{
  for (guint i = 0; i < stores->len; i++) {
    Store *store = g_ptr_array_index (stores, i);

    if (store->error)
      g_task_return_error (store->task, g_steal_pointer (&store->error));
    else
      g_task_return_boolean (store->task, TRUE);
  }
}

static void
take_messages (LocalConsumer *self, GPtrArray *messages)
{
  for (guint i = 0; i < messages->len; i++) {
    AnnotMessage *message = g_ptr_array_index (messages, i);

    self->waiting_bytes += g_bytes_get_size (message->value);
    g_queue_push_tail (&self->waiting, annot_message_ref (message));
  }
}

/* An operator is told of a problem when it begins, not each second. */
static void
take_problem (LocalConsumer *self, GError *error)
{
  gboolean known = error && self->problem && g_str_equal (error->message, self->problem->message);

  g_clear_error (&self->problem);
  self->problem = error ? g_error_copy (error) : NULL;
  if (error && !known)
    annot_broker_report_failed (self->broker, error);
}

static void
take_assignment (LocalConsumer *self, GPtrArray *acquired)
{
  if (acquired->len == 0 && self->told)
    return;
  for (guint i = 0; i < acquired->len; i++)
    g_ptr_array_add (self->partitions, annot_partition_copy (g_ptr_array_index (acquired, i)));
  self->told = TRUE;
  self->measure = TRUE;
  annot_broker_report_assigned (self->broker, acquired);
}

static void
finish_close (LocalConsumer *self)
{
  g_autoptr (GTask) task = g_steal_pointer (&self->closing);

  g_ptr_array_set_size (self->readers, 0);
  g_ptr_array_set_size (self->partitions, 0);
  g_task_return_boolean (task, TRUE);
}

static void
job_done (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (Job) job = user_data;
  LocalConsumer *self = job->consumer;

  /* The callbacks from here on may do anything, also close; no other job begins before they are through. */
  answer_stores (job->stores);
  if (job->final) {
    finish_close (self);
    return;
  }
  if (job->measure) {
    g_ptr_array_unref (self->partitions);
    self->partitions = g_ptr_array_ref (job->partitions);
  }
  if (job->acquire && !self->closing)
    take_assignment (self, job->acquired);
  if (!self->closing)
    take_problem (self, job->error);
  if (!self->closing)
    take_messages (self, job->messages);
  self->changed = self->changed || job->more;
  start_delivery (self);
  self->busy = FALSE;
  next_job (self);
}

/* How many messages there is room for; 0 below half of the window, so that jobs stay large. */
static guint
get_room (LocalConsumer *self)
{
  guint waiting = g_queue_get_length (&self->waiting);

  if (self->closing || !self->changed || waiting > WINDOW_MESSAGES / 2 || self->waiting_bytes > WINDOW_BYTES / 2)
    return 0;
  return WINDOW_MESSAGES - waiting;
}

static void
next_job (LocalConsumer *self)
{
  g_autoptr (GTask) task = NULL;
  guint room = get_room (self);
  Job *job = NULL;

  if (self->busy)
    return;
  if (!self->closing && room == 0 && self->stores->len == 0 && !self->measure && !self->acquire)
    return;
  job = g_new0 (Job, 1);
  job->consumer = self;
  job->alive = g_object_ref (self->broker);
  job->messages_wanted = room;
  job->final = self->closing != NULL;
  job->measure = self->measure && !job->final;
  job->acquire = self->acquire && !job->final;
  job->stores = g_steal_pointer (&self->stores);
  self->stores = g_ptr_array_new_with_free_func ((GDestroyNotify) store_free);
  job->messages = g_ptr_array_new_with_free_func ((GDestroyNotify) annot_message_unref);
  job->acquired = annot_partitions_new ();
  job->partitions = annot_partitions_new ();
  if (room > 0)
    self->changed = FALSE;
  self->measure = FALSE;
  self->acquire = FALSE;
  self->busy = TRUE;
  task = g_task_new (NULL, NULL, job_done, job);
  g_task_set_source_tag (task, next_job);
  g_task_set_task_data (task, job, NULL);
  g_task_run_in_thread (task, run_job);
}

static gboolean
look_again (gpointer user_data)
{
  LocalConsumer *self = user_data;

  local_watch_refresh (self->watch);
  self->changed = TRUE;
  self->acquire = TRUE;
  next_job (self);
  return G_SOURCE_CONTINUE;
}

static void
on_change (const char *name, gpointer user_data)
{
  LocalConsumer *self = user_data;

  /* The broker's own files begin with a dot; writing an offset must not lead to another look. */
  if (name[0] == '.')
    return;
  self->changed = TRUE;
  next_job (self);
}

gboolean
local_consumer_start (LocalConsumer *self, const char *const *topics, GMainContext *context, GError **error)
{
  if (self->context) {
    g_set_error (error, ANNOT_ERROR, ANNOT_ERROR_EXISTS, "local: topics are consumed already");
    return FALSE;
  }
  for (guint i = 0; topics[i]; i++) {
    if (!local_check_name ("topic", topics[i], error))
      return FALSE;
  }
  for (guint i = 0; topics[i]; i++)
    g_ptr_array_add (self->readers, local_reader_new (self->settings, topics[i]));
  self->context = g_main_context_ref (context);
  self->watch = local_watch_new (self->settings->directory, context, on_change, self);
  self->poll = g_timeout_source_new_seconds (1);
  g_source_set_callback (self->poll, look_again, self, NULL);
  g_source_set_static_name (self->poll, "local poll");
  g_source_attach (self->poll, context);
  look_again (self);
  return TRUE;
}

void
local_consumer_close (LocalConsumer *self, GTask *task)
{
  self->closing = task;
  stop (self);
  next_job (self);
}

void
local_consumer_store (LocalConsumer *self, const char *topic, gint64 next_offset, GTask *task_owned)
{
  g_autoptr (GTask) task = task_owned;
  Store *store = NULL;

  if (self->stores->len >= STORES_BOUND) {
    g_task_return_new_error (task, ANNOT_ERROR, ANNOT_ERROR_TEMPORARY, "local: %d offsets wait to be stored",
                             STORES_BOUND);
    return;
  }
  store = g_new0 (Store, 1);
  store->topic = g_strdup (topic);
  store->next_offset = next_offset;
  store->task = g_steal_pointer (&task);
  g_ptr_array_add (self->stores, store);
  next_job (self);
}

void
local_consumer_pause (LocalConsumer *self)
{
  self->paused = TRUE;
}

void
local_consumer_resume (LocalConsumer *self)
{
  self->paused = FALSE;
  start_delivery (self);
}

void
local_consumer_measure (LocalConsumer *self)
{
  if (self->context && !self->closing) {
    self->measure = TRUE;
    next_job (self);
  }
}

GPtrArray *
local_consumer_get_assignment (LocalConsumer *self)
{
  return annot_partitions_copy (self->partitions);
}

const GError *
local_consumer_get_problem (LocalConsumer *self)
{
  return self->problem;
}
