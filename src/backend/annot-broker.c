/* SPDX-License-Identifier: Apache-2.0 */
/* The calls to a broker, and its listener. */
#include "annot-call.h"

typedef struct {
  AnnotPhase phase;
  const AnnotBrokerListener *listener;
  gpointer listener_data;
} AnnotBrokerPrivate;

G_DEFINE_ABSTRACT_TYPE_WITH_PRIVATE (AnnotBroker, annot_broker, G_TYPE_OBJECT)

static void
annot_broker_class_init (AnnotBrokerClass *klass)
{
}

static void
annot_broker_init (AnnotBroker *self)
{
}

void
annot_broker_set_listener (AnnotBroker *self, const AnnotBrokerListener *listener, gpointer user_data)
{
  AnnotBrokerPrivate *priv = annot_broker_get_instance_private (self);

  priv->listener = listener;
  priv->listener_data = user_data;
}

void
annot_broker_deliver (AnnotBroker *self, AnnotMessage *message)
{
  AnnotBrokerPrivate *priv = annot_broker_get_instance_private (self);

  if (priv->listener && priv->listener->message)
    priv->listener->message (self, message, priv->listener_data);
}

void
annot_broker_report_assigned (AnnotBroker *self, GPtrArray *partitions)
{
  AnnotBrokerPrivate *priv = annot_broker_get_instance_private (self);

  if (priv->listener && priv->listener->assigned)
    priv->listener->assigned (self, partitions, priv->listener_data);
}

void
annot_broker_report_revoked (AnnotBroker *self, GPtrArray *partitions, gboolean lost)
{
  AnnotBrokerPrivate *priv = annot_broker_get_instance_private (self);

  if (priv->listener && priv->listener->revoked)
    priv->listener->revoked (self, partitions, lost, priv->listener_data);
  else
    annot_broker_revoke_done (self);
}

void
annot_broker_report_failed (AnnotBroker *self, const GError *error)
{
  AnnotBrokerPrivate *priv = annot_broker_get_instance_private (self);

  if (priv->listener && priv->listener->failed)
    priv->listener->failed (self, error, priv->listener_data);
}

void
annot_broker_pause (AnnotBroker *self)
{
  g_return_if_fail (ANNOT_IS_BROKER (self));

  ANNOT_BROKER_GET_CLASS (self)->pause (self);
}

void
annot_broker_resume (AnnotBroker *self)
{
  g_return_if_fail (ANNOT_IS_BROKER (self));

  ANNOT_BROKER_GET_CLASS (self)->resume (self);
}

void
annot_broker_revoke_done (AnnotBroker *self)
{
  g_return_if_fail (ANNOT_IS_BROKER (self));

  if (ANNOT_BROKER_GET_CLASS (self)->revoke_done)
    ANNOT_BROKER_GET_CLASS (self)->revoke_done (self);
}

GPtrArray *
annot_broker_get_assignment (AnnotBroker *self)
{
  g_return_val_if_fail (ANNOT_IS_BROKER (self), NULL);

  return ANNOT_BROKER_GET_CLASS (self)->get_assignment (self);
}

JsonObject *
annot_broker_get_metrics (AnnotBroker *self)
{
  g_return_val_if_fail (ANNOT_IS_BROKER (self), NULL);

  return ANNOT_BROKER_GET_CLASS (self)->get_metrics (self);
}

static GTask *
annot_broker_begin (AnnotBroker *self, gpointer tag, GCancellable *cancellable, GAsyncReadyCallback callback,
                    gpointer user_data)
{
  AnnotBrokerPrivate *priv = annot_broker_get_instance_private (self);

  return annot_call_begin (self, priv->phase, tag, cancellable, callback, user_data);
}

gboolean
annot_broker_configure (AnnotBroker *self, AnnotConfig *config, GError **error)
{
  g_return_val_if_fail (ANNOT_IS_BROKER (self), FALSE);

  return ANNOT_BROKER_GET_CLASS (self)->configure (self, config, error);
}

