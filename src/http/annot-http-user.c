/* SPDX-License-Identifier: Apache-2.0 */
/* Accounts. */
#include "annot-answer.h"
#include "annot-http-server.h"
#include "annot-router.h"

#include "model/annot-password.h"

static AnnotStore *
store_of (AnnotRequest *request)
{
  return annot_pipeline_get_store (annot_request_get_pipeline (request));
}

static AnnotIdentity *
identity_of (AnnotRequest *request)
{
  return annot_http_server_get_identity (annot_request_get_server (request));
}

static void
append_account (GString *out, const AnnotAccount *account)
{
  annot_answer_text (out, "name", account->name);
  annot_answer_roles (out, "roles", account->roles);
  annot_answer_boolean (out, "disabled", account->disabled);
  annot_answer_boolean (out, "has_password", account->password_hash != NULL);
  annot_answer_time (out, "created_at", account->created_at);
}

static void
respond_account (AnnotRequest *request, guint status, const AnnotAccount *account)
{
  GString *out = g_string_new ("{");

  append_account (out, account);
  annot_answer_send (request, status, out);
}

static void
listed (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (AnnotRequest) request = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) accounts = annot_store_list_accounts_finish (ANNOT_STORE (source), result, &error);
  GString *out;
  guint i;

  if (!accounts) {
    annot_request_respond_error (request, error);
    return;
  }
  out = g_string_new ("{\"users\":[");
  for (i = 0; i < accounts->len; i++) {
    g_string_append (out, i > 0 ? ",{" : "{");
    append_account (out, g_ptr_array_index (accounts, i));
    g_string_append_c (out, '}');
  }
  g_string_append_c (out, ']');
  annot_answer_send (request, 200, out);
}

static void
list_users (AnnotRequest *request)
{
  annot_store_list_accounts (store_of (request), annot_request_get_cancellable (request), listed,
                             annot_request_ref (request));
}

static void
got_user (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (AnnotRequest) request = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (AnnotAccount) account = annot_store_get_account_finish (ANNOT_STORE (source), result, &error);

  if (account)
    respond_account (request, 200, account);
  else
    annot_request_respond_error (request, error);
}

static void
get_user (AnnotRequest *request)
{
  annot_store_get_account (store_of (request), annot_request_get_param (request, "name"),
                           annot_request_get_cancellable (request), got_user, annot_request_ref (request));
}

/* An account that is being made or changed. */
typedef struct {
  AnnotRequest *request;
  AnnotAccount *account;
  char *password; /* nullable: as it is */
  gboolean set_roles;
  AnnotRoles roles;
  gboolean set_disabled;
  gboolean disabled;
  gboolean is_new;
} Change;

static void
change_free (Change *self)
{
  g_clear_pointer (&self->request, annot_request_unref);
  g_clear_pointer (&self->account, annot_account_free);
  annot_secret_free (self->password);
  g_free (self);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Change, change_free)

static void
added (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (Change) self = user_data;
  g_autoptr (GError) error = NULL;

  if (!annot_store_add_account_finish (ANNOT_STORE (source), result, &error)) {
    annot_request_respond_error (self->request, error);
    return;
  }
  g_message ("Account %s was made by %s", self->account->name, annot_request_get_account (self->request));
  respond_account (self->request, 201, self->account);
}

static void
updated (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (Change) self = user_data;
  g_autoptr (GError) error = NULL;

  if (!annot_store_update_account_finish (ANNOT_STORE (source), result, &error)) {
    annot_request_respond_error (self->request, error);
    return;
  }
  annot_identity_forget_account (identity_of (self->request), self->account->name);
  g_message ("Account %s was changed by %s", self->account->name, annot_request_get_account (self->request));
  respond_account (self->request, 200, self->account);
}

/* Takes self. */
static void
write_account (Change *self)
{
  AnnotStore *store = store_of (self->request);

  if (self->set_roles)
    self->account->roles = self->roles;
  if (self->set_disabled)
    self->account->disabled = self->disabled;
  if (self->is_new)
    annot_store_add_account (store, self->account, NULL, added, self);
  else
    annot_store_update_account (store, self->account, NULL, updated, self);
}

static void
password_hashed (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (Change) self = user_data;
  g_autoptr (GError) error = NULL;
  char *hash = annot_identity_hash_password_finish (ANNOT_IDENTITY (source), result, &error);

  if (g_error_matches (error, ANNOT_ERROR, ANNOT_ERROR_INVALID)) {
    const char *message = error->message;
    g_autofree char *field = annot_error_split_field (error, &message);

    annot_answer_refuse (self->request, "password", message, "length");
  } else if (!hash) {
    annot_request_respond_error (self->request, error);
  } else {
    annot_secret_free (self->account->password_hash);
    self->account->password_hash = hash;
    write_account (g_steal_pointer (&self));
  }
}

/* Takes self. */
static void
hash_and_write (Change *self)
{
  if (self->password)
    annot_identity_hash_password (identity_of (self->request), self->password, NULL, password_hashed, self);
  else
    write_account (self);
}

