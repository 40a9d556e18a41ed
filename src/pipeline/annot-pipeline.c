/* SPDX-License-Identifier: Apache-2.0 */
/* The rooms between the backends, wired together: start, run, drain. */
#include "annot-pipeline.h"

#include "annot-backoff.h"
#include "annot-bounded.h"
#include "annot-log-limit.h"
#include "annot-retention.h"

#define RETRY_BASE_MILLISECONDS 200
#define RETRY_CAP_MILLISECONDS 1000
#define RETRY_JITTER 0.2
/* Of drain-timeout, the part that the pipeline's own steps may take together; requests have had the rest. */
#define DRAIN_PERCENT 70

struct _AnnotPipeline {
  GObject parent_instance;

  AnnotConfig *config;
  AnnotStore *store;
  AnnotState *state;
  AnnotBroker *broker;
  AnnotNotifier *notifier;
  AnnotIngest *ingest;
  AnnotRelay *relay;
  AnnotDesk *desk;
  AnnotPresence *presence;
  AnnotHealthMonitor *health;
  AnnotRetention *retention;
  AnnotLogLimit start_limit;
};

G_DEFINE_FINAL_TYPE (AnnotPipeline, annot_pipeline, G_TYPE_OBJECT)

static void
annot_pipeline_dispose (GObject *object)
{
  AnnotPipeline *self = ANNOT_PIPELINE (object);

  g_clear_object (&self->retention);
  g_clear_object (&self->health);
  g_clear_object (&self->presence);
  g_clear_object (&self->desk);
  g_clear_object (&self->ingest);
  g_clear_object (&self->relay);
  g_clear_object (&self->notifier);
  g_clear_object (&self->broker);
  g_clear_object (&self->state);
  g_clear_object (&self->store);
  g_clear_object (&self->config);
  G_OBJECT_CLASS (annot_pipeline_parent_class)->dispose (object);
}

static void
annot_pipeline_class_init (AnnotPipelineClass *klass)
{
  G_OBJECT_CLASS (klass)->dispose = annot_pipeline_dispose;
}

static void
annot_pipeline_init (AnnotPipeline *self)
{
}

AnnotPipeline *
annot_pipeline_new (AnnotConfig *config, AnnotStore *store, AnnotState *state, AnnotBroker *broker)
{
  AnnotPipeline *self = g_object_new (ANNOT_TYPE_PIPELINE, NULL);

  self->config = g_object_ref (config);
  self->store = g_object_ref (store);
  self->state = g_object_ref (state);
  self->broker = g_object_ref (broker);
  self->notifier = annot_notifier_new (store, state);
  self->relay = annot_relay_new (config, store, state, broker);
  self->ingest = annot_ingest_new (config, store, broker, self->notifier);
  self->desk = annot_desk_new (config, store, self->notifier, self->relay);
  self->presence = annot_presence_new (config, state, broker);
  /* It may have died between a commit and telling of it. */
  g_signal_connect_object (self->presence, "gone", G_CALLBACK (annot_notifier_refresh), self->notifier,
                           G_CONNECT_SWAPPED);
  self->health = annot_health_monitor_new (config, store, state, broker);
  self->retention = annot_retention_new (config, store);
  return self;
}

/* Start: one step after the other, each tried until the deadline. */

typedef struct {
  const char *name;
  gsize object;
  AnnotBoundedCall call;
  AnnotBoundedFinish finish;
  guint percent;
} Step;

#define STEP(name_, member_, method_, percent_)                                                                   \
  {                                                                                                               \
    name_, G_STRUCT_OFFSET (AnnotPipeline, member_), (AnnotBoundedCall) method_,                                  \
        (AnnotBoundedFinish) method_##_finish, percent_                                                           \
  }

/* The state comes first: it does without its server after a part of the time, and the others may use up the rest. */
static const Step start_steps[] = {
  STEP ("state", state, annot_state_open, 0),
  STEP ("store", store, annot_store_open, 0),
  STEP ("broker", broker, annot_broker_open, 0),
  STEP ("notifier", notifier, annot_notifier_start, 0),
  STEP ("intake", ingest, annot_ingest_start, 0),
};

