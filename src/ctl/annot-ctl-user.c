/* SPDX-License-Identifier: Apache-2.0 */
/* annotationctl user: accounts. */
#include "annot-ctl-http.h"
#include "annot-ctl-output.h"

#include "model/annot-password.h"
#include "model/annot-time.h"

static const AnnotCtlColumn columns[] = {
  { "name", N_ ("NAME") }, { "roles", N_ ("ROLES") }, { "disabled", N_ ("DISABLED") }, { "created_at", N_ ("CREATED") },
  { NULL, NULL },
};

/* 0 and error when a name is not a role's. */
static AnnotRoles
parse_roles (char **names, GError **error)
{
  AnnotRoles roles = 0;

  for (char **name = names; name && *name; name++) {
    AnnotRoles role = annot_role_from_string (*name);

    if (role == 0) {
      g_autofree const char **known = annot_roles_to_strv (ANNOT_ROLES_ALL);
      g_autofree char *list = g_strjoinv (", ", (char **) known);

      g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_FAILED,
                   _ ("--role %s: there is no such role; the roles are %s"), *name, list);
      return 0;
    }
    roles |= role;
  }
  if (roles == 0)
    g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_FAILED,
                 _ ("--role is missing: annotator, producer, compliance_officer or admin"));
  return roles;
}

static JsonArray *
roles_to_json (AnnotRoles roles)
{
  g_autofree const char **names = annot_roles_to_strv (roles);
  JsonArray *array = json_array_new ();

  for (const char **name = names; *name; name++)
    json_array_add_string_element (array, *name);
  return array;
}

static char *
user_path (const char *name)
{
  g_autofree char *escaped = g_uri_escape_string (name, NULL, FALSE);

  return g_strconcat ("/api/v1/users/", escaped, NULL);
}

/* Reads the account, lets change() alter it, and writes it back; its sessions end. */
static gboolean
update_on_store (AnnotCtl *ctl, const char *name, void (*change) (AnnotAccount *account, gconstpointer data),
                 gconstpointer data, GError **error)
{
  AnnotStore *store = annot_ctl_open_store (ctl, error);
  g_autoptr (GAsyncResult) got = NULL;
  g_autoptr (GAsyncResult) put = NULL;
  g_autoptr (AnnotAccount) account = NULL;

  if (!store)
    return FALSE;
  annot_store_get_account (store, name, NULL, annot_ctl_done, &got);
  account = annot_store_get_account_finish (store, annot_ctl_wait (&got), error);
  if (!account)
    return FALSE;
  change (account, data);
  annot_store_update_account (store, account, NULL, annot_ctl_done, &put);
  return annot_store_update_account_finish (store, annot_ctl_wait (&put), error);
}

static gboolean
call_and_forget (AnnotCtl *ctl, const char *method, const char *path, JsonObject *body, GError **error)
{
  g_autoptr (JsonNode) answer = body ? annot_ctl_call_json (ctl, method, path, body, error)
                                     : annot_ctl_call (ctl, method, path, NULL, NULL, error);

  return answer != NULL;
}

static gboolean
add_on_store (AnnotCtl *ctl, const char *name, AnnotRoles roles, const char *password, GError **error)
{
  AnnotStore *store = annot_ctl_open_store (ctl, error);
  g_autoptr (AnnotAccount) account = annot_account_new (name, roles);
  g_autoptr (GAsyncResult) result = NULL;

  if (!store)
    return FALSE;
  account->password_hash = annot_password_hash (password, error);
  if (!account->password_hash)
    return FALSE;
  account->created_at = g_get_real_time ();
  annot_store_add_account (store, account, NULL, annot_ctl_done, &result);
  return annot_store_add_account_finish (store, annot_ctl_wait (&result), error);
}

