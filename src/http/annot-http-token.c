/* SPDX-License-Identifier: Apache-2.0 */
/* API tokens: one's own for everyone, all of them for an admin. */
#include "annot-answer.h"
#include "annot-http-server.h"
#include "annot-router.h"

#include "model/annot-password.h"
#include "model/annot-time.h"

#define LONGEST_DESCRIPTION 200
#define LONGEST_LIFE (10 * 365 * G_GINT64_CONSTANT (86400))

static AnnotStore *
store_of (AnnotRequest *request)
{
  return annot_pipeline_get_store (annot_request_get_pipeline (request));
}

static gboolean
is_admin (AnnotRequest *request)
{
  return (annot_request_get_roles (request) & ANNOT_ROLE_ADMIN) != 0;
}

static void
append_token (GString *out, const AnnotToken *token)
{
  annot_answer_text (out, "id", token->id);
  annot_answer_text (out, "account", token->account);
  annot_answer_text (out, "description", token->description);
  annot_answer_roles (out, "roles", token->roles);
  annot_answer_time (out, "created_at", token->created_at);
  annot_answer_time (out, "expires_at", token->expires_at);
}

static void
listed (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (AnnotRequest) request = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) tokens = annot_store_list_tokens_finish (ANNOT_STORE (source), result, &error);
  GString *out;
  guint i;

  if (!tokens) {
    annot_request_respond_error (request, error);
    return;
  }
  out = g_string_new ("{\"tokens\":[");
  for (i = 0; i < tokens->len; i++) {
    g_string_append (out, i > 0 ? ",{" : "{");
    append_token (out, g_ptr_array_index (tokens, i));
    g_string_append_c (out, '}');
  }
  g_string_append_c (out, ']');
  annot_answer_send (request, 200, out);
}

static void
list_tokens (AnnotRequest *request)
{
  const char *account = annot_request_get_query (request, "account");

  if (!is_admin (request))
    account = annot_request_get_account (request);
  annot_store_list_tokens (store_of (request), account, annot_request_get_cancellable (request), listed,
                           annot_request_ref (request));
}

/* A token that is being made. */
typedef struct {
  AnnotRequest *request;
  AnnotToken *token;
  char *secret;
  gboolean set_roles;
} Making;

static void
making_free (Making *self)
{
  g_clear_pointer (&self->request, annot_request_unref);
  g_clear_pointer (&self->token, annot_token_free);
  annot_secret_free (self->secret);
  g_free (self);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Making, making_free)

static void
added (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (Making) self = user_data;
  g_autoptr (GError) error = NULL;
  GString *out;

  if (!annot_store_add_token_finish (ANNOT_STORE (source), result, &error)) {
    annot_request_respond_error (self->request, error);
    return;
  }
  out = g_string_new ("{");
  append_token (out, self->token);
  annot_answer_text (out, "token", self->secret);
  annot_request_set_header (self->request, "Cache-Control", "no-store");
  annot_answer_send (self->request, 201, out);
}

/* Nobody makes a token that may do more than he, nor than its account. */
static void
account_found (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (Making) self = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (AnnotAccount) account = annot_store_get_account_finish (ANNOT_STORE (source), result, &error);
  AnnotRoles most;
  const AnnotToken *token = self->token;

  if (!account) {
    annot_request_respond_error (self->request, error);
    return;
  }
  most = account->roles;
  if (!is_admin (self->request))
    most &= annot_request_get_roles (self->request);
  if (!self->set_roles)
    self->token->roles = most;
  if (self->token->roles == 0 || (self->token->roles & ~most) != 0) {
    annot_answer_refuse (self->request, "roles", "must be among the roles of the account", "range");
    return;
  }
  annot_store_add_token (ANNOT_STORE (source), token, NULL, added, g_steal_pointer (&self));
}