/* What is lost least comes last: intake ends first, the store is closed when nobody writes any more. */
static const Step drain_steps[] = {
  STEP ("intake", ingest, annot_ingest_drain, 30),     STEP ("relay", relay, annot_relay_drain, 30),
  STEP ("broker", broker, annot_broker_flush, 10),     STEP ("presence", presence, annot_presence_stop, 5),
  STEP ("broker", broker, annot_broker_close, 10),     STEP ("state", state, annot_state_close, 5),
  STEP ("store", store, annot_store_close, 10),
};

typedef struct {
  guint step;
  guint attempts;
  gint64 deadline;
  GError *first_error;
} Walk;

static void
walk_free (Walk *self)
{
  g_clear_error (&self->first_error);
  g_free (self);
}

static GTask *
walk_begin (AnnotPipeline *self, gint64 seconds, GCancellable *cancellable, GAsyncReadyCallback callback,
            gpointer user_data)
{
  GTask *task = g_task_new (self, cancellable, callback, user_data);
  Walk *walk = g_new0 (Walk, 1);

  g_task_set_check_cancellable (task, FALSE);
  walk->deadline = g_get_monotonic_time () + seconds * G_USEC_PER_SEC;
  g_task_set_task_data (task, walk, (GDestroyNotify) walk_free);
  return task;
}

static gpointer
step_object (AnnotPipeline *self, const Step *step)
{
  return G_STRUCT_MEMBER (gpointer, self, step->object);
}

static void start_next (GTask *task);

static gboolean
on_start_again (gpointer user_data)
{
  start_next (user_data);
  return G_SOURCE_REMOVE;
}

static void
start_failed (GTask *task, const Step *step, GError *error)
{
  AnnotPipeline *self = g_task_get_source_object (task);
  Walk *walk = g_task_get_task_data (task);
  gint64 delay = annot_backoff_delay (++walk->attempts, RETRY_BASE_MILLISECONDS, RETRY_CAP_MILLISECONDS, RETRY_JITTER);

  if (!annot_error_is_transient (error)) {
    g_prefix_error (&error, "%s: ", step->name);
    g_task_return_error (task, error);
    return;
  }
  if (g_get_monotonic_time () + delay * 1000 >= walk->deadline) {
    g_task_return_new_error (task, error->domain, error->code,
                             "%s: %s; given up after [service] start-timeout: look at the address in the configuration, "
                             "and at the server",
                             step->name, error->message);
    g_error_free (error);
    return;
  }
  annot_log_limited (&self->start_limit, 10, G_LOG_LEVEL_MESSAGE, "waiting for the %s: %s", step->name,
                     error->message);
  g_error_free (error);
  g_timeout_add_full (G_PRIORITY_DEFAULT, (guint) delay, on_start_again, g_object_ref (task), g_object_unref);
}

static void
on_step_started (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  Walk *walk = g_task_get_task_data (task);
  GError *error = NULL;

  if (!annot_bounded_call_finish (source, result, &error)) {
    start_failed (task, &start_steps[walk->step], error);
    return;
  }
  walk->step++;
  walk->attempts = 0;
  start_next (task);
}

static void
start_parts (AnnotPipeline *self)
{
  annot_presence_start (self->presence);
  annot_health_monitor_start (self->health);
  annot_relay_start (self->relay);
  annot_desk_start (self->desk);
  annot_retention_start (self->retention);
}

static void
on_first_check (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;

  /* Whatever it says: from now on it is for /readyz to tell. */
  annot_health_monitor_check_finish (ANNOT_HEALTH_MONITOR (source), result, NULL);
  g_task_return_boolean (task, TRUE);
}

static void
start_next (GTask *task)
{
  AnnotPipeline *self = g_task_get_source_object (task);
  Walk *walk = g_task_get_task_data (task);
  const Step *step = &start_steps[walk->step];
  gint64 left = MAX (1, (walk->deadline - g_get_monotonic_time ()) / 1000);

  if (g_task_return_error_if_cancelled (task))
    return;
  if (walk->step == G_N_ELEMENTS (start_steps)) {
    start_parts (self);
    annot_health_monitor_check (self->health, NULL, on_first_check, g_object_ref (task));
    return;
  }
  annot_bounded_call (step_object (self, step), step->call, step->finish, (guint) left, g_task_get_cancellable (task),
                      on_step_started, g_object_ref (task));
}

