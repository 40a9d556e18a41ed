/* SPDX-License-Identifier: Apache-2.0 */
/* Who asks: signed sessions, API tokens, cookies, CSRF. */
#pragma once

#include "pipeline/annot-pipeline.h"
#include <annotationd/annotationd.h>

G_BEGIN_DECLS

#define ANNOT_TYPE_IDENTITY (annot_identity_get_type ())
G_DECLARE_FINAL_TYPE (AnnotIdentity, annot_identity, ANNOT, IDENTITY, GObject)

#define ANNOT_SESSION_COOKIE "annotationd_session"

/* How a request proves who it is. */
typedef struct {
  const char *authorization; /* the Authorization header, nullable */
  const char *cookie;        /* the Cookie header, nullable */
  const char *csrf_token;    /* the X-CSRF-Token header, nullable */
  gboolean is_write;         /* a method other than GET, HEAD, OPTIONS */
} AnnotCredentials;

/**
 * AnnotCaller:
 * @account: (nullable): name; %NULL: nobody
 * @roles: roles
 * @session: (nullable): jti of a signed token
 * @token: (nullable): digest of an API token
 * @expires_at: of it, microseconds since 1970 UTC; 0 for never
 */
typedef struct {
  char *account;
  AnnotRoles roles;
  char *session;
  char *token;
  gint64 expires_at;
} AnnotCaller;

void annot_caller_free (AnnotCaller *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (AnnotCaller, annot_caller_free)

/* Signal: `revoked` (AnnotIdentity *self, const char *jti, const char *account): a session has ended before its time;
 * its WebSockets are to be closed.
 * Signal: `tokens-changed` (AnnotIdentity *self, const char *account): API tokens of the account (%NULL: of any) may have
 * ended, or may do less; who goes on with one is to be checked again. */

AnnotIdentity *annot_identity_new (AnnotPipeline *pipeline);
/* Gets the signing secret (keyfile, environment, else made once and kept in the store) and the revoked sessions. After
 * the pipeline's start. Boolean. */
void annot_identity_start (AnnotIdentity *self, GCancellable *cancellable, GAsyncReadyCallback callback,
                           gpointer user_data);
gboolean annot_identity_start_finish (AnnotIdentity *self, GAsyncResult *result, GError **error);

/* Checks. A signed token needs no I/O, an API token may need the store (short cache). Pointer: AnnotCaller, with
 * account NULL when no credentials were given. ANNOT_ERROR_AUTH: credentials were given and are not good (401).
 * ANNOT_ERROR_STALE: CSRF token is missing or wrong (403). */
void annot_identity_check (AnnotIdentity *self, const AnnotCredentials *credentials, GCancellable *cancellable,
                           GAsyncReadyCallback callback, gpointer user_data);
AnnotCaller *annot_identity_check_finish (AnnotIdentity *self, GAsyncResult *result, GError **error);

/* Checks a caller anew who goes on for long. Boolean: whether he still is who he was, with one of those roles. */
void annot_identity_check_again (AnnotIdentity *self, const AnnotCaller *caller, AnnotRoles roles,
                                 GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data);
gboolean annot_identity_check_again_finish (AnnotIdentity *self, GAsyncResult *result, GError **error);

/* Checks name and password (constant time, not on the main loop, growing delay after failures by account and address)
 * and signs a token. Pointer: AnnotLogin; AUTH: wrong; TEMPORARY: locked out for now. */
typedef struct {
  char *access_token;
  AnnotRoles roles;
  gint64 expires_in; /* seconds */
} AnnotLogin;

void annot_login_free (AnnotLogin *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (AnnotLogin, annot_login_free)
void annot_identity_login (AnnotIdentity *self, const char *name, const char *password, const char *client,
                           GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data);
AnnotLogin *annot_identity_login_finish (AnnotIdentity *self, GAsyncResult *result, GError **error);
/* Seconds until this account may be tried again from this address: for Retry-After; 0 for now. */
gint64 annot_identity_get_login_delay (AnnotIdentity *self, const char *name, const char *client);
/* Hashes a new password, as costly as checking one. Pointer: char *, crypt(5) string; INVALID. */
void annot_identity_hash_password (AnnotIdentity *self, const char *password, GCancellable *cancellable,
                                   GAsyncReadyCallback callback, gpointer user_data);
char *annot_identity_hash_password_finish (AnnotIdentity *self, GAsyncResult *result, GError **error);
/* Ends a session here and everywhere (store, state). Boolean. */
void annot_identity_logout (AnnotIdentity *self, const char *session, GCancellable *cancellable,
                            GAsyncReadyCallback callback, gpointer user_data);
gboolean annot_identity_logout_finish (AnnotIdentity *self, GAsyncResult *result, GError **error);
/* The account was changed: its sessions are void here and everywhere, its API tokens are looked up anew. */
void annot_identity_forget_account (AnnotIdentity *self, const char *account);
/* Only API tokens of the account were removed; account NULL: of any account. */
void annot_identity_forget_tokens (AnnotIdentity *self, const char *account);
/* Returns: (transfer full): the CSRF token that belongs to a session (HMAC of its jti) */
char *annot_identity_csrf_token (AnnotIdentity *self, const char *session);

G_END_DECLS
