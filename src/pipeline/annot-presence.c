/* SPDX-License-Identifier: Apache-2.0 */
/* Which instances live, and how many pages they serve in total. */
#include "annot-presence.h"

#include "annot-log-limit.h"

/* One that dies right after a beat is out of the total by the first beat of another after its deadline: 9 s. Two beats
 * may be lost. */
#define ANNOUNCE_INTERVAL_SECONDS 2
#define ANNOUNCE_DEADLINE_SECONDS 7

struct _AnnotPresence {
  GObject parent_instance;

  AnnotState *state;
  AnnotBroker *broker;
  AnnotInstance *own;
  GPtrArray *instances;
  guint timer;
  GCancellable *cancellable;
  gboolean asking;
  AnnotLogLimit log_limit;
  AnnotLogLimit twins_limit;
};

static guint signal_gone;

G_DEFINE_FINAL_TYPE (AnnotPresence, annot_presence, G_TYPE_OBJECT)

static void
annot_presence_dispose (GObject *object)
{
  AnnotPresence *self = ANNOT_PRESENCE (object);

  g_clear_handle_id (&self->timer, g_source_remove);
  if (self->cancellable)
    g_cancellable_cancel (self->cancellable);
  g_clear_object (&self->cancellable);
  g_clear_object (&self->state);
  g_clear_object (&self->broker);
  G_OBJECT_CLASS (annot_presence_parent_class)->dispose (object);
}

static void
annot_presence_finalize (GObject *object)
{
  AnnotPresence *self = ANNOT_PRESENCE (object);

  g_clear_pointer (&self->own, annot_instance_free);
  g_clear_pointer (&self->instances, g_ptr_array_unref);
  G_OBJECT_CLASS (annot_presence_parent_class)->finalize (object);
}

static void
annot_presence_class_init (AnnotPresenceClass *klass)
{
  G_OBJECT_CLASS (klass)->dispose = annot_presence_dispose;
  G_OBJECT_CLASS (klass)->finalize = annot_presence_finalize;
  signal_gone =
      g_signal_new ("gone", G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);
}

static void
annot_presence_init (AnnotPresence *self)
{
  self->cancellable = g_cancellable_new ();
}

/* The list as last seen, with this instance's own present numbers in it. */
static void
take_instances (AnnotPresence *self, GPtrArray *instances)
{
  gboolean found = FALSE;

  for (guint i = 0; i < instances->len; i++) {
    AnnotInstance *instance = g_ptr_array_index (instances, i);

    if (g_strcmp0 (instance->id, self->own->id) == 0) {
      instance->connections = self->own->connections;
      found = TRUE;
    }
  }
  if (!found)
    g_ptr_array_add (instances, annot_instance_copy (self->own));
  g_clear_pointer (&self->instances, g_ptr_array_unref);
  self->instances = g_ptr_array_ref (instances);
}

AnnotPresence *
annot_presence_new (AnnotConfig *config, AnnotState *state, AnnotBroker *broker)
{
  AnnotPresence *self = g_object_new (ANNOT_TYPE_PRESENCE, NULL);
  g_autoptr (GPtrArray) alone = g_ptr_array_new_with_free_func ((GDestroyNotify) annot_instance_free);

  self->state = g_object_ref (state);
  self->broker = g_object_ref (broker);
  self->own = annot_instance_new (annot_config_get_string (config, "service", "instance-id"));
  g_free (self->own->host);
  self->own->host = g_strdup (g_get_host_name ());
  g_free (self->own->version);
  self->own->version = g_strdup (PACKAGE_VERSION);
  self->own->started_at = g_get_real_time ();
  take_instances (self, alone);
  return self;
}

static void
report (AnnotPresence *self, const GError *error)
{
  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    return;
  annot_log_limited (&self->log_limit, 60, G_LOG_LEVEL_WARNING,
                     "presence: the state did not take this instance's numbers: %s", error->message);
}

static AnnotInstance *
find_instance (GPtrArray *instances, const char *id)
{
  for (guint i = 0; i < instances->len; i++) {
    AnnotInstance *instance = g_ptr_array_index (instances, i);

    if (g_strcmp0 (instance->id, id) == 0)
      return instance;
  }
  return NULL;
}

/* Two that live under one id announce themselves by turns: that is said, and both count as the one that came last. */
static void
warn_of_twins (AnnotPresence *self, GPtrArray *instances)
{
  for (guint i = 0; i < instances->len; i++) {
    AnnotInstance *instance = g_ptr_array_index (instances, i);
    const AnnotInstance *known = find_instance (self->instances, instance->id);

    if (!known || known->started_at <= instance->started_at)
      continue;
    annot_log_limited (&self->twins_limit, 60, G_LOG_LEVEL_WARNING,
                       "presence: two instances are called \"%s\"; give each its own [service] instance-id",
                       instance->id);
    instance->started_at = known->started_at;
  }
}

