/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A broker that is a directory of JSON-Lines files: `<topic>.jsonl`, one message a line, for people and scripts to
 * append to and to read with jq. Beside them, with names that begin with a dot, are the offset and the lock of each
 * group and topic, and the ids that were produced to a topic. A topic has one partition, 0, and an offset is a number
 * of bytes.
 */
#include "local-broker.h"

#include "local-consumer.h"
#include "local-file.h"
#include "local-producer.h"

#include <errno.h>
#include <sys/statvfs.h>
#include <unistd.h>

struct _LocalBroker {
  AnnotBroker parent_instance;

  LocalSettings *settings;
  LocalConsumer *consumer;
  LocalProducer *producer;
  gboolean consuming;
};

G_DEFINE_FINAL_TYPE (LocalBroker, local_broker, ANNOT_TYPE_BROKER)

static gboolean
local_broker_configure (AnnotBroker *broker, AnnotConfig *config, GError **error)
{
  LocalBroker *self = LOCAL_BROKER (broker);

  self->settings = local_settings_new (config, error);
  return self->settings != NULL;
}

static void
make_directory (GTask *task, gpointer source, gpointer task_data, GCancellable *cancellable)
{
  const char *directory = task_data;

  if (g_mkdir_with_parents (directory, 0700) < 0)
    g_task_return_new_error (
        task, ANNOT_ERROR, ANNOT_ERROR_CONFIG,
        "local: cannot create the directory %s: %s: create it for the user that the daemon runs as, "
        "or set [local] directory",
        directory, g_strerror (errno));
  else if (access (directory, R_OK | W_OK | X_OK) < 0)
    g_task_return_new_error (task, ANNOT_ERROR, ANNOT_ERROR_CONFIG,
                             "local: the directory %s cannot be written: %s: give it to the user that the daemon runs "
                             "as, or set [local] directory",
                             directory, g_strerror (errno));
  else
    g_task_return_boolean (task, TRUE);
}

/* Runs a function in a worker. The worker's task keeps only the directory's name, and not the broker: that must be let
 * go on the main context. */
static void
run_on_directory (LocalBroker *self, GTaskThreadFunc function, GAsyncReadyCallback callback, GTask *task)
{
  g_autoptr (GTask) inner = g_task_new (NULL, NULL, callback, task);

  g_task_set_source_tag (inner, run_on_directory);
  g_task_set_task_data (inner, g_strdup (self->settings->directory), g_free);
  g_task_run_in_thread (inner, function);
}

static void
directory_made (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  g_autoptr (GError) error = NULL;

  if (g_task_propagate_boolean (G_TASK (result), &error))
    g_task_return_boolean (task, TRUE);
  else
    g_task_return_error (task, g_steal_pointer (&error));
}

static void
drop_parts (LocalBroker *self)
{
  g_clear_pointer (&self->consumer, local_consumer_free);
  g_clear_pointer (&self->producer, local_producer_free);
}

static void
local_broker_open (AnnotBroker *broker, GTask *task)
{
  LocalBroker *self = LOCAL_BROKER (broker);

  drop_parts (self);
  self->consuming = FALSE;
  self->consumer = local_consumer_new (broker, self->settings);
  self->producer = local_producer_new (broker, self->settings);
  run_on_directory (self, make_directory, directory_made, task);
}

static void
flushed_before_close (GObject *source, GAsyncResult *result, gpointer user_data)
{
  LocalBroker *self = LOCAL_BROKER (source);
  g_autoptr (GTask) task = user_data;

  if (self->consuming)
    local_consumer_close (self->consumer, g_steal_pointer (&task));
  else
    g_task_return_boolean (task, TRUE);
}

static void
local_broker_close (AnnotBroker *broker, GTask *task)
{
  LocalBroker *self = LOCAL_BROKER (broker);

  local_consumer_pause (self->consumer);
  local_producer_flush (self->producer, g_task_new (self, NULL, flushed_before_close, task));
}

static void
local_broker_consume (AnnotBroker *broker, const char *const *topics, GTask *task_owned)
{
  LocalBroker *self = LOCAL_BROKER (broker);
  g_autoptr (GTask) task = task_owned;
  g_autoptr (GError) error = NULL;

  if (!local_consumer_start (self->consumer, topics, g_task_get_context (task), &error)) {
    g_task_return_error (task, g_steal_pointer (&error));
    return;
  }
  self->consuming = TRUE;
  g_task_return_boolean (task, TRUE);
}

static void
local_broker_store_offset (AnnotBroker *broker, const char *topic, int partition, gint64 next_offset, GTask *task)
{
  local_consumer_store (LOCAL_BROKER (broker)->consumer, topic, next_offset, task);
}

static void
local_broker_pause (AnnotBroker *broker)
{
  if (LOCAL_BROKER (broker)->consumer)
    local_consumer_pause (LOCAL_BROKER (broker)->consumer);
}

