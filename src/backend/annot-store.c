/* SPDX-License-Identifier: Apache-2.0 */
/* The calls to a store about examples, leases and outgoing messages. */
#include "annot-store-private.h"

typedef struct {
  AnnotPhase phase;
} AnnotStorePrivate;

G_DEFINE_ABSTRACT_TYPE_WITH_PRIVATE (AnnotStore, annot_store, G_TYPE_OBJECT)

static void
annot_store_class_init (AnnotStoreClass *klass)
{
}

static void
annot_store_init (AnnotStore *self)
{
}

const AnnotOutgoing *
annot_store_keep_outgoing (GTask *task, const AnnotOutgoing *outgoing)
{
  AnnotOutgoing *copy;

  if (!outgoing)
    return NULL;
  copy = annot_outgoing_new (outgoing->topic, outgoing->key, outgoing->event_id, outgoing->payload);
  g_free (copy->id);
  copy->id = g_strdup (outgoing->id);
  copy->inline_frame = outgoing->inline_frame;
  return annot_call_keep (task, copy, (GDestroyNotify) annot_outgoing_free);
}

/* Each keep_ copies an argument, which then lives as long as the task. */

static const AnnotLeaseToken *
keep_lease_token (GTask *task, const AnnotLeaseToken *token)
{
  return token ? annot_call_keep (task, g_memdup2 (token, sizeof *token), g_free) : NULL;
}

static const AnnotExampleQuery *
keep_example_query (GTask *task, const AnnotExampleQuery *query)
{
  AnnotExampleQuery *copy = annot_call_keep (task, g_memdup2 (query, sizeof *query), g_free);

  copy->camera_id = annot_call_keep_text (task, query->camera_id);
  copy->label = annot_call_keep_text (task, query->label);
  copy->text = annot_call_keep_text (task, query->text);
  copy->annotator = annot_call_keep_text (task, query->annotator);
  copy->cursor = annot_call_keep_text (task, query->cursor);
  return copy;
}

static const AnnotSubmission *
keep_submission (GTask *task, const AnnotSubmission *submission)
{
  AnnotSubmission *copy = annot_call_keep (task, g_memdup2 (submission, sizeof *submission), g_free);

  annot_call_keep (task, annot_annotation_ref (submission->annotation), (GDestroyNotify) annot_annotation_unref);
  copy->token = keep_lease_token (task, submission->token);
  copy->labels = annot_call_keep (task, g_strdupv ((char **) submission->labels), (GDestroyNotify) g_strfreev);
  copy->outgoing = annot_store_keep_outgoing (task, submission->outgoing);
  return copy;
}

static const AnnotSkip *
keep_skip (GTask *task, const AnnotSkip *skip)
{
  AnnotSkip *copy = annot_call_keep (task, g_memdup2 (skip, sizeof *skip), g_free);

  copy->event_id = annot_call_keep_text (task, skip->event_id);
  copy->annotator = annot_call_keep_text (task, skip->annotator);
  copy->reason = annot_call_keep_text (task, skip->reason);
  copy->token = keep_lease_token (task, skip->token);
  copy->outgoing = annot_store_keep_outgoing (task, skip->outgoing);
  return copy;
}

GTask *
annot_store_begin (AnnotStore *self, gpointer tag, GCancellable *cancellable, GAsyncReadyCallback callback,
                   gpointer user_data)
{
  AnnotStorePrivate *priv = annot_store_get_instance_private (self);

  return annot_call_begin (self, priv->phase, tag, cancellable, callback, user_data);
}

GTask *
annot_store_begin_maintenance (AnnotStore *self, gboolean offered, const char *name, gpointer tag,
                               GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data)
{
  AnnotStorePrivate *priv = annot_store_get_instance_private (self);
  g_autoptr (GTask) task = g_task_new (self, cancellable, callback, user_data);

  g_task_set_source_tag (task, tag);
  g_task_set_check_cancellable (task, FALSE);
  if (!offered) {
    g_task_return_new_error (task, G_IO_ERROR, G_IO_ERROR_NOT_SUPPORTED, "%s does not offer to %s its database",
                             G_OBJECT_TYPE_NAME (self), name);
    return NULL;
  }
  if (priv->phase != ANNOT_PHASE_CLOSED && priv->phase != ANNOT_PHASE_MAINTAINED) {
    g_task_return_new_error (task, ANNOT_ERROR, ANNOT_ERROR_EXISTS, "%s is open; close it first",
                             G_OBJECT_TYPE_NAME (self));
    return NULL;
  }
  priv->phase = ANNOT_PHASE_MAINTAINED;
  return g_steal_pointer (&task);
}

