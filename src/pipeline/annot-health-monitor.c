/* SPDX-License-Identifier: Apache-2.0 */
/* Asks every backend once a second how it is, so that /readyz answers at once and truly. */
#include "annot-health-monitor.h"

#include "model/annot-json-writer.h"

#define INTERVAL_MILLISECONDS 1000
#define DEADLINE_MILLISECONDS 1000
#define STALE_AFTER (2 * G_USEC_PER_SEC)

typedef struct {
  AnnotHealthMonitor *monitor;
  AnnotPluginClass plugin_class;
  char *name;
  GObject *backend;
  GCancellable *cancellable;
  guint deadline;
  gboolean calling;
  gboolean pending;
  gint64 answered_at;
  gboolean healthy;
  char *details;
  char *error;
} Check;

struct _AnnotHealthMonitor {
  GObject parent_instance;

  Check checks[3];
  AnnotBroker *broker;
  gboolean require_partitions;
  gboolean started;
  gboolean draining;
  guint timer;
  GPtrArray *waiting;
};

G_DEFINE_FINAL_TYPE (AnnotHealthMonitor, annot_health_monitor, G_TYPE_OBJECT)

static void
annot_health_monitor_dispose (GObject *object)
{
  AnnotHealthMonitor *self = ANNOT_HEALTH_MONITOR (object);

  annot_health_monitor_stop (self);
  for (guint i = 0; i < G_N_ELEMENTS (self->checks); i++)
    g_clear_object (&self->checks[i].backend);
  g_clear_object (&self->broker);
  G_OBJECT_CLASS (annot_health_monitor_parent_class)->dispose (object);
}

static void
annot_health_monitor_finalize (GObject *object)
{
  AnnotHealthMonitor *self = ANNOT_HEALTH_MONITOR (object);

  for (guint i = 0; i < G_N_ELEMENTS (self->checks); i++) {
    g_free (self->checks[i].name);
    g_free (self->checks[i].details);
    g_free (self->checks[i].error);
    g_clear_object (&self->checks[i].cancellable);
  }
  g_ptr_array_unref (self->waiting);
  G_OBJECT_CLASS (annot_health_monitor_parent_class)->finalize (object);
}

static void
annot_health_monitor_class_init (AnnotHealthMonitorClass *klass)
{
  G_OBJECT_CLASS (klass)->dispose = annot_health_monitor_dispose;
  G_OBJECT_CLASS (klass)->finalize = annot_health_monitor_finalize;
}

static void
annot_health_monitor_init (AnnotHealthMonitor *self)
{
  self->waiting = g_ptr_array_new_with_free_func (g_object_unref);
}

static void
check_init (AnnotHealthMonitor *self, Check *check, AnnotPluginClass plugin_class, AnnotConfig *config,
            gpointer backend)
{
  const char *name = annot_config_get_string (config, annot_plugin_class_to_string (plugin_class), "plugin");

  check->monitor = self;
  check->plugin_class = plugin_class;
  /* The one name that monitoring of the older service expects to differ from the plugin's. */
  if (plugin_class == ANNOT_PLUGIN_BROKER && g_strcmp0 (name, "kafka") == 0)
    name = "kafka_consumer";
  check->name = g_strdup (name);
  check->backend = g_object_ref (backend);
}

AnnotHealthMonitor *
annot_health_monitor_new (AnnotConfig *config, AnnotStore *store, AnnotState *state, AnnotBroker *broker)
{
  AnnotHealthMonitor *self = g_object_new (ANNOT_TYPE_HEALTH_MONITOR, NULL);

  check_init (self, &self->checks[0], ANNOT_PLUGIN_STATE, config, state);
  check_init (self, &self->checks[1], ANNOT_PLUGIN_BROKER, config, broker);
  check_init (self, &self->checks[2], ANNOT_PLUGIN_STORE, config, store);
  self->broker = g_object_ref (broker);
  self->require_partitions = annot_config_get_boolean (config, "health", "require-partitions");
  return self;
}

static gboolean
check_is_healthy (const Check *check)
{
  return check->healthy && check->answered_at && g_get_monotonic_time () - check->answered_at <= STALE_AFTER;
}

