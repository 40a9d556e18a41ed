/* SPDX-License-Identifier: Apache-2.0 */
/* Who asks: signed sessions, API tokens, cookies, CSRF. */
#include "annot-identity-private.h"

#include <string.h>

#include "annot-jwt.h"
#include "model/annot-password.h"

#define LOCKOUT_ENTRIES 16384
#define PASSWORD_THREADS 2
/* A signing secret of the keyfile: shorter ones can be guessed; RFC 7518 asks for as many bits as the hash has. */
#define SECRET_SHORTEST 16
#define SECRET_ADVISED 32
#define SECRET_NAME "session-signing"

G_DEFINE_FINAL_TYPE (AnnotIdentity, annot_identity, G_TYPE_OBJECT)

enum { REVOKED, TOKENS_CHANGED, N_SIGNALS };
static guint signals[N_SIGNALS];

void
annot_caller_free (AnnotCaller *self)
{
  if (!self)
    return;
  g_free (self->account);
  g_free (self->session);
  g_free (self->token);
  g_free (self);
}

static void
annot_identity_init (AnnotIdentity *self)
{
  self->lockout = annot_lockout_new (LOCKOUT_ENTRIES);
  self->passwords = annot_password_checker_new (PASSWORD_THREADS);
}

static void
annot_identity_dispose (GObject *object)
{
  AnnotIdentity *self = ANNOT_IDENTITY (object);

  g_clear_object (&self->config);
  g_clear_object (&self->store);
  g_clear_object (&self->revocations);
  g_clear_object (&self->tokens);
  g_clear_object (&self->passwords);
  G_OBJECT_CLASS (annot_identity_parent_class)->dispose (object);
}

static void
annot_identity_finalize (GObject *object)
{
  AnnotIdentity *self = ANNOT_IDENTITY (object);

  g_clear_pointer (&self->lockout, annot_lockout_free);
  g_clear_pointer (&self->secret, g_bytes_unref);
  G_OBJECT_CLASS (annot_identity_parent_class)->finalize (object);
}

static void
annot_identity_class_init (AnnotIdentityClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->dispose = annot_identity_dispose;
  object_class->finalize = annot_identity_finalize;
  signals[REVOKED] = g_signal_new ("revoked", ANNOT_TYPE_IDENTITY, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE,
                                   2, G_TYPE_STRING, G_TYPE_STRING);
  signals[TOKENS_CHANGED] = g_signal_new ("tokens-changed", ANNOT_TYPE_IDENTITY, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
                                          G_TYPE_NONE, 1, G_TYPE_STRING);
}

static void
session_revoked (AnnotRevocations *revocations, const char *jti, const char *account, AnnotIdentity *self)
{
  (void) revocations;
  g_signal_emit (self, signals[REVOKED], 0, jti, account);
}

static void
forget_tokens (AnnotIdentity *self, const char *account)
{
  annot_token_cache_forget (self->tokens, account);
  g_signal_emit (self, signals[TOKENS_CHANGED], 0, account);
}

static void
account_changed (AnnotRevocations *revocations, const char *account, AnnotIdentity *self)
{
  (void) revocations;
  forget_tokens (self, account);
}

AnnotIdentity *
annot_identity_new (AnnotPipeline *pipeline)
{
  AnnotIdentity *self = g_object_new (ANNOT_TYPE_IDENTITY, NULL);

  self->config = g_object_ref (annot_pipeline_get_config (pipeline));
  self->store = g_object_ref (annot_pipeline_get_store (pipeline));
  self->tokens = annot_token_cache_new (self->store);
  self->revocations = annot_revocations_new (self->store, annot_pipeline_get_state (pipeline));
  g_signal_connect_object (self->revocations, "revoked", G_CALLBACK (session_revoked), self, 0);
  g_signal_connect_object (self->revocations, "account-changed", G_CALLBACK (account_changed), self, 0);
  return self;
}

static void
revocations_started (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  g_autoptr (GError) error = NULL;

  if (annot_revocations_start_finish (ANNOT_REVOCATIONS (source), result, &error))
    g_task_return_boolean (task, TRUE);
  else
    g_task_return_error (task, g_steal_pointer (&error));
}

static void
take_secret (GTask *task, const char *secret)
{
  AnnotIdentity *self = g_task_get_source_object (task);

  self->secret = g_bytes_new (secret, strlen (secret));
  annot_revocations_start (self->revocations, g_task_get_cancellable (task), revocations_started, g_object_ref (task));
}

static void
secret_kept (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  g_autoptr (GError) error = NULL;
  char *secret = annot_store_get_secret_finish (ANNOT_STORE (source), result, &error);

  if (!secret) {
    g_task_return_error (task, g_steal_pointer (&error));
    return;
  }
  take_secret (task, secret);
  annot_secret_free (secret);
}

