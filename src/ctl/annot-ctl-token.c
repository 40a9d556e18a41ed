/* SPDX-License-Identifier: Apache-2.0 */
/* annotationctl token: API tokens for programs. */
#include "annot-ctl-http.h"
#include "annot-ctl-output.h"

#include "model/annot-password.h"
#include "model/annot-time.h"

static const AnnotCtlColumn columns[] = {
  { "id", N_ ("ID") },
  { "account", N_ ("ACCOUNT") },
  { "roles", N_ ("ROLES") },
  { "description", N_ ("DESCRIPTION") },
  { "created_at", N_ ("CREATED") },
  { "expires_at", N_ ("EXPIRES") },
  { NULL, NULL },
};

static AnnotRoles
roles_of_names (char **names, AnnotRoles all, GError **error)
{
  AnnotRoles roles = 0;

  if (!names)
    return all;
  for (char **name = names; *name; name++) {
    AnnotRoles role = annot_role_from_string (*name);

    if ((role & all) == 0) {
      g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_FAILED, _ ("--role %s: the account does not have that role"),
                   *name);
      return 0;
    }
    roles |= role;
  }
  return roles;
}

static gboolean
add_on_store (AnnotCtl *ctl, const char *account_name, const char *description, char **role_names, int days, char **id,
              char **secret, GError **error)
{
  AnnotStore *store = annot_ctl_open_store (ctl, error);
  g_autoptr (GAsyncResult) got = NULL;
  g_autoptr (GAsyncResult) put = NULL;
  g_autoptr (AnnotAccount) account = NULL;
  g_autoptr (AnnotToken) token = annot_token_new ();

  if (!store)
    return FALSE;
  annot_store_get_account (store, account_name, NULL, annot_ctl_done, &got);
  account = annot_store_get_account_finish (store, annot_ctl_wait (&got), error);
  if (!account)
    return FALSE;
  token->roles = roles_of_names (role_names, account->roles, error);
  if (token->roles == 0)
    return FALSE;
  *secret = annot_token_make ();
  token->id = annot_secret_random (9);
  token->account = g_strdup (account_name);
  token->description = g_strdup (description ? description : "");
  token->hash = annot_token_digest (*secret);
  token->created_at = g_get_real_time ();
  token->expires_at = days > 0 ? token->created_at + (gint64) days * 86400 * G_USEC_PER_SEC : 0;
  annot_store_add_token (store, token, NULL, annot_ctl_done, &put);
  *id = g_strdup (token->id);
  return annot_store_add_token_finish (store, annot_ctl_wait (&put), error);
}

static gboolean
add_over_http (AnnotCtl *ctl, const char *account, const char *description, char **role_names, int days, char **id,
               char **secret, GError **error)
{
  JsonObject *body = json_object_new ();
  g_autoptr (JsonNode) answer = NULL;
  JsonObject *object;

  json_object_set_string_member (body, "account", account);
  json_object_set_string_member (body, "description", description ? description : "");
  if (days > 0)
    json_object_set_int_member (body, "expires_in", (gint64) days * 86400);
  if (role_names) {
    JsonArray *roles = json_array_new ();

    for (char **name = role_names; *name; name++)
      json_array_add_string_element (roles, *name);
    json_object_set_array_member (body, "roles", roles);
  }
  answer = annot_ctl_call_json (ctl, "POST", "/api/v1/tokens", body, error);
  if (!answer)
    return FALSE;
  object = JSON_NODE_HOLDS_OBJECT (answer) ? json_node_get_object (answer) : NULL;
  *id = g_strdup (object ? json_object_get_string_member_with_default (object, "id", NULL) : NULL);
  *secret = g_strdup (object ? json_object_get_string_member_with_default (object, "token", NULL) : NULL);
  if (!*id || !*secret) {
    g_set_error (error, ANNOT_ERROR, ANNOT_ERROR_PERMANENT, _ ("%s did not answer with a token"), ctl->url);
    return FALSE;
  }
  return TRUE;
}

static gboolean
run_add (AnnotCtl *ctl, int argc, char **argv, GError **error)
{
  g_autofree char *description = NULL;
  g_auto (GStrv) roles = NULL;
  int days = 0;
  g_autofree char *id = NULL;
  char *secret = NULL;
  gboolean done;
  const GOptionEntry entries[] = {
    { "description", 'd', 0, G_OPTION_ARG_STRING, &description, N_ ("What it is for"), N_ ("TEXT") },
    { "role", 'r', 0, G_OPTION_ARG_STRING_ARRAY, &roles, N_ ("Only this role of the account, repeatable"),
      N_ ("ROLE") },
    { "days", 0, 0, G_OPTION_ARG_INT, &days, N_ ("Expires after so many days"), N_ ("N") },
    G_OPTION_ENTRY_NULL,
  };

  if (!annot_ctl_parse (annot_ctl_find (annot_ctl_token_commands, "add"), &argc, &argv, entries, _ ("ACCOUNT"), 1, 1,
                        error))
    return FALSE;
  if (days < 0 || days > 36500) {
    g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_FAILED, _ ("--days must be between 0 (never) and 36500"));
    return FALSE;
  }
  done = ctl->url ? add_over_http (ctl, argv[1], description, roles, days, &id, &secret, error)
                  : add_on_store (ctl, argv[1], description, roles, days, &id, &secret, error);
  if (done && ctl->json) {
    g_autoptr (JsonObject) object = json_object_new ();

    json_object_set_string_member (object, "id", id);
    json_object_set_string_member (object, "token", secret);
    annot_ctl_print_object (ctl, object);
  } else if (done) {
    g_print ("%s\n", secret);
    if (ctl->terminal)
      g_printerr (_ ("This is the only time it is shown. Its id, to revoke it: %s\n"), id);
  }
  if (secret)
    annot_secret_free (secret);
  return done;
}

