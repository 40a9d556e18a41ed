/* SPDX-License-Identifier: Apache-2.0 */
/* Accounts. */
#include "sqlite-operations.h"

static gboolean
add_account (SqliteConnection *connection, SqliteCall *call, GError **error)
{
  const AnnotAccount *account = call->subject;
  gint64 created_at = account->created_at ? account->created_at : g_get_real_time ();

  if (!sqlite_run (connection, error, "account-insert", "ttnni", account->name, account->password_hash,
                   (int) account->roles, (int) account->disabled, created_at))
    return FALSE;
  if (sqlite_changes (connection) > 0)
    return TRUE;
  g_set_error (error, ANNOT_ERROR, ANNOT_ERROR_EXISTS, "there is an account %s already", account->name);
  return FALSE;
}

const SqliteOperation sqlite_add_account = { .answer = SQLITE_ANSWER_BOOLEAN, .run = add_account };

static gboolean
refuse_unknown (const char *name, GError **error)
{
  g_set_error (error, ANNOT_ERROR, ANNOT_ERROR_NOT_FOUND, "no account %s", name);
  return FALSE;
}

/* What was signed in under the old password or roles ends with them. */
static gboolean
end_sessions (SqliteConnection *connection, const char *name, GError **error)
{
  g_autoptr (GPtrArray) sessions = sqlite_sessions_revoke_account (connection, name, error);

  return sessions != NULL;
}

static gboolean
update_account (SqliteConnection *connection, SqliteCall *call, GError **error)
{
  const AnnotAccount *account = call->subject;

  if (!sqlite_run (connection, error, "account-update", "ttnn", account->name, account->password_hash,
                   (int) account->roles, (int) account->disabled))
    return FALSE;
  if (sqlite_changes (connection) == 0)
    return refuse_unknown (account->name, error);
  return end_sessions (connection, account->name, error);
}

const SqliteOperation sqlite_update_account = { .answer = SQLITE_ANSWER_BOOLEAN, .run = update_account };

static gboolean
remove_account (SqliteConnection *connection, SqliteCall *call, GError **error)
{
  if (!sqlite_run (connection, error, "account-delete", "t", call->id))
    return FALSE;
  if (sqlite_changes (connection) == 0)
    return refuse_unknown (call->id, error);
  return end_sessions (connection, call->id, error);
}

const SqliteOperation sqlite_remove_account = { .answer = SQLITE_ANSWER_BOOLEAN, .run = remove_account };

static AnnotAccount *
read_account (SqliteStatement *row)
{
  AnnotAccount *account
      = annot_account_new ((const char *) sqlite3_column_text (row, 0), (AnnotRoles) sqlite3_column_int (row, 2));

  account->password_hash = sqlite_column_dup (row, 1);
  account->disabled = sqlite3_column_int (row, 3) != 0;
  account->created_at = sqlite3_column_int64 (row, 4);
  return account;
}

static gboolean
get_account (SqliteConnection *connection, SqliteCall *call, GError **error)
{
  g_autoptr (SqliteStatement) row = sqlite_query (connection, error, "account-get", "t", call->id);
  int step = row ? sqlite_step (connection, row, error) : -1;

  if (step < 0)
    return FALSE;
  if (step == 0)
    return refuse_unknown (call->id, error);
  sqlite_call_give (call, read_account (row), (GDestroyNotify) annot_account_free);
  return TRUE;
}

const SqliteOperation sqlite_get_account = { .answer = SQLITE_ANSWER_POINTER, .run = get_account };

static gboolean
list_accounts (SqliteConnection *connection, SqliteCall *call, GError **error)
{
  g_autoptr (GPtrArray) accounts = g_ptr_array_new_with_free_func ((GDestroyNotify) annot_account_free);
  g_autoptr (SqliteStatement) row = sqlite_query (connection, error, "account-list", "");
  int step = row ? sqlite_step (connection, row, error) : -1;

  for (; step > 0; step = sqlite_step (connection, row, error))
    g_ptr_array_add (accounts, read_account (row));
  if (step < 0)
    return FALSE;
  sqlite_call_give (call, g_steal_pointer (&accounts), (GDestroyNotify) g_ptr_array_unref);
  return TRUE;
}

const SqliteOperation sqlite_list_accounts = { .answer = SQLITE_ANSWER_POINTER, .run = list_accounts };