void
annot_pipeline_start (AnnotPipeline *self, GCancellable *cancellable, GAsyncReadyCallback callback,
                      gpointer user_data)
{
  gint64 seconds = annot_config_get_integer (self->config, "service", "start-timeout");
  g_autoptr (GTask) task = walk_begin (self, seconds, cancellable, callback, user_data);

  start_next (task);
}

gboolean
annot_pipeline_start_finish (AnnotPipeline *self, GAsyncResult *result, GError **error)
{
  return g_task_propagate_boolean (G_TASK (result), error);
}

/* Drain: one step after the other; none of them may hold up the others longer than its part. */

static void drain_next (GTask *task);

static void
on_step_drained (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  Walk *walk = g_task_get_task_data (task);
  g_autoptr (GError) error = NULL;

  /* What was never opened needs no closing. */
  if (!annot_bounded_call_finish (source, result, &error) &&
      !g_error_matches (error, ANNOT_ERROR, ANNOT_ERROR_NOT_CONNECTED)) {
    g_prefix_error (&error, "%s: ", drain_steps[walk->step].name);
    if (!walk->first_error)
      walk->first_error = g_steal_pointer (&error);
  }
  walk->step++;
  drain_next (task);
}

static void
drain_next (GTask *task)
{
  AnnotPipeline *self = g_task_get_source_object (task);
  Walk *walk = g_task_get_task_data (task);
  const Step *step = &drain_steps[walk->step];
  gint64 budget = annot_config_get_integer (self->config, "service", "drain-timeout") * 10 * DRAIN_PERCENT;

  if (walk->step == G_N_ELEMENTS (drain_steps)) {
    if (walk->first_error)
      g_task_return_error (task, g_steal_pointer (&walk->first_error));
    else
      g_task_return_boolean (task, TRUE);
    return;
  }
  /* Nothing is asked of the backends any more once they are being closed. */
  if (step->call == (AnnotBoundedCall) annot_presence_stop) {
    annot_desk_stop (self->desk);
    annot_notifier_stop (self->notifier);
    annot_health_monitor_stop (self->health);
  }
  annot_bounded_call (step_object (self, step), step->call, step->finish,
                      (guint) MAX (100, budget * step->percent / 100), g_task_get_cancellable (task), on_step_drained,
                      g_object_ref (task));
}

void
annot_pipeline_drain (AnnotPipeline *self, GCancellable *cancellable, GAsyncReadyCallback callback,
                      gpointer user_data)
{
  gint64 seconds = annot_config_get_integer (self->config, "service", "drain-timeout");
  g_autoptr (GTask) task = walk_begin (self, seconds, cancellable, callback, user_data);

  annot_health_monitor_set_draining (self->health);
  annot_retention_stop (self->retention);
  drain_next (task);
}

gboolean
annot_pipeline_drain_finish (AnnotPipeline *self, GAsyncResult *result, GError **error)
{
  return g_task_propagate_boolean (G_TASK (result), error);
}

AnnotConfig *
annot_pipeline_get_config (AnnotPipeline *self)
{
  return self->config;
}

AnnotStore *
annot_pipeline_get_store (AnnotPipeline *self)
{
  return self->store;
}

AnnotState *
annot_pipeline_get_state (AnnotPipeline *self)
{
  return self->state;
}

AnnotBroker *
annot_pipeline_get_broker (AnnotPipeline *self)
{
  return self->broker;
}

AnnotIngest *
annot_pipeline_get_ingest (AnnotPipeline *self)
{
  return self->ingest;
}

AnnotNotifier *
annot_pipeline_get_notifier (AnnotPipeline *self)
{
  return self->notifier;
}

AnnotRelay *
annot_pipeline_get_relay (AnnotPipeline *self)
{
  return self->relay;
}

AnnotDesk *
annot_pipeline_get_desk (AnnotPipeline *self)
{
  return self->desk;
}

AnnotPresence *
annot_pipeline_get_presence (AnnotPipeline *self)
{
  return self->presence;
}

AnnotHealthMonitor *
annot_pipeline_get_health (AnnotPipeline *self)
{
  return self->health;
}
