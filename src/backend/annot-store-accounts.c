/* SPDX-License-Identifier: Apache-2.0 */
/* The calls to a store about accounts, tokens, sessions, erasure and retention. */
#include "annot-store-private.h"

/* Each keep_ copies an argument, which then lives as long as the task. */

static const AnnotAccount *
keep_account (GTask *task, const AnnotAccount *account)
{
  return annot_call_keep (task, annot_account_copy (account), (GDestroyNotify) annot_account_free);
}

static const AnnotToken *
keep_token (GTask *task, const AnnotToken *token)
{
  AnnotToken *copy = annot_token_new ();

  *copy = *token;
  copy->id = g_strdup (token->id);
  copy->account = g_strdup (token->account);
  copy->description = g_strdup (token->description);
  copy->hash = g_strdup (token->hash);
  return annot_call_keep (task, copy, (GDestroyNotify) annot_token_free);
}

static const AnnotSession *
keep_session (GTask *task, const AnnotSession *session)
{
  return annot_call_keep (task, annot_session_new (session->jti, session->account, session->expires_at),
                          (GDestroyNotify) annot_session_free);
}

void
annot_store_add_account (AnnotStore *self, const AnnotAccount *account, GCancellable *cancellable,
                         GAsyncReadyCallback callback, gpointer user_data)
{
  g_autoptr (GTask) task = annot_store_begin (self, annot_store_add_account, cancellable, callback, user_data);

  if (task)
    ANNOT_STORE_GET_CLASS (self)->add_account (self, keep_account (task, account), g_object_ref (task));
}

gboolean
annot_store_add_account_finish (AnnotStore *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), FALSE);

  return g_task_propagate_boolean (G_TASK (result), error);
}

void
annot_store_update_account (AnnotStore *self, const AnnotAccount *account, GCancellable *cancellable,
                            GAsyncReadyCallback callback, gpointer user_data)
{
  g_autoptr (GTask) task = annot_store_begin (self, annot_store_update_account, cancellable, callback, user_data);

  if (task)
    ANNOT_STORE_GET_CLASS (self)->update_account (self, keep_account (task, account), g_object_ref (task));
}

gboolean
annot_store_update_account_finish (AnnotStore *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), FALSE);

  return g_task_propagate_boolean (G_TASK (result), error);
}

void
annot_store_remove_account (AnnotStore *self, const char *name, GCancellable *cancellable, GAsyncReadyCallback callback,
                            gpointer user_data)
{
  g_autoptr (GTask) task = annot_store_begin (self, annot_store_remove_account, cancellable, callback, user_data);

  if (task)
    ANNOT_STORE_GET_CLASS (self)->remove_account (self, annot_call_keep_text (task, name), g_object_ref (task));
}

gboolean
annot_store_remove_account_finish (AnnotStore *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), FALSE);

  return g_task_propagate_boolean (G_TASK (result), error);
}

void
annot_store_get_account (AnnotStore *self, const char *name, GCancellable *cancellable, GAsyncReadyCallback callback,
                         gpointer user_data)
{
  g_autoptr (GTask) task = annot_store_begin (self, annot_store_get_account, cancellable, callback, user_data);

  if (task)
    ANNOT_STORE_GET_CLASS (self)->get_account (self, annot_call_keep_text (task, name), g_object_ref (task));
}

AnnotAccount *
annot_store_get_account_finish (AnnotStore *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), NULL);

  return g_task_propagate_pointer (G_TASK (result), error);
}

void
annot_store_list_accounts (AnnotStore *self, GCancellable *cancellable, GAsyncReadyCallback callback,
                           gpointer user_data)
{
  g_autoptr (GTask) task = annot_store_begin (self, annot_store_list_accounts, cancellable, callback, user_data);

  if (task)
    ANNOT_STORE_GET_CLASS (self)->list_accounts (self, g_object_ref (task));
}

GPtrArray *
annot_store_list_accounts_finish (AnnotStore *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), NULL);

  return g_task_propagate_pointer (G_TASK (result), error);
}

void
annot_store_add_token (AnnotStore *self, const AnnotToken *token, GCancellable *cancellable,
                       GAsyncReadyCallback callback, gpointer user_data)
{
  g_autoptr (GTask) task = annot_store_begin (self, annot_store_add_token, cancellable, callback, user_data);

  if (task)
    ANNOT_STORE_GET_CLASS (self)->add_token (self, keep_token (task, token), g_object_ref (task));
}

gboolean
annot_store_add_token_finish (AnnotStore *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), FALSE);

  return g_task_propagate_boolean (G_TASK (result), error);
}

void
annot_store_remove_token (AnnotStore *self, const char *id, const char *account, GCancellable *cancellable,
                          GAsyncReadyCallback callback, gpointer user_data)
{
  g_autoptr (GTask) task = annot_store_begin (self, annot_store_remove_token, cancellable, callback, user_data);

  if (task)
    ANNOT_STORE_GET_CLASS (self)->remove_token (self, annot_call_keep_text (task, id),
                                                annot_call_keep_text (task, account), g_object_ref (task));
}