/* Whether a secret of the operator is long enough to sign with. */
static gboolean
check_secret (AnnotIdentity *self, const char *secret, GError **error)
{
  gsize length = strlen (secret);

  if (length < SECRET_SHORTEST) {
    g_propagate_error (error,
                       annot_config_error (self->config, "auth", "secret",
                                           "must have %d bytes or more; make one with `openssl rand -hex 32`, or "
                                           "leave it out to have one made and kept in the store",
                                           SECRET_SHORTEST));
    return FALSE;
  }
  if (length < SECRET_ADVISED)
    g_warning ("The signing secret has only %" G_GSIZE_FORMAT " bytes: %d or more are advised", length, SECRET_ADVISED);
  return TRUE;
}

void
annot_identity_start (AnnotIdentity *self, GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data)
{
  g_autoptr (GTask) task = g_task_new (self, cancellable, callback, user_data);
  g_autoptr (GError) error = NULL;
  char *secret = annot_config_get_secret (self->config, "auth", "secret", "secret-file", &error);

  g_task_set_source_tag (task, annot_identity_start);
  if (error || (secret && !check_secret (self, secret, &error))) {
    g_task_return_error (task, g_steal_pointer (&error));
  } else if (secret) {
    take_secret (task, secret);
  } else {
    g_autofree char *proposed = annot_secret_random (32);

    annot_store_get_secret (self->store, SECRET_NAME, proposed, cancellable, secret_kept, g_object_ref (task));
  }
  annot_secret_free (secret);
}

gboolean
annot_identity_start_finish (AnnotIdentity *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), FALSE);
  return g_task_propagate_boolean (G_TASK (result), error);
}

/* Returns: (transfer full) (nullable): the token of `Bearer` or `Token`; NULL for another scheme */
static char *
token_of_header (const char *authorization)
{
  static const char *const schemes[] = { "Bearer ", "Token " };
  guint i;

  for (i = 0; i < G_N_ELEMENTS (schemes); i++) {
    gsize length = strlen (schemes[i]);

    if (g_ascii_strncasecmp (authorization, schemes[i], length) == 0)
      return g_strstrip (g_strdup (authorization + length));
  }
  return NULL;
}

/* Returns: (transfer full) (nullable): the value of the session cookie */
static char *
token_of_cookie (const char *cookie)
{
  g_auto (GStrv) pairs = g_strsplit (cookie, ";", 64);
  guint i;

  for (i = 0; pairs[i]; i++) {
    const char *pair = g_strstrip (pairs[i]);

    if (g_str_has_prefix (pair, ANNOT_SESSION_COOKIE "="))
      return g_strdup (pair + strlen (ANNOT_SESSION_COOKIE "="));
  }
  return NULL;
}

static AnnotCaller *
check_session (AnnotIdentity *self, const char *token, GError **error)
{
  g_autoptr (AnnotClaims) claims = annot_jwt_verify (token, self->secret, g_get_real_time () / G_USEC_PER_SEC, error);
  AnnotCaller *caller;

  if (!claims)
    return NULL;
  if (annot_revocations_contains (self->revocations, claims->jti, claims->account)) {
    g_set_error_literal (error, ANNOT_ERROR, ANNOT_ERROR_AUTH, "the session has ended: sign in again");
    return NULL;
  }
  caller = g_new0 (AnnotCaller, 1);
  caller->account = g_steal_pointer (&claims->account);
  caller->session = g_steal_pointer (&claims->jti);
  caller->roles = claims->roles;
  caller->expires_at = claims->expires_at * G_USEC_PER_SEC;
  return caller;
}

static void
token_owner_found (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (AnnotTokenOwner) owner = annot_token_cache_find_finish (ANNOT_TOKEN_CACHE (source), result, &error);
  AnnotCaller *caller;

  if (!owner) {
    g_task_return_error (task, g_steal_pointer (&error));
    return;
  }
  caller = g_new0 (AnnotCaller, 1);
  caller->account = g_steal_pointer (&owner->account);
  caller->token = g_strdup (g_task_get_task_data (task));
  caller->roles = owner->roles;
  caller->expires_at = owner->expires_at;
  g_task_return_pointer (task, caller, (GDestroyNotify) annot_caller_free);
}

/* A cookie comes along with requests that other sites cause: those that write must also prove to have read our answer.
 */
static gboolean
check_csrf (AnnotIdentity *self, const AnnotCaller *caller, const AnnotCredentials *credentials, GError **error)
{
  g_autofree char *expected = NULL;

  if (!credentials->is_write)
    return TRUE;
  expected = annot_identity_csrf_token (self, caller->session);
  if (credentials->csrf_token && annot_secret_equal (expected, credentials->csrf_token))
    return TRUE;
  g_set_error_literal (error, ANNOT_ERROR, ANNOT_ERROR_STALE,
                       "X-CSRF-Token is missing or wrong: get it from /api/v1/csrf-token");
  return FALSE;
}