static void
local_broker_resume (AnnotBroker *broker)
{
  if (LOCAL_BROKER (broker)->consumer)
    local_consumer_resume (LOCAL_BROKER (broker)->consumer);
}

static GPtrArray *
local_broker_get_assignment (AnnotBroker *broker)
{
  LocalBroker *self = LOCAL_BROKER (broker);

  if (!self->consumer)
    return annot_partitions_new ();
  return local_consumer_get_assignment (self->consumer);
}

static void
local_broker_produce (AnnotBroker *broker, AnnotMessage *message, GTask *task)
{
  local_producer_add (LOCAL_BROKER (broker)->producer, message, task);
}

static void
local_broker_flush (AnnotBroker *broker, GTask *task)
{
  local_producer_flush (LOCAL_BROKER (broker)->producer, task);
}

static JsonObject *
local_broker_get_metrics (AnnotBroker *broker)
{
  LocalBroker *self = LOCAL_BROKER (broker);
  g_autoptr (GPtrArray) partitions = local_broker_get_assignment (broker);
  JsonObject *metrics = json_object_new ();
  JsonArray *members = json_array_new ();

  if (partitions->len > 0)
    json_array_add_string_element (members, self->settings->client);
  json_object_set_string_member (metrics, "group_id", self->settings->group);
  json_object_set_string_member (metrics, "client_id", self->settings->client);
  json_object_set_array_member (metrics, "members", members);
  json_object_set_array_member (metrics, "assignments", annot_partitions_describe (partitions));
  json_object_set_int_member (metrics, "lag", annot_partitions_sum_lag (partitions));
  json_object_set_int_member (metrics, "produced",
                              self->producer ? (gint64) local_producer_get_produced (self->producer) : 0);
  return metrics;
}

/* In a worker: whether the directory can take more. */
static void
check_directory (GTask *task, gpointer source, gpointer task_data, GCancellable *cancellable)
{
  const char *directory = task_data;
  g_autoptr (GError) error = NULL;
  struct statvfs status;

  if (access (directory, R_OK | W_OK | X_OK) < 0 || statvfs (directory, &status) < 0)
    local_set_errno (&error, errno, "use", directory);
  else if (status.f_bavail == 0)
    local_set_errno (&error, ENOSPC, "write to", directory);
  if (error)
    g_task_return_error (task, g_steal_pointer (&error));
  else
    g_task_return_boolean (task, TRUE);
}

static void
directory_checked (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  LocalBroker *self = LOCAL_BROKER (g_task_get_source_object (task));
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) partitions = local_broker_get_assignment (ANNOT_BROKER (self));
  JsonObject *details = json_object_new ();
  const GError *problem = NULL;

  g_task_propagate_boolean (G_TASK (result), &error);
  problem = error;
  if (!problem)
    problem = local_consumer_get_problem (self->consumer);
  if (!problem)
    problem = local_producer_get_problem (self->producer);
  json_object_set_string_member (details, "group_id", self->settings->group);
  json_object_set_string_member (details, "client_id", self->settings->client);
  json_object_set_boolean_member (details, "consumer_assigned", partitions->len > 0);
  json_object_set_int_member (details, "assigned_partitions", partitions->len);
  json_object_set_int_member (details, "lag", annot_partitions_sum_lag (partitions));
  json_object_set_string_member (details, "directory", self->settings->directory);
  if (problem)
    json_object_set_string_member (details, "error", problem->message);
  g_task_return_pointer (task, annot_health_new (problem == NULL, details), (GDestroyNotify) annot_health_free);
}

static void
local_broker_health (AnnotBroker *broker, GTask *task)
{
  LocalBroker *self = LOCAL_BROKER (broker);

  /* For the next one who asks: this answer must not wait for a long count. */
  local_consumer_measure (self->consumer);
  run_on_directory (self, check_directory, directory_checked, task);
}

static void
local_broker_finalize (GObject *object)
{
  LocalBroker *self = LOCAL_BROKER (object);

  drop_parts (self);
  g_clear_pointer (&self->settings, local_settings_free);
  G_OBJECT_CLASS (local_broker_parent_class)->finalize (object);
}

static void
local_broker_class_init (LocalBrokerClass *klass)
{
  AnnotBrokerClass *broker_class = ANNOT_BROKER_CLASS (klass);

  G_OBJECT_CLASS (klass)->finalize = local_broker_finalize;
  broker_class->configure = local_broker_configure;
  broker_class->open = local_broker_open;
  broker_class->close = local_broker_close;
  broker_class->health = local_broker_health;
  broker_class->consume = local_broker_consume;
  broker_class->store_offset = local_broker_store_offset;
  broker_class->pause = local_broker_pause;
  broker_class->resume = local_broker_resume;
  broker_class->get_assignment = local_broker_get_assignment;
  broker_class->get_metrics = local_broker_get_metrics;
  broker_class->produce = local_broker_produce;
  broker_class->flush = local_broker_flush;
}

static void
local_broker_init (LocalBroker *self)
{
}