static void
answer_waiting (AnnotHealthMonitor *self)
{
  g_autoptr (GPtrArray) waiting = NULL;

  for (guint i = 0; i < G_N_ELEMENTS (self->checks); i++) {
    if (self->checks[i].pending)
      return;
  }
  waiting = self->waiting;
  self->waiting = g_ptr_array_new_with_free_func (g_object_unref);
  for (guint i = 0; i < waiting->len; i++)
    g_task_return_boolean (g_ptr_array_index (waiting, i), annot_health_monitor_is_ready (self));
}

static void
check_settle (Check *check, AnnotHealth *health, const char *error)
{
  gboolean healthy = health && health->healthy;
  const char *reason = error;

  if (health && !healthy && !reason)
    reason = json_object_get_string_member_with_default (health->details, "error", NULL);
  check->pending = FALSE;
  g_clear_handle_id (&check->deadline, g_source_remove);
  if (check->answered_at && check->healthy != healthy && check->monitor->timer)
    g_message ("health: %s is %s%s%s", check->name, healthy ? "healthy again" : "unhealthy", reason ? ": " : "",
               reason ? reason : "");
  check->healthy = healthy;
  check->answered_at = g_get_monotonic_time ();
  g_clear_pointer (&check->details, g_free);
  g_clear_pointer (&check->error, g_free);
  check->error = g_strdup (error);
  if (health) {
    g_autoptr (JsonNode) node = json_node_init_object (json_node_alloc (), health->details);

    check->details = json_to_string (node, FALSE);
  }
  answer_waiting (check->monitor);
}

static gboolean
on_deadline (gpointer user_data)
{
  Check *check = user_data;

  check->deadline = 0;
  g_cancellable_cancel (check->cancellable);
  check_settle (check, NULL, "no answer within a second");
  return G_SOURCE_REMOVE;
}

static AnnotHealth *
health_finish (Check *check, GAsyncResult *result, GError **error)
{
  switch (check->plugin_class) {
  case ANNOT_PLUGIN_STORE:
    return annot_store_health_finish (ANNOT_STORE (check->backend), result, error);
  case ANNOT_PLUGIN_STATE:
    return annot_state_health_finish (ANNOT_STATE (check->backend), result, error);
  case ANNOT_PLUGIN_BROKER:
  default:
    return annot_broker_health_finish (ANNOT_BROKER (check->backend), result, error);
  }
}

static void
on_health (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Check *check = user_data;
  g_autoptr (AnnotHealthMonitor) self = check->monitor;
  g_autoptr (GError) error = NULL;
  g_autoptr (AnnotHealth) health = NULL;

  check->calling = FALSE;
  if (!check->backend)
    return;
  health = health_finish (check, result, &error);
  /* After its deadline an answer says nothing of now. */
  if (check->pending)
    check_settle (check, health, error ? error->message : NULL);
}

static void
check_begin (Check *check)
{
  /* A call that hangs is not joined by others; its check stays as the deadline left it and grows stale. */
  if (check->calling)
    return;
  check->calling = TRUE;
  check->pending = TRUE;
  g_clear_object (&check->cancellable);
  check->cancellable = g_cancellable_new ();
  check->deadline = g_timeout_add (DEADLINE_MILLISECONDS, on_deadline, check);
  g_object_ref (check->monitor);
  if (check->plugin_class == ANNOT_PLUGIN_STORE)
    annot_store_health (ANNOT_STORE (check->backend), check->cancellable, on_health, check);
  else if (check->plugin_class == ANNOT_PLUGIN_STATE)
    annot_state_health (ANNOT_STATE (check->backend), check->cancellable, on_health, check);
  else
    annot_broker_health (ANNOT_BROKER (check->backend), check->cancellable, on_health, check);
}

static gboolean
on_timer (gpointer user_data)
{
  AnnotHealthMonitor *self = user_data;

  for (guint i = 0; i < G_N_ELEMENTS (self->checks); i++)
    check_begin (&self->checks[i]);
  return G_SOURCE_CONTINUE;
}

void
annot_health_monitor_start (AnnotHealthMonitor *self)
{
  g_return_if_fail (ANNOT_IS_HEALTH_MONITOR (self));

  if (self->timer)
    return;
  self->timer = g_timeout_add (INTERVAL_MILLISECONDS, on_timer, self);
  on_timer (self);
}