gboolean
annot_store_configure (AnnotStore *self, AnnotConfig *config, GError **error)
{
  g_return_val_if_fail (ANNOT_IS_STORE (self), FALSE);

  return ANNOT_STORE_GET_CLASS (self)->configure (self, config, error);
}

void
annot_store_open (AnnotStore *self, GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data)
{
  AnnotStorePrivate *priv = annot_store_get_instance_private (self);

  annot_call_open (self, &priv->phase, (AnnotPlainMethod) ANNOT_STORE_GET_CLASS (self)->open, cancellable, callback,
                   user_data);
}

void
annot_store_close (AnnotStore *self, GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data)
{
  AnnotStorePrivate *priv = annot_store_get_instance_private (self);

  annot_call_close (self, &priv->phase, (AnnotPlainMethod) ANNOT_STORE_GET_CLASS (self)->close, cancellable, callback,
                    user_data);
}

gboolean
annot_store_open_finish (AnnotStore *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), FALSE);

  return g_task_propagate_boolean (G_TASK (result), error);
}

gboolean
annot_store_close_finish (AnnotStore *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), FALSE);

  return g_task_propagate_boolean (G_TASK (result), error);
}

void
annot_store_health (AnnotStore *self, GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data)
{
  g_autoptr (GTask) task = annot_store_begin (self, annot_store_health, cancellable, callback, user_data);

  if (task)
    ANNOT_STORE_GET_CLASS (self)->health (self, g_object_ref (task));
}

AnnotHealth *
annot_store_health_finish (AnnotStore *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), NULL);

  return g_task_propagate_pointer (G_TASK (result), error);
}

void
annot_store_put_examples (AnnotStore *self, GPtrArray *examples, GCancellable *cancellable,
                          GAsyncReadyCallback callback, gpointer user_data)
{
  g_autoptr (GTask) task = annot_store_begin (self, annot_store_put_examples, cancellable, callback, user_data);

  if (task)
    ANNOT_STORE_GET_CLASS (self)->put_examples (
        self, annot_call_keep (task, g_ptr_array_ref (examples), (GDestroyNotify) g_ptr_array_unref),
        g_object_ref (task));
}

GArray *
annot_store_put_examples_finish (AnnotStore *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), NULL);

  return g_task_propagate_pointer (G_TASK (result), error);
}

void
annot_store_get_position (AnnotStore *self, GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data)
{
  g_autoptr (GTask) task = annot_store_begin (self, annot_store_get_position, cancellable, callback, user_data);

  if (task)
    ANNOT_STORE_GET_CLASS (self)->get_position (self, g_object_ref (task));
}

AnnotPosition *
annot_store_get_position_finish (AnnotStore *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), NULL);

  return g_task_propagate_pointer (G_TASK (result), error);
}

void
annot_store_get_example (AnnotStore *self, const char *event_id, gboolean with_frame, GCancellable *cancellable,
                         GAsyncReadyCallback callback, gpointer user_data)
{
  g_autoptr (GTask) task = annot_store_begin (self, annot_store_get_example, cancellable, callback, user_data);

  if (task)
    ANNOT_STORE_GET_CLASS (self)->get_example (self, annot_call_keep_text (task, event_id), with_frame,
                                               g_object_ref (task));
}

AnnotExample *
annot_store_get_example_finish (AnnotStore *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), NULL);

  return g_task_propagate_pointer (G_TASK (result), error);
}

void
annot_store_list_examples (AnnotStore *self, const AnnotExampleQuery *query, GCancellable *cancellable,
                           GAsyncReadyCallback callback, gpointer user_data)
{
  g_autoptr (GTask) task = annot_store_begin (self, annot_store_list_examples, cancellable, callback, user_data);

  if (task)
    ANNOT_STORE_GET_CLASS (self)->list_examples (self, keep_example_query (task, query), g_object_ref (task));
}

