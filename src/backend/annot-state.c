/* SPDX-License-Identifier: Apache-2.0 */
/* The calls to the shared state, and its signals. */
#include "annot-call.h"

typedef struct {
  AnnotPhase phase;
} AnnotStatePrivate;

G_DEFINE_ABSTRACT_TYPE_WITH_PRIVATE (AnnotState, annot_state, G_TYPE_OBJECT)

enum { SIGNAL_MESSAGE, SIGNAL_GAP, N_SIGNALS };

static guint signals[N_SIGNALS];

static void
annot_state_class_init (AnnotStateClass *klass)
{
  /* Not copied for those who listen: they are called before annot_state_deliver() returns. */
  signals[SIGNAL_MESSAGE] = g_signal_new ("message", ANNOT_TYPE_STATE, G_SIGNAL_RUN_LAST | G_SIGNAL_DETAILED, 0, NULL,
                                          NULL, NULL, G_TYPE_NONE, 2, G_TYPE_STRING | G_SIGNAL_TYPE_STATIC_SCOPE,
                                          G_TYPE_BYTES | G_SIGNAL_TYPE_STATIC_SCOPE);
  signals[SIGNAL_GAP] = g_signal_new ("gap", ANNOT_TYPE_STATE, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);
}

static void
annot_state_init (AnnotState *self)
{
}

void
annot_state_deliver (AnnotState *self, const char *channel, GBytes *data)
{
  g_return_if_fail (ANNOT_IS_STATE (self));

  g_signal_emit (self, signals[SIGNAL_MESSAGE], g_quark_from_string (channel), channel, data);
}

void
annot_state_report_gap (AnnotState *self)
{
  g_return_if_fail (ANNOT_IS_STATE (self));

  g_signal_emit (self, signals[SIGNAL_GAP], 0);
}

static const AnnotInstance *
keep_instance (GTask *task, const AnnotInstance *instance)
{
  return annot_call_keep (task, annot_instance_copy (instance), (GDestroyNotify) annot_instance_free);
}

static GTask *
annot_state_begin (AnnotState *self, gpointer tag, GCancellable *cancellable, GAsyncReadyCallback callback,
                   gpointer user_data)
{
  AnnotStatePrivate *priv = annot_state_get_instance_private (self);

  return annot_call_begin (self, priv->phase, tag, cancellable, callback, user_data);
}

gboolean
annot_state_configure (AnnotState *self, AnnotConfig *config, GError **error)
{
  g_return_val_if_fail (ANNOT_IS_STATE (self), FALSE);

  return ANNOT_STATE_GET_CLASS (self)->configure (self, config, error);
}

void
annot_state_open (AnnotState *self, GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data)
{
  AnnotStatePrivate *priv = annot_state_get_instance_private (self);

  annot_call_open (self, &priv->phase, (AnnotPlainMethod) ANNOT_STATE_GET_CLASS (self)->open, cancellable, callback,
                   user_data);
}

void
annot_state_close (AnnotState *self, GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data)
{
  AnnotStatePrivate *priv = annot_state_get_instance_private (self);

  annot_call_close (self, &priv->phase, (AnnotPlainMethod) ANNOT_STATE_GET_CLASS (self)->close, cancellable, callback,
                    user_data);
}

gboolean
annot_state_open_finish (AnnotState *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), FALSE);

  return g_task_propagate_boolean (G_TASK (result), error);
}

gboolean
annot_state_close_finish (AnnotState *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), FALSE);

  return g_task_propagate_boolean (G_TASK (result), error);
}

void
annot_state_health (AnnotState *self, GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data)
{
  g_autoptr (GTask) task = annot_state_begin (self, annot_state_health, cancellable, callback, user_data);

  if (task)
    ANNOT_STATE_GET_CLASS (self)->health (self, g_object_ref (task));
}

AnnotHealth *
annot_state_health_finish (AnnotState *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), NULL);

  return g_task_propagate_pointer (G_TASK (result), error);
}

void
annot_state_publish (AnnotState *self, const char *channel, GBytes *data, GCancellable *cancellable,
                     GAsyncReadyCallback callback, gpointer user_data)
{
  g_autoptr (GTask) task = annot_state_begin (self, annot_state_publish, cancellable, callback, user_data);

  if (task)
    ANNOT_STATE_GET_CLASS (self)->publish (self, annot_call_keep_text (task, channel),
                                           annot_call_keep (task, g_bytes_ref (data), (GDestroyNotify) g_bytes_unref),
                                           g_object_ref (task));
}

gboolean
annot_state_publish_finish (AnnotState *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), FALSE);

  return g_task_propagate_boolean (G_TASK (result), error);
}

void
annot_state_subscribe (AnnotState *self, const char *channel, GCancellable *cancellable, GAsyncReadyCallback callback,
                       gpointer user_data)
{
  g_autoptr (GTask) task = annot_state_begin (self, annot_state_subscribe, cancellable, callback, user_data);

  if (task)
    ANNOT_STATE_GET_CLASS (self)->subscribe (self, annot_call_keep_text (task, channel), g_object_ref (task));
}