static gboolean
run_add (AnnotCtl *ctl, int argc, char **argv, GError **error)
{
  g_auto (GStrv) names = NULL;
  gboolean from_stdin = FALSE;
  AnnotRoles roles;
  char *password;
  gboolean done;
  const GOptionEntry entries[] = {
    { "role", 'r', 0, G_OPTION_ARG_STRING_ARRAY, &names, N_ ("A role of the account, repeatable"), N_ ("ROLE") },
    { "password-stdin", 0, 0, G_OPTION_ARG_NONE, &from_stdin, N_ ("Read the password from standard input"), NULL },
    G_OPTION_ENTRY_NULL,
  };

  if (!annot_ctl_parse (annot_ctl_find (annot_ctl_user_commands, "add"), &argc, &argv, entries, _ ("NAME"), 1, 1,
                        error))
    return FALSE;
  roles = parse_roles (names, error);
  if (roles == 0 || !annot_account_name_check (argv[1], error))
    return FALSE;
  password = annot_ctl_read_password (from_stdin, error);
  if (!password)
    return FALSE;
  if (ctl->url) {
    JsonObject *body = json_object_new ();

    json_object_set_string_member (body, "name", argv[1]);
    json_object_set_string_member (body, "password", password);
    json_object_set_array_member (body, "roles", roles_to_json (roles));
    done = call_and_forget (ctl, "POST", "/api/v1/users", body, error);
  } else {
    done = add_on_store (ctl, argv[1], roles, password, error);
  }
  annot_secret_free (password);
  if (done)
    annot_ctl_say (ctl, _ ("Account %s can sign in now."), argv[1]);
  return done;
}

static JsonArray *
list_on_store (AnnotCtl *ctl, GError **error)
{
  AnnotStore *store = annot_ctl_open_store (ctl, error);
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GPtrArray) accounts = NULL;
  JsonArray *rows;

  if (!store)
    return NULL;
  annot_store_list_accounts (store, NULL, annot_ctl_done, &result);
  accounts = annot_store_list_accounts_finish (store, annot_ctl_wait (&result), error);
  if (!accounts)
    return NULL;
  rows = json_array_new ();
  for (guint i = 0; i < accounts->len; i++) {
    const AnnotAccount *account = g_ptr_array_index (accounts, i);
    JsonObject *row = json_object_new ();
    g_autofree char *created = annot_time_format (account->created_at);

    json_object_set_string_member (row, "name", account->name);
    json_object_set_array_member (row, "roles", roles_to_json (account->roles));
    json_object_set_boolean_member (row, "disabled", account->disabled);
    json_object_set_string_member (row, "created_at", created);
    json_array_add_object_element (rows, row);
  }
  return rows;
}

static gboolean
run_list (AnnotCtl *ctl, int argc, char **argv, GError **error)
{
  g_autoptr (JsonArray) rows = NULL;

  if (!annot_ctl_parse (annot_ctl_find (annot_ctl_user_commands, "list"), &argc, &argv, NULL, NULL, 0, 0, error))
    return FALSE;
  if (ctl->url) {
    g_autoptr (JsonNode) answer = annot_ctl_call (ctl, "GET", "/api/v1/users", NULL, NULL, error);

    rows = answer ? annot_ctl_get_rows (answer, "users") : NULL;
  } else {
    rows = list_on_store (ctl, error);
  }
  if (!rows)
    return FALSE;
  annot_ctl_print_rows (ctl, rows, columns);
  return TRUE;
}

static void
change_password (AnnotAccount *account, gconstpointer hash)
{
  g_free (account->password_hash);
  account->password_hash = g_strdup (hash);
}

static gboolean
run_passwd (AnnotCtl *ctl, int argc, char **argv, GError **error)
{
  gboolean from_stdin = FALSE;
  char *password;
  gboolean done;
  const GOptionEntry entries[] = {
    { "password-stdin", 0, 0, G_OPTION_ARG_NONE, &from_stdin, N_ ("Read the password from standard input"), NULL },
    G_OPTION_ENTRY_NULL,
  };

  if (!annot_ctl_parse (annot_ctl_find (annot_ctl_user_commands, "passwd"), &argc, &argv, entries, _ ("NAME"), 1, 1,
                        error))
    return FALSE;
  password = annot_ctl_read_password (from_stdin, error);
  if (!password)
    return FALSE;
  if (ctl->url) {
    JsonObject *body = json_object_new ();
    g_autofree char *path = user_path (argv[1]);

    json_object_set_string_member (body, "password", password);
    done = call_and_forget (ctl, "PATCH", path, body, error);
  } else {
    g_autofree char *hash = annot_password_hash (password, error);

    done = hash && update_on_store (ctl, argv[1], change_password, hash, error);
  }
  annot_secret_free (password);
  if (done)
    annot_ctl_say (ctl, _ ("Account %s has a new password; its sessions have ended."), argv[1]);
  return done;
}