static gboolean
read_body (Making *self, JsonObject *body)
{
  AnnotRequest *request = self->request;
  const char *account = annot_request_get_account (request);
  const char *description = "";
  const char *expires_at = NULL;
  gint64 life = 0;

  self->set_roles = annot_body_has (body, "roles");
  if (!annot_body_get_text (request, body, "account", FALSE, &account)
      || !annot_body_get_text (request, body, "description", FALSE, &description)
      || !annot_body_get_text (request, body, "expires_at", FALSE, &expires_at)
      || !annot_body_get_int (request, body, "expires_in", 1, LONGEST_LIFE, &life)
      || !annot_body_get_roles (request, body, "roles", &self->token->roles))
    return FALSE;
  if (g_utf8_strlen (description, -1) > LONGEST_DESCRIPTION) {
    annot_answer_refuse (request, "description", "may have 200 characters", "range");
    return FALSE;
  }
  if (life > 0)
    self->token->expires_at = g_get_real_time () + life * G_USEC_PER_SEC;
  if (expires_at
      && (!annot_time_parse (expires_at, -1, &self->token->expires_at)
          || self->token->expires_at <= g_get_real_time ())) {
    annot_answer_refuse (request, "expires_at", "must be a time to come as in RFC 3339", "format");
    return FALSE;
  }
  if (!is_admin (request) && !g_str_equal (account, annot_request_get_account (request))) {
    annot_request_respond_problem (request, 403, "only an admin makes tokens for others", NULL);
    return FALSE;
  }
  self->token->account = g_strdup (account);
  self->token->description = g_strdup (description);
  return TRUE;
}

static void
post_token (AnnotRequest *request)
{
  g_autoptr (JsonObject) body = NULL;
  g_autoptr (Making) self = g_new0 (Making, 1);
  AnnotToken *token;

  /* A token that leaked must not outlive itself by having made others. */
  if (!annot_request_get_session (request) && !is_admin (request)) {
    annot_request_respond_problem (request, 403, "sign in with a password to make tokens", NULL);
    return;
  }
  self->request = annot_request_ref (request);
  self->token = token = annot_token_new ();
  body
      = g_bytes_get_size (annot_request_get_body (request)) > 0 ? annot_request_dup_json (request) : json_object_new ();
  if (!body || !read_body (self, body))
    return;
  self->secret = annot_token_make ();
  token->id = annot_secret_random (9);
  token->hash = annot_token_digest (self->secret);
  token->created_at = g_get_real_time ();
  annot_store_get_account (store_of (request), token->account, annot_request_get_cancellable (request), account_found,
                           g_steal_pointer (&self));
}

static void
removed (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (AnnotRequest) request = user_data;
  g_autoptr (GError) error = NULL;
  AnnotIdentity *identity = annot_http_server_get_identity (annot_request_get_server (request));
  GString *out;

  if (!annot_store_remove_token_finish (ANNOT_STORE (source), result, &error)) {
    annot_request_respond_error (request, error);
    return;
  }
  annot_identity_forget_tokens (identity, is_admin (request) ? NULL : annot_request_get_account (request));
  out = annot_answer_begin_success ("the token was removed");
  annot_answer_text (out, "deleted_id", annot_request_get_param (request, "id"));
  annot_answer_send (request, 200, out);
}

static void
delete_token (AnnotRequest *request)
{
  annot_store_remove_token (store_of (request), annot_request_get_param (request, "id"),
                            is_admin (request) ? NULL : annot_request_get_account (request), NULL, removed,
                            annot_request_ref (request));
}

const AnnotRoute annot_token_routes[] = {
  { "GET", "/api/v1/tokens", 0, FALSE, ANNOT_RATE_DEFAULT, ANNOT_BODY_NONE, list_tokens,
    "List one's own API tokens (admin: all)" },
  { "POST", "/api/v1/tokens", 0, FALSE, ANNOT_RATE_DEFAULT, ANNOT_BODY_SMALL, post_token,
    "Make an API token, which is shown this once" },
  { "DELETE", "/api/v1/tokens/{id}", 0, FALSE, ANNOT_RATE_DEFAULT, ANNOT_BODY_SMALL, delete_token,
    "Revoke an API token" },
  { NULL, NULL, 0, FALSE, ANNOT_RATE_NONE, ANNOT_BODY_NONE, NULL, NULL },
};