void
annot_identity_check (AnnotIdentity *self, const AnnotCredentials *credentials, GCancellable *cancellable,
                      GAsyncReadyCallback callback, gpointer user_data)
{
  g_autoptr (GTask) task = g_task_new (self, cancellable, callback, user_data);
  g_autoptr (GError) error = NULL;
  g_autoptr (AnnotCaller) caller = NULL;
  g_autofree char *token = NULL;
  gboolean by_cookie = FALSE;

  g_task_set_source_tag (task, annot_identity_check);
  if (!self->secret) {
    g_task_return_new_error (task, ANNOT_ERROR, ANNOT_ERROR_TEMPORARY, "the service is starting");
    return;
  }
  if (credentials->authorization) {
    token = token_of_header (credentials->authorization);
  } else if (credentials->cookie) {
    token = token_of_cookie (credentials->cookie);
    by_cookie = token != NULL;
  }
  if (!token && credentials->authorization) {
    g_task_return_new_error (task, ANNOT_ERROR, ANNOT_ERROR_AUTH, "Authorization must be `Bearer` and a token");
    return;
  }
  if (!token) {
    g_task_return_pointer (task, g_new0 (AnnotCaller, 1), (GDestroyNotify) annot_caller_free);
    return;
  }
  if (!by_cookie && !strchr (token, '.')) {
    char *digest = annot_token_digest (token);

    g_task_set_task_data (task, digest, g_free);
    annot_token_cache_find_digest (self->tokens, digest, cancellable, token_owner_found, g_object_ref (task));
    return;
  }
  caller = check_session (self, token, &error);
  if (caller && (!by_cookie || check_csrf (self, caller, credentials, &error)))
    g_task_return_pointer (task, g_steal_pointer (&caller), (GDestroyNotify) annot_caller_free);
  else
    g_task_return_error (task, g_steal_pointer (&error));
}

AnnotCaller *
annot_identity_check_finish (AnnotIdentity *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), NULL);
  return g_task_propagate_pointer (G_TASK (result), error);
}

static void
found_again (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (AnnotTokenOwner) owner = annot_token_cache_find_finish (ANNOT_TOKEN_CACHE (source), result, &error);
  AnnotRoles roles = GPOINTER_TO_UINT (g_task_get_task_data (task));

  if (owner)
    g_task_return_boolean (task, (owner->roles & roles) != 0);
  else if (g_error_matches (error, ANNOT_ERROR, ANNOT_ERROR_AUTH))
    g_task_return_boolean (task, FALSE);
  else
    g_task_return_error (task, g_steal_pointer (&error));
}

void
annot_identity_check_again (AnnotIdentity *self, const AnnotCaller *caller, AnnotRoles roles, GCancellable *cancellable,
                            GAsyncReadyCallback callback, gpointer user_data)
{
  g_autoptr (GTask) task = g_task_new (self, cancellable, callback, user_data);

  g_task_set_source_tag (task, annot_identity_check_again);
  g_task_set_task_data (task, GUINT_TO_POINTER (roles), NULL);
  if (caller->token)
    annot_token_cache_find_digest (self->tokens, caller->token, cancellable, found_again, g_steal_pointer (&task));
  else
    g_task_return_boolean (
        task, !caller->session || !annot_revocations_contains (self->revocations, caller->session, caller->account));
}

gboolean
annot_identity_check_again_finish (AnnotIdentity *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), FALSE);
  return g_task_propagate_boolean (G_TASK (result), error);
}

static void
logged_out (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  g_autoptr (GError) error = NULL;

  if (annot_revocations_revoke_finish (ANNOT_REVOCATIONS (source), result, &error))
    g_task_return_boolean (task, TRUE);
  else
    g_task_return_error (task, g_steal_pointer (&error));
}

void
annot_identity_logout (AnnotIdentity *self, const char *session, GCancellable *cancellable,
                       GAsyncReadyCallback callback, gpointer user_data)
{
  GTask *task = g_task_new (self, cancellable, callback, user_data);

  g_task_set_source_tag (task, annot_identity_logout);
  annot_revocations_revoke (self->revocations, session, cancellable, logged_out, task);
}

gboolean
annot_identity_logout_finish (AnnotIdentity *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), FALSE);
  return g_task_propagate_boolean (G_TASK (result), error);
}

void
annot_identity_forget_account (AnnotIdentity *self, const char *account)
{
  forget_tokens (self, account);
  annot_revocations_announce_account (self->revocations, account, TRUE);
}

void
annot_identity_forget_tokens (AnnotIdentity *self, const char *account)
{
  forget_tokens (self, account);
  annot_revocations_announce_account (self->revocations, account, FALSE);
}

/* No signed token begins so: the two uses of the secret cannot be taken for each other. */
char *
annot_identity_csrf_token (AnnotIdentity *self, const char *session)
{
  g_autofree char *text = g_strconcat ("csrf ", session, NULL);

  return annot_jwt_hmac (self->secret, text, strlen (text));
}