static void
change_roles (AnnotAccount *account, gconstpointer roles)
{
  account->roles = *(const AnnotRoles *) roles;
}

static gboolean
run_roles (AnnotCtl *ctl, int argc, char **argv, GError **error)
{
  AnnotRoles roles;
  gboolean done;

  if (!annot_ctl_parse (annot_ctl_find (annot_ctl_user_commands, "roles"), &argc, &argv, NULL, _ ("NAME ROLE…"), 2, -1,
                        error))
    return FALSE;
  roles = parse_roles (argv + 2, error);
  if (roles == 0)
    return FALSE;
  if (ctl->url) {
    JsonObject *body = json_object_new ();
    g_autofree char *path = user_path (argv[1]);

    json_object_set_array_member (body, "roles", roles_to_json (roles));
    done = call_and_forget (ctl, "PATCH", path, body, error);
  } else {
    done = update_on_store (ctl, argv[1], change_roles, &roles, error);
  }
  if (done)
    annot_ctl_say (ctl, _ ("Account %s has new roles; its sessions have ended."), argv[1]);
  return done;
}

static void
change_disabled (AnnotAccount *account, gconstpointer disabled)
{
  account->disabled = *(const gboolean *) disabled;
}

static gboolean
set_disabled (AnnotCtl *ctl, const char *command, gboolean disabled, int argc, char **argv, GError **error)
{
  gboolean done;

  if (!annot_ctl_parse (annot_ctl_find (annot_ctl_user_commands, command), &argc, &argv, NULL, _ ("NAME"), 1, 1, error))
    return FALSE;
  if (ctl->url) {
    JsonObject *body = json_object_new ();
    g_autofree char *path = user_path (argv[1]);

    json_object_set_boolean_member (body, "disabled", disabled);
    done = call_and_forget (ctl, "PATCH", path, body, error);
  } else {
    done = update_on_store (ctl, argv[1], change_disabled, &disabled, error);
  }
  if (done && disabled)
    annot_ctl_say (ctl, _ ("Account %s is disabled; its sessions have ended."), argv[1]);
  else if (done)
    annot_ctl_say (ctl, _ ("Account %s can sign in again."), argv[1]);
  return done;
}

static gboolean
run_disable (AnnotCtl *ctl, int argc, char **argv, GError **error)
{
  return set_disabled (ctl, "disable", TRUE, argc, argv, error);
}

static gboolean
run_enable (AnnotCtl *ctl, int argc, char **argv, GError **error)
{
  return set_disabled (ctl, "enable", FALSE, argc, argv, error);
}

static gboolean
run_remove (AnnotCtl *ctl, int argc, char **argv, GError **error)
{
  gboolean done;

  if (!annot_ctl_parse (annot_ctl_find (annot_ctl_user_commands, "remove"), &argc, &argv, NULL, _ ("NAME"), 1, 1,
                        error))
    return FALSE;
  if (ctl->url) {
    g_autofree char *path = user_path (argv[1]);

    done = call_and_forget (ctl, "DELETE", path, NULL, error);
  } else {
    AnnotStore *store = annot_ctl_open_store (ctl, error);
    g_autoptr (GAsyncResult) result = NULL;

    if (!store)
      return FALSE;
    annot_store_remove_account (store, argv[1], NULL, annot_ctl_done, &result);
    done = annot_store_remove_account_finish (store, annot_ctl_wait (&result), error);
  }
  if (done)
    annot_ctl_say (ctl, _ ("Account %s is removed; what it labelled stays."), argv[1]);
  return done;
}

const AnnotCtlCommand annot_ctl_user_commands[] = {
  { "user", "add", N_ ("Make an account"), run_add },
  { "user", "list", N_ ("List accounts"), run_list },
  { "user", "passwd", N_ ("Set an account's password"), run_passwd },
  { "user", "roles", N_ ("Set an account's roles"), run_roles },
  { "user", "disable", N_ ("Forbid an account to sign in"), run_disable },
  { "user", "enable", N_ ("Allow it again"), run_enable },
  { "user", "remove", N_ ("Remove an account"), run_remove },
  { NULL, NULL, NULL, NULL },
};