static void
set_time (JsonObject *row, const char *name, gint64 time)
{
  g_autofree char *text = time > 0 ? annot_time_format (time) : NULL;

  if (text)
    json_object_set_string_member (row, name, text);
  else
    json_object_set_null_member (row, name);
}

static JsonArray *
list_on_store (AnnotCtl *ctl, const char *account, GError **error)
{
  AnnotStore *store = annot_ctl_open_store (ctl, error);
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GPtrArray) tokens = NULL;
  JsonArray *rows;

  if (!store)
    return NULL;
  annot_store_list_tokens (store, account, NULL, annot_ctl_done, &result);
  tokens = annot_store_list_tokens_finish (store, annot_ctl_wait (&result), error);
  if (!tokens)
    return NULL;
  rows = json_array_new ();
  for (guint i = 0; i < tokens->len; i++) {
    const AnnotToken *token = g_ptr_array_index (tokens, i);
    JsonObject *row = json_object_new ();
    JsonArray *roles = json_array_new ();
    g_autofree const char **names = annot_roles_to_strv (token->roles);

    for (const char **name = names; *name; name++)
      json_array_add_string_element (roles, *name);
    json_object_set_string_member (row, "id", token->id);
    json_object_set_string_member (row, "account", token->account);
    json_object_set_array_member (row, "roles", roles);
    json_object_set_string_member (row, "description", token->description);
    set_time (row, "created_at", token->created_at);
    set_time (row, "expires_at", token->expires_at);
    json_array_add_object_element (rows, row);
  }
  return rows;
}

static gboolean
run_list (AnnotCtl *ctl, int argc, char **argv, GError **error)
{
  g_autoptr (JsonArray) rows = NULL;

  if (!annot_ctl_parse (annot_ctl_find (annot_ctl_token_commands, "list"), &argc, &argv, NULL, _ ("[ACCOUNT]"), 0, 1,
                        error))
    return FALSE;
  if (ctl->url) {
    g_autofree char *account = argc > 1 ? g_uri_escape_string (argv[1], NULL, FALSE) : NULL;
    g_autofree char *path = g_strconcat ("/api/v1/tokens", account ? "?account=" : NULL, account, NULL);
    g_autoptr (JsonNode) answer = annot_ctl_call (ctl, "GET", path, NULL, NULL, error);

    rows = answer ? annot_ctl_get_rows (answer, "tokens") : NULL;
  } else {
    rows = list_on_store (ctl, argc > 1 ? argv[1] : NULL, error);
  }
  if (!rows)
    return FALSE;
  annot_ctl_print_rows (ctl, rows, columns);
  return TRUE;
}

static gboolean
run_revoke (AnnotCtl *ctl, int argc, char **argv, GError **error)
{
  gboolean done;

  if (!annot_ctl_parse (annot_ctl_find (annot_ctl_token_commands, "revoke"), &argc, &argv, NULL, _ ("ID"), 1, 1, error))
    return FALSE;
  if (ctl->url) {
    g_autofree char *id = g_uri_escape_string (argv[1], NULL, FALSE);
    g_autofree char *path = g_strconcat ("/api/v1/tokens/", id, NULL);
    g_autoptr (JsonNode) answer = annot_ctl_call (ctl, "DELETE", path, NULL, NULL, error);

    done = answer != NULL;
  } else {
    AnnotStore *store = annot_ctl_open_store (ctl, error);
    g_autoptr (GAsyncResult) result = NULL;

    if (!store)
      return FALSE;
    annot_store_remove_token (store, argv[1], NULL, NULL, annot_ctl_done, &result);
    done = annot_store_remove_token_finish (store, annot_ctl_wait (&result), error);
  }
  if (done)
    annot_ctl_say (ctl, _ ("Token %s is void."), argv[1]);
  return done;
}

const AnnotCtlCommand annot_ctl_token_commands[] = {
  { "token", "add", N_ ("Make an API token and print it, once"), run_add },
  { "token", "list", N_ ("List API tokens"), run_list },
  { "token", "revoke", N_ ("Make an API token void"), run_revoke },
  { NULL, NULL, NULL, NULL },
};
