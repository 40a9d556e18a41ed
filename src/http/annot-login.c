/* SPDX-License-Identifier: Apache-2.0 */
/* Signing in: name and password for a signed session. */
#include "annot-identity-private.h"

#include "annot-jwt.h"
#include "model/annot-password.h"

typedef struct {
  char *name;
  char *password;
  char *client;
  AnnotAccount *account; /* nullable: unknown */
  AnnotClaims *claims;
} Attempt;

static void
attempt_free (Attempt *attempt)
{
  g_free (attempt->name);
  annot_secret_free (attempt->password);
  g_free (attempt->client);
  g_clear_pointer (&attempt->account, annot_account_free);
  g_clear_pointer (&attempt->claims, annot_claims_free);
  g_free (attempt);
}

void
annot_login_free (AnnotLogin *self)
{
  if (!self)
    return;
  annot_secret_free (self->access_token);
  g_free (self);
}

/* What is no possible name shares one entry. */
static const char *
lockout_name (const char *name)
{
  return annot_account_name_check (name, NULL) ? name : "?";
}

gint64
annot_identity_get_login_delay (AnnotIdentity *self, const char *name, const char *client)
{
  gint64 delay = annot_lockout_get_delay (self->lockout, lockout_name (name), client, g_get_monotonic_time ());

  return (delay + G_USEC_PER_SEC - 1) / G_USEC_PER_SEC;
}

static gboolean
refuse_locked (AnnotIdentity *self, GTask *task, const Attempt *attempt)
{
  gint64 delay = annot_identity_get_login_delay (self, attempt->name, attempt->client);

  if (delay == 0)
    return FALSE;
  g_task_return_new_error (task, ANNOT_ERROR, ANNOT_ERROR_TEMPORARY,
                           "too many failed sign-ins: try again in %" G_GINT64_FORMAT " s", delay);
  return TRUE;
}

static void
refuse (AnnotIdentity *self, GTask *task, const Attempt *attempt)
{
  annot_lockout_failed (self->lockout, lockout_name (attempt->name), attempt->client, g_get_monotonic_time ());
  g_message ("Sign-in refused for an account from %s", attempt->client);
  g_task_return_new_error (task, ANNOT_ERROR, ANNOT_ERROR_AUTH, "the user name or the password is wrong");
}

/* Whoever changed the account before the session was written is seen here; whoever does it after has revoked it. */
static void
account_read_again (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  AnnotIdentity *self = g_task_get_source_object (task);
  Attempt *attempt = g_task_get_task_data (task);
  g_autoptr (GError) error = NULL;
  g_autoptr (AnnotAccount) account = annot_store_get_account_finish (ANNOT_STORE (source), result, &error);
  AnnotLogin *login;

  if (!account && !g_error_matches (error, ANNOT_ERROR, ANNOT_ERROR_NOT_FOUND)) {
    g_task_return_error (task, g_steal_pointer (&error));
    return;
  }
  if (!account || account->disabled || account->roles != attempt->account->roles
      || g_strcmp0 (account->password_hash, attempt->account->password_hash) != 0) {
    refuse (self, task, attempt);
    return;
  }
  annot_lockout_succeeded (self->lockout, lockout_name (attempt->name));
  login = g_new0 (AnnotLogin, 1);
  login->access_token = annot_jwt_sign (attempt->claims, self->secret);
  login->roles = account->roles;
  login->expires_in = attempt->claims->expires_at - attempt->claims->issued_at;
  g_task_return_pointer (task, login, (GDestroyNotify) annot_login_free);
}

static void
session_added (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  const Attempt *attempt = g_task_get_task_data (task);
  g_autoptr (GError) error = NULL;

  if (annot_store_add_session_finish (ANNOT_STORE (source), result, &error))
    annot_store_get_account (ANNOT_STORE (source), attempt->name, NULL, account_read_again, g_object_ref (task));
  else
    g_task_return_error (task, g_steal_pointer (&error));
}