/* Whether the list as last seen has one that this one has not. One that was killed and is back before its deadline has
 * its id, and knows as little of its pages. */
static gboolean
has_lost_one (AnnotPresence *self, GPtrArray *instances)
{
  for (guint i = 0; i < self->instances->len; i++) {
    const AnnotInstance *known = g_ptr_array_index (self->instances, i);
    const AnnotInstance *now = find_instance (instances, known->id);

    if (g_strcmp0 (known->id, self->own->id) != 0 && (!now || now->started_at > known->started_at))
      return TRUE;
  }
  return FALSE;
}

static void
on_listed (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (AnnotPresence) self = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) instances = annot_state_list_instances_finish (ANNOT_STATE (source), result, &error);

  self->asking = FALSE;
  if (instances) {
    gboolean gone = has_lost_one (self, instances);

    warn_of_twins (self, instances);
    take_instances (self, instances);
    if (gone)
      g_signal_emit (self, signal_gone, 0);
  } else {
    report (self, error);
  }
}

static void
on_announced (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (AnnotPresence) self = user_data;
  g_autoptr (GError) error = NULL;

  if (!annot_state_announce_finish (ANNOT_STATE (source), result, &error)) {
    self->asking = FALSE;
    report (self, error);
    return;
  }
  annot_state_list_instances (ANNOT_STATE (source), self->cancellable, on_listed, g_object_ref (self));
}

static gboolean
on_timer (gpointer user_data)
{
  AnnotPresence *self = user_data;
  g_autoptr (GPtrArray) partitions = NULL;

  /* One question at a time: a state that is slow is not asked faster. */
  if (self->asking)
    return G_SOURCE_CONTINUE;
  self->asking = TRUE;
  partitions = annot_broker_get_assignment (self->broker);
  self->own->partitions = partitions ? partitions->len : 0;
  annot_state_announce (self->state, self->own, ANNOUNCE_DEADLINE_SECONDS, self->cancellable, on_announced,
                        g_object_ref (self));
  return G_SOURCE_CONTINUE;
}

void
annot_presence_start (AnnotPresence *self)
{
  g_return_if_fail (ANNOT_IS_PRESENCE (self));

  if (self->timer)
    return;
  self->timer = g_timeout_add_seconds (ANNOUNCE_INTERVAL_SECONDS, on_timer, self);
  on_timer (self);
}

static void
on_withdrawn (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  g_autoptr (GError) error = NULL;

  if (annot_state_withdraw_finish (ANNOT_STATE (source), result, &error))
    g_task_return_boolean (task, TRUE);
  else
    g_task_return_error (task, g_steal_pointer (&error));
}

void
annot_presence_stop (AnnotPresence *self, GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data)
{
  g_autoptr (GTask) task = g_task_new (self, cancellable, callback, user_data);

  if (!self->timer) {
    g_task_return_boolean (task, TRUE);
    return;
  }
  g_clear_handle_id (&self->timer, g_source_remove);
  g_cancellable_cancel (self->cancellable);
  annot_state_withdraw (self->state, self->own->id, cancellable, on_withdrawn, g_object_ref (task));
}

gboolean
annot_presence_stop_finish (AnnotPresence *self, GAsyncResult *result, GError **error)
{
  return g_task_propagate_boolean (G_TASK (result), error);
}

const char *
annot_presence_get_instance_id (AnnotPresence *self)
{
  return self->own->id;
}

gint64
annot_presence_get_started_at (AnnotPresence *self)
{
  return self->own->started_at;
}

void
annot_presence_set_connections (AnnotPresence *self, guint connections)
{
  self->own->connections = connections;
  for (guint i = 0; i < self->instances->len; i++) {
    AnnotInstance *instance = g_ptr_array_index (self->instances, i);

    if (g_strcmp0 (instance->id, self->own->id) == 0)
      instance->connections = connections;
  }
}

guint
annot_presence_get_connections (AnnotPresence *self)
{
  return self->own->connections;
}

guint
annot_presence_get_total_connections (AnnotPresence *self)
{
  guint total = 0;

  for (guint i = 0; i < self->instances->len; i++)
    total += ((AnnotInstance *) g_ptr_array_index (self->instances, i))->connections;
  return total;
}

guint
annot_presence_get_index (AnnotPresence *self)
{
  for (guint i = 0; i < self->instances->len; i++) {
    AnnotInstance *instance = g_ptr_array_index (self->instances, i);

    if (g_strcmp0 (instance->id, self->own->id) == 0)
      return i;
  }
  return 0;
}

GPtrArray *
annot_presence_get_instances (AnnotPresence *self)
{
  return self->instances;
}