gboolean
annot_store_remove_token_finish (AnnotStore *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), FALSE);

  return g_task_propagate_boolean (G_TASK (result), error);
}

void
annot_store_find_token (AnnotStore *self, const char *hash, GCancellable *cancellable, GAsyncReadyCallback callback,
                        gpointer user_data)
{
  g_autoptr (GTask) task = annot_store_begin (self, annot_store_find_token, cancellable, callback, user_data);

  if (task)
    ANNOT_STORE_GET_CLASS (self)->find_token (self, annot_call_keep_text (task, hash), g_object_ref (task));
}

AnnotToken *
annot_store_find_token_finish (AnnotStore *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), NULL);

  return g_task_propagate_pointer (G_TASK (result), error);
}

void
annot_store_list_tokens (AnnotStore *self, const char *account, GCancellable *cancellable, GAsyncReadyCallback callback,
                         gpointer user_data)
{
  g_autoptr (GTask) task = annot_store_begin (self, annot_store_list_tokens, cancellable, callback, user_data);

  if (task)
    ANNOT_STORE_GET_CLASS (self)->list_tokens (self, annot_call_keep_text (task, account), g_object_ref (task));
}

GPtrArray *
annot_store_list_tokens_finish (AnnotStore *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), NULL);

  return g_task_propagate_pointer (G_TASK (result), error);
}

void
annot_store_add_session (AnnotStore *self, const AnnotSession *session, GCancellable *cancellable,
                         GAsyncReadyCallback callback, gpointer user_data)
{
  g_autoptr (GTask) task = annot_store_begin (self, annot_store_add_session, cancellable, callback, user_data);

  if (task)
    ANNOT_STORE_GET_CLASS (self)->add_session (self, keep_session (task, session), g_object_ref (task));
}

gboolean
annot_store_add_session_finish (AnnotStore *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), FALSE);

  return g_task_propagate_boolean (G_TASK (result), error);
}

void
annot_store_revoke_sessions (AnnotStore *self, const char *jti, const char *account, GCancellable *cancellable,
                             GAsyncReadyCallback callback, gpointer user_data)
{
  g_autoptr (GTask) task = annot_store_begin (self, annot_store_revoke_sessions, cancellable, callback, user_data);

  if (task)
    ANNOT_STORE_GET_CLASS (self)->revoke_sessions (self, annot_call_keep_text (task, jti),
                                                   annot_call_keep_text (task, account), g_object_ref (task));
}

GPtrArray *
annot_store_revoke_sessions_finish (AnnotStore *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), NULL);

  return g_task_propagate_pointer (G_TASK (result), error);
}

void
annot_store_list_revoked (AnnotStore *self, GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data)
{
  g_autoptr (GTask) task = annot_store_begin (self, annot_store_list_revoked, cancellable, callback, user_data);

  if (task)
    ANNOT_STORE_GET_CLASS (self)->list_revoked (self, g_object_ref (task));
}

GPtrArray *
annot_store_list_revoked_finish (AnnotStore *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), NULL);

  return g_task_propagate_pointer (G_TASK (result), error);
}

void
annot_store_get_secret (AnnotStore *self, const char *name, const char *proposed, GCancellable *cancellable,
                        GAsyncReadyCallback callback, gpointer user_data)
{
  g_autoptr (GTask) task = annot_store_begin (self, annot_store_get_secret, cancellable, callback, user_data);

  if (task)
    ANNOT_STORE_GET_CLASS (self)->get_secret (self, annot_call_keep_text (task, name),
                                              annot_call_keep_text (task, proposed), g_object_ref (task));
}

char *
annot_store_get_secret_finish (AnnotStore *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), NULL);

  return g_task_propagate_pointer (G_TASK (result), error);
}

void
annot_store_erase_subject (AnnotStore *self, const char *face_hash, const char *actor, const AnnotOutgoing *outgoing,
                           GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data)
{
  g_autoptr (GTask) task = annot_store_begin (self, annot_store_erase_subject, cancellable, callback, user_data);

  if (task)
    ANNOT_STORE_GET_CLASS (self)->erase_subject (self, annot_call_keep_text (task, face_hash),
                                                 annot_call_keep_text (task, actor),
                                                 annot_store_keep_outgoing (task, outgoing), g_object_ref (task));
}

AnnotErasure *
annot_store_erase_subject_finish (AnnotStore *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), NULL);

  return g_task_propagate_pointer (G_TASK (result), error);
}

void
annot_store_retain (AnnotStore *self, gint64 completed_age, gint64 frames_age, guint limit,
                    GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data)
{
  g_autoptr (GTask) task = annot_store_begin (self, annot_store_retain, cancellable, callback, user_data);

  if (task)
    ANNOT_STORE_GET_CLASS (self)->retain (self, completed_age, frames_age, limit, g_object_ref (task));
}

AnnotErasure *
annot_store_retain_finish (AnnotStore *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), NULL);

  return g_task_propagate_pointer (G_TASK (result), error);
}