void
annot_health_monitor_stop (AnnotHealthMonitor *self)
{
  g_clear_handle_id (&self->timer, g_source_remove);
  for (guint i = 0; i < G_N_ELEMENTS (self->checks); i++) {
    Check *check = &self->checks[i];

    if (check->pending) {
      g_cancellable_cancel (check->cancellable);
      check_settle (check, NULL, "no longer looked at");
    }
  }
}

void
annot_health_monitor_set_started (AnnotHealthMonitor *self)
{
  self->started = TRUE;
}

void
annot_health_monitor_set_draining (AnnotHealthMonitor *self)
{
  self->draining = TRUE;
}

gboolean
annot_health_monitor_is_draining (AnnotHealthMonitor *self)
{
  return self->draining;
}

static gboolean
has_partitions (AnnotHealthMonitor *self)
{
  g_autoptr (GPtrArray) partitions = NULL;

  if (!self->require_partitions)
    return TRUE;
  if (!self->broker)
    return FALSE;
  partitions = annot_broker_get_assignment (self->broker);
  return partitions && partitions->len > 0;
}

/* Returns: (nullable): the first reason why it is not ready */
static const char *
why_not_ready (AnnotHealthMonitor *self)
{
  if (self->draining)
    return "draining";
  if (!self->started)
    return "starting";
  for (guint i = 0; i < G_N_ELEMENTS (self->checks); i++) {
    if (!check_is_healthy (&self->checks[i]))
      return self->checks[i].name;
  }
  return has_partitions (self) ? NULL : "no partition assigned";
}

gboolean
annot_health_monitor_is_ready (AnnotHealthMonitor *self)
{
  return why_not_ready (self) == NULL;
}

gboolean
annot_health_monitor_is_healthy (AnnotHealthMonitor *self, AnnotPluginClass plugin_class)
{
  for (guint i = 0; i < G_N_ELEMENTS (self->checks); i++) {
    if (self->checks[i].plugin_class == plugin_class)
      return check_is_healthy (&self->checks[i]);
  }
  return FALSE;
}

void
annot_health_monitor_check (AnnotHealthMonitor *self, GCancellable *cancellable, GAsyncReadyCallback callback,
                            gpointer user_data)
{
  g_autoptr (GTask) task = g_task_new (self, cancellable, callback, user_data);

  g_ptr_array_add (self->waiting, g_object_ref (task));
  for (guint i = 0; i < G_N_ELEMENTS (self->checks); i++) {
    if (self->checks[i].backend)
      check_begin (&self->checks[i]);
  }
  answer_waiting (self);
}

gboolean
annot_health_monitor_check_finish (AnnotHealthMonitor *self, GAsyncResult *result, GError **error)
{
  return g_task_propagate_boolean (G_TASK (result), error);
}

static void
append_check (GString *out, const Check *check)
{
  gboolean stale = check->answered_at && g_get_monotonic_time () - check->answered_at > STALE_AFTER;

  annot_json_append_name (out, check->name);
  g_string_append (out, "{\"status\":");
  if (check_is_healthy (check))
    g_string_append (out, "\"healthy\"");
  else
    g_string_append (out, check->error || stale || !check->answered_at ? "\"error\"" : "\"unhealthy\"");
  g_string_append (out, ",\"details\":");
  if (check->details && !stale) {
    g_string_append (out, check->details);
  } else {
    g_string_append (out, "{\"error\":");
    annot_json_append_string (out, check->error ? check->error : stale ? "no answer for two seconds" : "not asked yet",
                              -1);
    g_string_append_c (out, '}');
  }
  g_string_append_c (out, '}');
}

void
annot_health_monitor_append_checks (AnnotHealthMonitor *self, GString *out)
{
  const char *reason = why_not_ready (self);

  g_string_append_c (out, '{');
  for (guint i = 0; i < G_N_ELEMENTS (self->checks); i++)
    append_check (out, &self->checks[i]);
  annot_json_append_name (out, "overall");
  g_string_append (out, reason ? "{\"status\":\"unhealthy\",\"details\":{\"reason\":" : "{\"status\":\"healthy\",\"details\":{");
  if (reason)
    annot_json_append_string (out, reason, -1);
  g_string_append (out, "}}}");
}