gboolean
annot_state_subscribe_finish (AnnotState *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), FALSE);

  return g_task_propagate_boolean (G_TASK (result), error);
}

void
annot_state_announce (AnnotState *self, const AnnotInstance *instance, guint deadline_seconds,
                      GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data)
{
  g_autoptr (GTask) task = annot_state_begin (self, annot_state_announce, cancellable, callback, user_data);

  if (task)
    ANNOT_STATE_GET_CLASS (self)->announce (self, keep_instance (task, instance), deadline_seconds,
                                            g_object_ref (task));
}

gboolean
annot_state_announce_finish (AnnotState *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), FALSE);

  return g_task_propagate_boolean (G_TASK (result), error);
}

void
annot_state_withdraw (AnnotState *self, const char *instance_id, GCancellable *cancellable,
                      GAsyncReadyCallback callback, gpointer user_data)
{
  g_autoptr (GTask) task = annot_state_begin (self, annot_state_withdraw, cancellable, callback, user_data);

  if (task)
    ANNOT_STATE_GET_CLASS (self)->withdraw (self, annot_call_keep_text (task, instance_id), g_object_ref (task));
}

gboolean
annot_state_withdraw_finish (AnnotState *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), FALSE);

  return g_task_propagate_boolean (G_TASK (result), error);
}

void
annot_state_list_instances (AnnotState *self, GCancellable *cancellable, GAsyncReadyCallback callback,
                            gpointer user_data)
{
  g_autoptr (GTask) task = annot_state_begin (self, annot_state_list_instances, cancellable, callback, user_data);

  if (task)
    ANNOT_STATE_GET_CLASS (self)->list_instances (self, g_object_ref (task));
}

GPtrArray *
annot_state_list_instances_finish (AnnotState *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), NULL);

  return g_task_propagate_pointer (G_TASK (result), error);
}

void
annot_state_add_retry (AnnotState *self, const char *id, gint64 due_at, GCancellable *cancellable,
                       GAsyncReadyCallback callback, gpointer user_data)
{
  g_autoptr (GTask) task = annot_state_begin (self, annot_state_add_retry, cancellable, callback, user_data);

  if (task)
    ANNOT_STATE_GET_CLASS (self)->add_retry (self, annot_call_keep_text (task, id), due_at, g_object_ref (task));
}

gboolean
annot_state_add_retry_finish (AnnotState *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), FALSE);

  return g_task_propagate_boolean (G_TASK (result), error);
}

void
annot_state_take_retries (AnnotState *self, guint limit, guint visibility_seconds, GCancellable *cancellable,
                          GAsyncReadyCallback callback, gpointer user_data)
{
  g_autoptr (GTask) task = annot_state_begin (self, annot_state_take_retries, cancellable, callback, user_data);

  if (task)
    ANNOT_STATE_GET_CLASS (self)->take_retries (self, limit, visibility_seconds, g_object_ref (task));
}

GPtrArray *
annot_state_take_retries_finish (AnnotState *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), NULL);

  return g_task_propagate_pointer (G_TASK (result), error);
}

void
annot_state_confirm_retry (AnnotState *self, const char *id, GCancellable *cancellable, GAsyncReadyCallback callback,
                           gpointer user_data)
{
  g_autoptr (GTask) task = annot_state_begin (self, annot_state_confirm_retry, cancellable, callback, user_data);

  if (task)
    ANNOT_STATE_GET_CLASS (self)->confirm_retry (self, annot_call_keep_text (task, id), g_object_ref (task));
}

gboolean
annot_state_confirm_retry_finish (AnnotState *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), FALSE);

  return g_task_propagate_boolean (G_TASK (result), error);
}

void
annot_state_take_rate (AnnotState *self, const char *key, AnnotRate rate, guint count, GCancellable *cancellable,
                       GAsyncReadyCallback callback, gpointer user_data)
{
  g_autoptr (GTask) task = annot_state_begin (self, annot_state_take_rate, cancellable, callback, user_data);

  if (task)
    ANNOT_STATE_GET_CLASS (self)->take_rate (self, annot_call_keep_text (task, key), rate, count, g_object_ref (task));
}

AnnotRateVerdict *
annot_state_take_rate_finish (AnnotState *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), NULL);

  return g_task_propagate_pointer (G_TASK (result), error);
}

void
annot_state_revoke (AnnotState *self, const char *jti, gint64 until, GCancellable *cancellable,
                    GAsyncReadyCallback callback, gpointer user_data)
{
  g_autoptr (GTask) task = annot_state_begin (self, annot_state_revoke, cancellable, callback, user_data);

  if (task)
    ANNOT_STATE_GET_CLASS (self)->revoke (self, annot_call_keep_text (task, jti), until, g_object_ref (task));
}

gboolean
annot_state_revoke_finish (AnnotState *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), FALSE);

  return g_task_propagate_boolean (G_TASK (result), error);
}