AnnotExamplePage *
annot_store_list_examples_finish (AnnotStore *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), NULL);

  return g_task_propagate_pointer (G_TASK (result), error);
}

void
annot_store_get_stats (AnnotStore *self, GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data)
{
  g_autoptr (GTask) task = annot_store_begin (self, annot_store_get_stats, cancellable, callback, user_data);

  if (task)
    ANNOT_STORE_GET_CLASS (self)->get_stats (self, g_object_ref (task));
}

AnnotStats *
annot_store_get_stats_finish (AnnotStore *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), NULL);

  return g_task_propagate_pointer (G_TASK (result), error);
}

void
annot_store_claim (AnnotStore *self, const char *annotator, guint count, guint lease_seconds, GCancellable *cancellable,
                   GAsyncReadyCallback callback, gpointer user_data)
{
  g_autoptr (GTask) task = annot_store_begin (self, annot_store_claim, cancellable, callback, user_data);

  if (task)
    ANNOT_STORE_GET_CLASS (self)->claim (self, annot_call_keep_text (task, annotator), count, lease_seconds,
                                         g_object_ref (task));
}

GPtrArray *
annot_store_claim_finish (AnnotStore *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), NULL);

  return g_task_propagate_pointer (G_TASK (result), error);
}

void
annot_store_renew (AnnotStore *self, const char *annotator, GArray *tokens, guint lease_seconds,
                   GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data)
{
  g_autoptr (GTask) task = annot_store_begin (self, annot_store_renew, cancellable, callback, user_data);

  if (task)
    ANNOT_STORE_GET_CLASS (self)->renew (self, annot_call_keep_text (task, annotator),
                                         annot_call_keep (task, g_array_ref (tokens), (GDestroyNotify) g_array_unref),
                                         lease_seconds, g_object_ref (task));
}

GPtrArray *
annot_store_renew_finish (AnnotStore *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), NULL);

  return g_task_propagate_pointer (G_TASK (result), error);
}

void
annot_store_release (AnnotStore *self, const char *annotator, GArray *tokens, GCancellable *cancellable,
                     GAsyncReadyCallback callback, gpointer user_data)
{
  g_autoptr (GTask) task = annot_store_begin (self, annot_store_release, cancellable, callback, user_data);

  if (task)
    ANNOT_STORE_GET_CLASS (self)->release (self, annot_call_keep_text (task, annotator),
                                           annot_call_keep (task, g_array_ref (tokens), (GDestroyNotify) g_array_unref),
                                           g_object_ref (task));
}

GPtrArray *
annot_store_release_finish (AnnotStore *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), NULL);

  return g_task_propagate_pointer (G_TASK (result), error);
}

void
annot_store_expire_leases (AnnotStore *self, guint limit, GCancellable *cancellable, GAsyncReadyCallback callback,
                           gpointer user_data)
{
  g_autoptr (GTask) task = annot_store_begin (self, annot_store_expire_leases, cancellable, callback, user_data);

  if (task)
    ANNOT_STORE_GET_CLASS (self)->expire_leases (self, limit, g_object_ref (task));
}

GPtrArray *
annot_store_expire_leases_finish (AnnotStore *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), NULL);

  return g_task_propagate_pointer (G_TASK (result), error);
}

void
annot_store_submit (AnnotStore *self, const AnnotSubmission *submission, GCancellable *cancellable,
                    GAsyncReadyCallback callback, gpointer user_data)
{
  g_autoptr (GTask) task = annot_store_begin (self, annot_store_submit, cancellable, callback, user_data);

  if (task)
    ANNOT_STORE_GET_CLASS (self)->submit (self, keep_submission (task, submission), g_object_ref (task));
}

AnnotSubmitResult *
annot_store_submit_finish (AnnotStore *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), NULL);

  return g_task_propagate_pointer (G_TASK (result), error);
}

void
annot_store_skip (AnnotStore *self, const AnnotSkip *skip, GCancellable *cancellable, GAsyncReadyCallback callback,
                  gpointer user_data)
{
  g_autoptr (GTask) task = annot_store_begin (self, annot_store_skip, cancellable, callback, user_data);

  if (task)
    ANNOT_STORE_GET_CLASS (self)->skip (self, keep_skip (task, skip), g_object_ref (task));
}

