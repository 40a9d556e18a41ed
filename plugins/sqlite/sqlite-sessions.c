/* SPDX-License-Identifier: Apache-2.0 */
/* API tokens, sessions and secrets. */
#include "sqlite-operations.h"

/* Each new session takes so many ended ones with it: their number follows that of the living, however often people and
 * scripts sign in between two runs of retention. */
#define ENDED_WITH_NEW 2

/* Rows of a token or session as they are read. */
typedef gpointer (*ReadRow) (SqliteStatement *row);

/* Takes over statement. Returns: (transfer full) (nullable): all its rows */
static GPtrArray *
read_all (SqliteConnection *connection, SqliteStatement *statement, ReadRow read, GDestroyNotify destroy,
          GError **error)
{
  g_autoptr (GPtrArray) all = g_ptr_array_new_with_free_func (destroy);
  g_autoptr (SqliteStatement) row = statement;
  int step = row ? sqlite_step (connection, row, error) : -1;

  for (; step > 0; step = sqlite_step (connection, row, error))
    g_ptr_array_add (all, read (row));
  return step == 0 ? g_steal_pointer (&all) : NULL;
}

static gboolean
give_all (SqliteCall *call, GPtrArray *all)
{
  if (!all)
    return FALSE;
  sqlite_call_give (call, all, (GDestroyNotify) g_ptr_array_unref);
  return TRUE;
}

/* Whether there is such an account. */
static gboolean
check_account (SqliteConnection *connection, const char *name, GError **error)
{
  g_autoptr (SqliteStatement) row = sqlite_query (connection, error, "account-get", "t", name);
  int step = row ? sqlite_step (connection, row, error) : -1;

  if (step == 0)
    g_set_error (error, ANNOT_ERROR, ANNOT_ERROR_NOT_FOUND, "no account %s", name);
  return step > 0;
}

static gboolean
add_token (SqliteConnection *connection, SqliteCall *call, GError **error)
{
  const AnnotToken *token = call->subject;
  gint64 created_at = token->created_at ? token->created_at : g_get_real_time ();

  if (!check_account (connection, token->account, error)
      || !sqlite_run (connection, error, "token-insert", "ttttnii", token->id, token->account, token->description,
                      token->hash, (int) token->roles, created_at, token->expires_at))
    return FALSE;
  if (sqlite_changes (connection) > 0)
    return TRUE;
  g_set_error (error, ANNOT_ERROR, ANNOT_ERROR_EXISTS, "there is a token %s already", token->id);
  return FALSE;
}

const SqliteOperation sqlite_add_token = { .answer = SQLITE_ANSWER_BOOLEAN, .run = add_token };

static gboolean
remove_token (SqliteConnection *connection, SqliteCall *call, GError **error)
{
  if (!sqlite_run (connection, error, "token-delete", "tt", call->id, call->account))
    return FALSE;
  if (sqlite_changes (connection) > 0)
    return TRUE;
  g_set_error (error, ANNOT_ERROR, ANNOT_ERROR_NOT_FOUND, "no token %s", call->id);
  return FALSE;
}

const SqliteOperation sqlite_remove_token = { .answer = SQLITE_ANSWER_BOOLEAN, .run = remove_token };

static gpointer
read_token (SqliteStatement *row)
{
  AnnotToken *token = annot_token_new ();

  token->id = sqlite_column_dup (row, 0);
  token->account = sqlite_column_dup (row, 1);
  token->description = sqlite_column_dup (row, 2);
  token->hash = sqlite_column_dup (row, 3);
  token->roles = (AnnotRoles) sqlite3_column_int (row, 4);
  token->created_at = sqlite3_column_int64 (row, 5);
  token->expires_at = sqlite3_column_int64 (row, 6);
  return token;
}