static void
add_session (AnnotIdentity *self, GTask *task, Attempt *attempt)
{
  g_autoptr (AnnotSession) session = NULL;
  AnnotClaims *claims = g_new0 (AnnotClaims, 1);

  claims->account = g_strdup (attempt->account->name);
  claims->jti = annot_secret_random (16);
  claims->issued_at = g_get_real_time () / G_USEC_PER_SEC;
  claims->expires_at = claims->issued_at + annot_config_get_integer (self->config, "auth", "token-lifetime");
  claims->roles = attempt->account->roles;
  attempt->claims = claims;
  session = annot_session_new (claims->jti, claims->account, claims->expires_at * G_USEC_PER_SEC);
  annot_store_add_session (self->store, session, NULL, session_added, g_object_ref (task));
}

static void
password_checked (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  AnnotIdentity *self = g_task_get_source_object (task);
  Attempt *attempt = g_task_get_task_data (task);
  g_autoptr (GError) error = NULL;
  gboolean right = annot_password_checker_verify_finish (ANNOT_PASSWORD_CHECKER (source), result, &error);

  if (error) {
    g_task_return_error (task, g_steal_pointer (&error));
    return;
  }
  /* Others may have failed while this one waited for its turn. */
  if (refuse_locked (self, task, attempt))
    return;
  if (!right || !attempt->account || attempt->account->disabled)
    refuse (self, task, attempt);
  else
    add_session (self, task, attempt);
}

static void
check_password (AnnotIdentity *self, GTask *task, const Attempt *attempt)
{
  annot_password_checker_verify (self->passwords, attempt->password,
                                 attempt->account ? attempt->account->password_hash : NULL, NULL, password_checked,
                                 g_object_ref (task));
}

static void
account_found (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  AnnotIdentity *self = g_task_get_source_object (task);
  Attempt *attempt = g_task_get_task_data (task);
  g_autoptr (GError) error = NULL;

  attempt->account = annot_store_get_account_finish (ANNOT_STORE (source), result, &error);
  if (!attempt->account && !g_error_matches (error, ANNOT_ERROR, ANNOT_ERROR_NOT_FOUND))
    g_task_return_error (task, g_steal_pointer (&error));
  else
    check_password (self, task, attempt);
}

void
annot_identity_login (AnnotIdentity *self, const char *name, const char *password, const char *client,
                      GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data)
{
  g_autoptr (GTask) task = g_task_new (self, cancellable, callback, user_data);
  Attempt *attempt = g_new0 (Attempt, 1);

  g_task_set_source_tag (task, annot_identity_login);
  g_task_set_task_data (task, attempt, (GDestroyNotify) attempt_free);
  attempt->name = g_strdup (name);
  attempt->password = g_strdup (password);
  attempt->client = g_strdup (client);
  if (!self->secret) {
    g_task_return_new_error (task, ANNOT_ERROR, ANNOT_ERROR_NOT_CONNECTED, "the service is starting");
    return;
  }
  if (refuse_locked (self, task, attempt))
    return;
  if (annot_account_name_check (name, NULL))
    annot_store_get_account (self->store, name, cancellable, account_found, g_object_ref (task));
  else
    check_password (self, task, attempt);
}

AnnotLogin *
annot_identity_login_finish (AnnotIdentity *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), NULL);
  return g_task_propagate_pointer (G_TASK (result), error);
}

static void
password_hashed (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  g_autoptr (GError) error = NULL;
  char *hash = annot_password_checker_hash_finish (ANNOT_PASSWORD_CHECKER (source), result, &error);

  if (hash)
    g_task_return_pointer (task, hash, (GDestroyNotify) annot_secret_free);
  else
    g_task_return_error (task, g_steal_pointer (&error));
}

void
annot_identity_hash_password (AnnotIdentity *self, const char *password, GCancellable *cancellable,
                              GAsyncReadyCallback callback, gpointer user_data)
{
  GTask *task = g_task_new (self, cancellable, callback, user_data);

  g_task_set_source_tag (task, annot_identity_hash_password);
  annot_password_checker_hash (self->passwords, password, cancellable, password_hashed, task);
}

char *
annot_identity_hash_password_finish (AnnotIdentity *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), NULL);
  return g_task_propagate_pointer (G_TASK (result), error);
}