int
annot_store_skip_finish (AnnotStore *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), -1);

  return (int) g_task_propagate_int (G_TASK (result), error);
}

void
annot_store_remove (AnnotStore *self, const char *event_id, const AnnotOutgoing *outgoing, GCancellable *cancellable,
                    GAsyncReadyCallback callback, gpointer user_data)
{
  g_autoptr (GTask) task = annot_store_begin (self, annot_store_remove, cancellable, callback, user_data);

  if (task)
    ANNOT_STORE_GET_CLASS (self)->remove (self, annot_call_keep_text (task, event_id),
                                          annot_store_keep_outgoing (task, outgoing), g_object_ref (task));
}

gboolean
annot_store_remove_finish (AnnotStore *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), FALSE);

  return g_task_propagate_boolean (G_TASK (result), error);
}

void
annot_store_take_outgoing (AnnotStore *self, guint limit, guint claim_seconds, GCancellable *cancellable,
                           GAsyncReadyCallback callback, gpointer user_data)
{
  g_autoptr (GTask) task = annot_store_begin (self, annot_store_take_outgoing, cancellable, callback, user_data);

  if (task)
    ANNOT_STORE_GET_CLASS (self)->take_outgoing (self, limit, claim_seconds, g_object_ref (task));
}

GPtrArray *
annot_store_take_outgoing_finish (AnnotStore *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), NULL);

  return g_task_propagate_pointer (G_TASK (result), error);
}

void
annot_store_confirm_outgoing (AnnotStore *self, const char *const *ids, GCancellable *cancellable,
                              GAsyncReadyCallback callback, gpointer user_data)
{
  g_autoptr (GTask) task = annot_store_begin (self, annot_store_confirm_outgoing, cancellable, callback, user_data);

  if (task)
    ANNOT_STORE_GET_CLASS (self)->confirm_outgoing (
        self, annot_call_keep (task, g_strdupv ((char **) ids), (GDestroyNotify) g_strfreev), g_object_ref (task));
}

gboolean
annot_store_confirm_outgoing_finish (AnnotStore *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), FALSE);

  return g_task_propagate_boolean (G_TASK (result), error);
}

void
annot_store_postpone_outgoing (AnnotStore *self, const char *id, guint delay_seconds, const char *reason,
                               GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data)
{
  g_autoptr (GTask) task = annot_store_begin (self, annot_store_postpone_outgoing, cancellable, callback, user_data);

  if (task)
    ANNOT_STORE_GET_CLASS (self)->postpone_outgoing (self, annot_call_keep_text (task, id), delay_seconds,
                                                     annot_call_keep_text (task, reason), g_object_ref (task));
}

gboolean
annot_store_postpone_outgoing_finish (AnnotStore *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), FALSE);

  return g_task_propagate_boolean (G_TASK (result), error);
}

void
annot_store_list_outgoing (AnnotStore *self, gboolean failed_only, guint limit, GCancellable *cancellable,
                           GAsyncReadyCallback callback, gpointer user_data)
{
  g_autoptr (GTask) task = annot_store_begin (self, annot_store_list_outgoing, cancellable, callback, user_data);

  if (task)
    ANNOT_STORE_GET_CLASS (self)->list_outgoing (self, failed_only, limit, g_object_ref (task));
}

GPtrArray *
annot_store_list_outgoing_finish (AnnotStore *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), NULL);

  return g_task_propagate_pointer (G_TASK (result), error);
}

void
annot_store_drop_outgoing (AnnotStore *self, const char *id, GCancellable *cancellable, GAsyncReadyCallback callback,
                           gpointer user_data)
{
  g_autoptr (GTask) task = annot_store_begin (self, annot_store_drop_outgoing, cancellable, callback, user_data);

  if (task)
    ANNOT_STORE_GET_CLASS (self)->drop_outgoing (self, annot_call_keep_text (task, id), g_object_ref (task));
}

gboolean
annot_store_drop_outgoing_finish (AnnotStore *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), FALSE);

  return g_task_propagate_boolean (G_TASK (result), error);
}