static gboolean
find_token (SqliteConnection *connection, SqliteCall *call, GError **error)
{
  g_autoptr (SqliteStatement) row
      = sqlite_query (connection, error, "token-find", "ti", call->id, g_get_real_time ());
  int step = row ? sqlite_step (connection, row, error) : -1;

  if (step == 0)
    g_set_error (error, ANNOT_ERROR, ANNOT_ERROR_NOT_FOUND, "no such token");
  if (step <= 0)
    return FALSE;
  sqlite_call_give (call, read_token (row), (GDestroyNotify) annot_token_free);
  return TRUE;
}

const SqliteOperation sqlite_find_token = { .answer = SQLITE_ANSWER_POINTER, .run = find_token };

static gboolean
list_tokens (SqliteConnection *connection, SqliteCall *call, GError **error)
{
  return give_all (call, read_all (connection, sqlite_query (connection, error, "token-list", "t", call->account),
                                   read_token, (GDestroyNotify) annot_token_free, error));
}

const SqliteOperation sqlite_list_tokens = { .answer = SQLITE_ANSWER_POINTER, .run = list_tokens };

static gboolean
add_session (SqliteConnection *connection, SqliteCall *call, GError **error)
{
  const AnnotSession *session = call->subject;

  return sqlite_run (connection, error, "session-insert", "tti", session->jti, session->account, session->expires_at)
         && sqlite_run (connection, error, "sessions-expired-delete", "in",
                        g_get_real_time () - SQLITE_SESSION_GRACE, ENDED_WITH_NEW);
}

const SqliteOperation sqlite_add_session = { .answer = SQLITE_ANSWER_BOOLEAN, .run = add_session };

static gpointer
read_session (SqliteStatement *row)
{
  AnnotSession *session
      = annot_session_new ((const char *) sqlite3_column_text (row, 0), (const char *) sqlite3_column_text (row, 1),
                           sqlite3_column_int64 (row, 2));

  session->revoked = sqlite3_column_int (row, 3) != 0;
  return session;
}

GPtrArray *
sqlite_sessions_revoke_account (SqliteConnection *connection, const char *account, GError **error)
{
  SqliteStatement *statement
      = sqlite_query (connection, error, "sessions-revoke-account", "ti", account, g_get_real_time ());

  return read_all (connection, statement, read_session, (GDestroyNotify) annot_session_free, error);
}

static gboolean
revoke_sessions (SqliteConnection *connection, SqliteCall *call, GError **error)
{
  if (call->account)
    return give_all (call, sqlite_sessions_revoke_account (connection, call->account, error));
  return give_all (call, read_all (connection,
                                   sqlite_query (connection, error, "sessions-revoke-one", "ti", call->id,
                                                 g_get_real_time ()),
                                   read_session, (GDestroyNotify) annot_session_free, error));
}

const SqliteOperation sqlite_revoke_sessions = { .answer = SQLITE_ANSWER_POINTER, .run = revoke_sessions };

static gboolean
list_revoked (SqliteConnection *connection, SqliteCall *call, GError **error)
{
  return give_all (
      call, read_all (connection,
                      sqlite_query (connection, error, "sessions-revoked", "i", g_get_real_time ()),
                      read_session, (GDestroyNotify) annot_session_free, error));
}

const SqliteOperation sqlite_list_revoked = { .answer = SQLITE_ANSWER_POINTER, .run = list_revoked };

static gboolean
get_secret (SqliteConnection *connection, SqliteCall *call, GError **error)
{
  g_autoptr (SqliteStatement) row = NULL;
  int step;

  if (call->text && !sqlite_run (connection, error, "secret-insert", "tt", call->id, call->text))
    return FALSE;
  row = sqlite_query (connection, error, "secret-get", "t", call->id);
  step = row ? sqlite_step (connection, row, error) : -1;
  if (step == 0)
    g_set_error (error, ANNOT_ERROR, ANNOT_ERROR_NOT_FOUND, "no secret %s", call->id);
  if (step <= 0)
    return FALSE;
  sqlite_call_give (call, sqlite_column_dup (row, 0), g_free);
  return TRUE;
}

const SqliteOperation sqlite_get_secret = { .answer = SQLITE_ANSWER_POINTER, .run = get_secret };