void
annot_broker_open (AnnotBroker *self, GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data)
{
  AnnotBrokerPrivate *priv = annot_broker_get_instance_private (self);

  annot_call_open (self, &priv->phase, (AnnotPlainMethod) ANNOT_BROKER_GET_CLASS (self)->open, cancellable, callback,
                   user_data);
}

void
annot_broker_close (AnnotBroker *self, GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data)
{
  AnnotBrokerPrivate *priv = annot_broker_get_instance_private (self);

  annot_call_close (self, &priv->phase, (AnnotPlainMethod) ANNOT_BROKER_GET_CLASS (self)->close, cancellable, callback,
                    user_data);
}

gboolean
annot_broker_open_finish (AnnotBroker *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), FALSE);

  return g_task_propagate_boolean (G_TASK (result), error);
}

gboolean
annot_broker_close_finish (AnnotBroker *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), FALSE);

  return g_task_propagate_boolean (G_TASK (result), error);
}

void
annot_broker_health (AnnotBroker *self, GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data)
{
  g_autoptr (GTask) task = annot_broker_begin (self, annot_broker_health, cancellable, callback, user_data);

  if (task)
    ANNOT_BROKER_GET_CLASS (self)->health (self, g_object_ref (task));
}

AnnotHealth *
annot_broker_health_finish (AnnotBroker *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), NULL);

  return g_task_propagate_pointer (G_TASK (result), error);
}

void
annot_broker_consume (AnnotBroker *self, const char *const *topics, GCancellable *cancellable,
                      GAsyncReadyCallback callback, gpointer user_data)
{
  g_autoptr (GTask) task = annot_broker_begin (self, annot_broker_consume, cancellable, callback, user_data);

  if (task)
    ANNOT_BROKER_GET_CLASS (self)->consume (
        self, annot_call_keep (task, g_strdupv ((char **) topics), (GDestroyNotify) g_strfreev), g_object_ref (task));
}

gboolean
annot_broker_consume_finish (AnnotBroker *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), FALSE);

  return g_task_propagate_boolean (G_TASK (result), error);
}

void
annot_broker_store_offset (AnnotBroker *self, const char *topic, int partition, gint64 next_offset,
                           GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data)
{
  g_autoptr (GTask) task = annot_broker_begin (self, annot_broker_store_offset, cancellable, callback, user_data);

  if (task)
    ANNOT_BROKER_GET_CLASS (self)->store_offset (self, annot_call_keep_text (task, topic), partition, next_offset,
                                                 g_object_ref (task));
}

gboolean
annot_broker_store_offset_finish (AnnotBroker *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), FALSE);

  return g_task_propagate_boolean (G_TASK (result), error);
}

void
annot_broker_produce (AnnotBroker *self, AnnotMessage *message, GCancellable *cancellable, GAsyncReadyCallback callback,
                      gpointer user_data)
{
  g_autoptr (GTask) task = annot_broker_begin (self, annot_broker_produce, cancellable, callback, user_data);

  if (task)
    ANNOT_BROKER_GET_CLASS (self)->produce (
        self, annot_call_keep (task, annot_message_ref (message), (GDestroyNotify) annot_message_unref),
        g_object_ref (task));
}

gboolean
annot_broker_produce_finish (AnnotBroker *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), FALSE);

  return g_task_propagate_boolean (G_TASK (result), error);
}

void
annot_broker_flush (AnnotBroker *self, GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data)
{
  g_autoptr (GTask) task = annot_broker_begin (self, annot_broker_flush, cancellable, callback, user_data);

  if (task)
    ANNOT_BROKER_GET_CLASS (self)->flush (self, g_object_ref (task));
}

gboolean
annot_broker_flush_finish (AnnotBroker *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), FALSE);

  return g_task_propagate_boolean (G_TASK (result), error);
}
