/* SPDX-License-Identifier: Apache-2.0 */
/* API tokens, sessions and secrets. */
#include "postgres-operations.h"
#include "postgres-result.h"

static void
answer_add_token (PostgresRequest *request, GTask *task)
{
  const AnnotToken *token = request->subject;
  const char *outcome = PQgetvalue (postgres_request_get_result (request, 0), 0, 0);

  if (g_str_equal (outcome, "unknown"))
    g_task_return_new_error (task, ANNOT_ERROR, ANNOT_ERROR_NOT_FOUND, "no account %s", token->account);
  else if (g_str_equal (outcome, "exists"))
    g_task_return_new_error (task, ANNOT_ERROR, ANNOT_ERROR_EXISTS, "there is a token %s already", token->id);
  else
    g_task_return_boolean (task, TRUE);
}

static const PostgresOperation add_token = { .answer = answer_add_token };

void
postgres_add_token (PostgresPool *pool, const AnnotToken *token, GTask *task)
{
  PostgresRequest *request = postgres_request_new (&add_token, task);

  postgres_request_set_subject (request, (gpointer) token, NULL);
  postgres_request_add (request, "token-insert",
                        postgres_parameters_new ("ttttnii", token->id, token->account, token->description, token->hash,
                                                 (int) token->roles, token->created_at, token->expires_at));
  postgres_pool_push (pool, POSTGRES_WORK, request);
}

static void
answer_remove_token (PostgresRequest *request, GTask *task)
{
  if (postgres_request_is_true (request))
    g_task_return_boolean (task, TRUE);
  else
    g_task_return_new_error (task, ANNOT_ERROR, ANNOT_ERROR_NOT_FOUND, "no token %s", (const char *) request->subject);
}

static const PostgresOperation remove_token = { .answer = answer_remove_token };

void
postgres_remove_token (PostgresPool *pool, const char *id, const char *account, GTask *task)
{
  PostgresRequest *request = postgres_request_new (&remove_token, task);

  postgres_request_set_subject (request, (gpointer) id, NULL);
  postgres_request_add (request, "token-delete", postgres_parameters_new ("tt", id, account));
  postgres_pool_push (pool, POSTGRES_WORK, request);
}

/* A row of {token-columns}. */
static AnnotToken *
read_token (const PGresult *result, int row)
{
  AnnotToken *token = annot_token_new ();

  token->id = postgres_result_text (result, row, 0);
  token->account = postgres_result_text (result, row, 1);
  token->description = postgres_result_text (result, row, 2);
  token->hash = postgres_result_text (result, row, 3);
  token->roles = (AnnotRoles) postgres_result_integer (result, row, 4);
  token->created_at = postgres_result_integer (result, row, 5);
  token->expires_at = postgres_result_integer (result, row, 6);
  return token;
}

static void
answer_find_token (PostgresRequest *request, GTask *task)
{
  const PGresult *result = postgres_request_get_result (request, 0);

  if (PQntuples (result) == 0)
    g_task_return_new_error (task, ANNOT_ERROR, ANNOT_ERROR_NOT_FOUND, "no such token");
  else
    g_task_return_pointer (task, read_token (result, 0), (GDestroyNotify) annot_token_free);
}

static const PostgresOperation find_token = { .reading = TRUE, .answer = answer_find_token };

void
postgres_find_token (PostgresPool *pool, const char *hash, GTask *task)
{
  PostgresRequest *request = postgres_request_new (&find_token, task);

  postgres_request_add (request, "token-find", postgres_parameters_new ("t", hash));
  postgres_pool_push (pool, POSTGRES_WORK, request);
}

static void
answer_tokens (PostgresRequest *request, GTask *task)
{
  const PGresult *result = postgres_request_get_result (request, 0);
  GPtrArray *tokens = g_ptr_array_new_with_free_func ((GDestroyNotify) annot_token_free);

  for (int row = 0; row < PQntuples (result); row++)
    g_ptr_array_add (tokens, read_token (result, row));
  g_task_return_pointer (task, tokens, (GDestroyNotify) g_ptr_array_unref);
}

static const PostgresOperation list_tokens = { .reading = TRUE, .answer = answer_tokens };

void
postgres_list_tokens (PostgresPool *pool, const char *account, GTask *task)
{
  PostgresRequest *request = postgres_request_new (&list_tokens, task);

  postgres_request_add (request, "token-list", postgres_parameters_new ("t", account));
  postgres_pool_push (pool, POSTGRES_WORK, request);
}

static void
answer_add_session (PostgresRequest *request, GTask *task)
{
  g_task_return_boolean (task, TRUE);
}

static const PostgresOperation add_session = { .answer = answer_add_session };

void
postgres_add_session (PostgresPool *pool, const AnnotSession *session, GTask *task)
{
  PostgresRequest *request = postgres_request_new (&add_session, task);

  postgres_request_add (request, "session-insert",
                        postgres_parameters_new ("ttii", session->jti, session->account, session->expires_at,
                                                 (gint64) POSTGRES_SESSION_GRACE));
  postgres_pool_push (pool, POSTGRES_WORK, request);
}

/* Rows of {session-columns}. */
static void
answer_sessions (PostgresRequest *request, GTask *task)
{
  const PGresult *result = postgres_request_get_result (request, 0);
  GPtrArray *sessions = g_ptr_array_new_with_free_func ((GDestroyNotify) annot_session_free);

  for (int row = 0; row < PQntuples (result); row++) {
    AnnotSession *session = annot_session_new (PQgetvalue (result, row, 0), PQgetvalue (result, row, 1),
                                               postgres_result_integer (result, row, 2));

    session->revoked = postgres_result_integer (result, row, 3) != 0;
    g_ptr_array_add (sessions, session);
  }
  g_task_return_pointer (task, sessions, (GDestroyNotify) g_ptr_array_unref);
}

static const PostgresOperation revoke_sessions = { .answer = answer_sessions };
static const PostgresOperation list_revoked = { .reading = TRUE, .answer = answer_sessions };

void
postgres_revoke_sessions (PostgresPool *pool, const char *jti, const char *account, GTask *task)
{
  PostgresRequest *request = postgres_request_new (&revoke_sessions, task);

  postgres_request_add (request, "sessions-revoke", postgres_parameters_new ("tt", jti, account));
  postgres_pool_push (pool, POSTGRES_WORK, request);
}

void
postgres_list_revoked (PostgresPool *pool, GTask *task)
{
  PostgresRequest *request = postgres_request_new (&list_revoked, task);

  postgres_request_add (request, "sessions-revoked", postgres_parameters_new (""));
  postgres_pool_push (pool, POSTGRES_WORK, request);
}

static void
answer_secret (PostgresRequest *request, GTask *task)
{
  char *secret = postgres_result_text (postgres_request_get_result (request, 0), 0, 0);

  if (secret)
    g_task_return_pointer (task, secret, g_free);
  else
    g_task_return_new_error (task, ANNOT_ERROR, ANNOT_ERROR_NOT_FOUND, "no secret %s", (const char *) request->subject);
}

static const PostgresOperation get_secret = { .answer = answer_secret };

void
postgres_get_secret (PostgresPool *pool, const char *name, const char *proposed, GTask *task)
{
  PostgresRequest *request = postgres_request_new (&get_secret, task);

  postgres_request_set_subject (request, (gpointer) name, NULL);
  postgres_request_add (request, "secret-get", postgres_parameters_new ("tt", name, proposed));
  postgres_pool_push (pool, POSTGRES_WORK, request);
}