static gboolean
read_change (Change *self, JsonObject *body)
{
  AnnotRequest *request = self->request;
  const char *password = NULL;

  self->set_roles = annot_body_has (body, "roles");
  self->set_disabled = annot_body_has (body, "disabled");
  if (!annot_body_get_text (request, body, "password", FALSE, &password)
      || !annot_body_get_roles (request, body, "roles", &self->roles)
      || !annot_body_get_boolean (request, body, "disabled", &self->disabled))
    return FALSE;
  self->password = g_strdup (password);
  return TRUE;
}

static void
post_user (AnnotRequest *request)
{
  g_autoptr (JsonObject) body = annot_request_dup_json (request);
  g_autoptr (Change) self = g_new0 (Change, 1);
  const char *name = NULL;

  self->request = annot_request_ref (request);
  self->is_new = TRUE;
  if (!body || !annot_body_get_text (request, body, "name", TRUE, &name) || !read_change (self, body))
    return;
  if (!annot_account_name_check (name, NULL)) {
    annot_answer_refuse (request, "name", "must be 1 to 64 letters, digits or . _ @ -", "format");
    return;
  }
  if (!self->set_roles) {
    annot_answer_refuse (request, "roles", "is required", "required");
    return;
  }
  self->account = annot_account_new (name, self->roles);
  self->account->created_at = g_get_real_time ();
  hash_and_write (g_steal_pointer (&self));
}

static void
got_for_change (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (Change) self = user_data;
  g_autoptr (GError) error = NULL;

  self->account = annot_store_get_account_finish (ANNOT_STORE (source), result, &error);
  if (self->account)
    hash_and_write (g_steal_pointer (&self));
  else
    annot_request_respond_error (self->request, error);
}

/* Who locks himself out leaves nobody to let him in again. FALSE: answered. */
static gboolean
check_not_self (AnnotRequest *request, gboolean would_lock_out)
{
  if (!would_lock_out || !g_str_equal (annot_request_get_param (request, "name"), annot_request_get_account (request)))
    return TRUE;
  annot_request_respond_problem (request, 409, "one's own account cannot be removed, disabled or lose the role admin",
                                 NULL);
  return FALSE;
}

static void
patch_user (AnnotRequest *request)
{
  g_autoptr (JsonObject) body = annot_request_dup_json (request);
  g_autoptr (Change) self = g_new0 (Change, 1);

  self->request = annot_request_ref (request);
  if (!body || !read_change (self, body)
      || !check_not_self (request, (self->set_disabled && self->disabled)
                                       || (self->set_roles && !(self->roles & ANNOT_ROLE_ADMIN))))
    return;
  annot_store_get_account (store_of (request), annot_request_get_param (request, "name"), NULL, got_for_change,
                           g_steal_pointer (&self));
}

static void
removed (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (AnnotRequest) request = user_data;
  g_autoptr (GError) error = NULL;
  const char *name = annot_request_get_param (request, "name");
  GString *out;

  if (!annot_store_remove_account_finish (ANNOT_STORE (source), result, &error)) {
    annot_request_respond_error (request, error);
    return;
  }
  annot_identity_forget_account (identity_of (request), name);
  g_message ("Account %s was removed by %s", name, annot_request_get_account (request));
  out = annot_answer_begin_success ("the account was removed");
  annot_answer_text (out, "deleted_id", name);
  annot_answer_send (request, 200, out);
}

static void
delete_user (AnnotRequest *request)
{
  if (check_not_self (request, TRUE))
    annot_store_remove_account (store_of (request), annot_request_get_param (request, "name"), NULL, removed,
                                annot_request_ref (request));
}

const AnnotRoute annot_user_routes[] = {
  { "GET", "/api/v1/users", ANNOT_ROLE_ADMIN, FALSE, ANNOT_RATE_DEFAULT, ANNOT_BODY_NONE, list_users,
    "List the accounts" },
  { "POST", "/api/v1/users", ANNOT_ROLE_ADMIN, FALSE, ANNOT_RATE_DEFAULT, ANNOT_BODY_SMALL, post_user,
    "Make an account" },
  { "GET", "/api/v1/users/{name}", ANNOT_ROLE_ADMIN, FALSE, ANNOT_RATE_DEFAULT, ANNOT_BODY_NONE, get_user,
    "Get an account" },
  { "PATCH", "/api/v1/users/{name}", ANNOT_ROLE_ADMIN, FALSE, ANNOT_RATE_DEFAULT, ANNOT_BODY_SMALL, patch_user,
    "Change password, roles or state of an account, which ends its sessions" },
  { "DELETE", "/api/v1/users/{name}", ANNOT_ROLE_ADMIN, FALSE, ANNOT_RATE_DEFAULT, ANNOT_BODY_SMALL, delete_user,
    "Remove an account, its tokens and its sessions" },
  { NULL, NULL, 0, FALSE, ANNOT_RATE_NONE, ANNOT_BODY_NONE, NULL, NULL },
};
