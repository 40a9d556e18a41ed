/* SPDX-License-Identifier: Apache-2.0 */
/* Accounts. */
#include "postgres-operations.h"
#include "postgres-result.h"

static void
answer_add (PostgresRequest *request, GTask *task)
{
  if (postgres_request_is_true (request))
    g_task_return_boolean (task, TRUE);
  else
    g_task_return_new_error (task, ANNOT_ERROR, ANNOT_ERROR_EXISTS, "there is an account %s already",
                             (const char *) request->subject);
}

static const PostgresOperation add_account = { .answer = answer_add };

void
postgres_add_account (PostgresPool *pool, const AnnotAccount *account, GTask *task)
{
  PostgresRequest *request = postgres_request_new (&add_account, task);

  postgres_request_set_subject (request, account->name, NULL);
  postgres_request_add (request, "account-insert",
                        postgres_parameters_new ("ttnfi", account->name, account->password_hash, (int) account->roles,
                                                 account->disabled, account->created_at));
  postgres_pool_push (pool, POSTGRES_WORK, request);
}

static void
refuse_unknown (GTask *task, const char *name)
{
  g_task_return_new_error (task, ANNOT_ERROR, ANNOT_ERROR_NOT_FOUND, "no account %s", name);
}

static void
answer_change (PostgresRequest *request, GTask *task)
{
  if (postgres_request_is_true (request))
    g_task_return_boolean (task, TRUE);
  else
    refuse_unknown (task, request->subject);
}

static const PostgresOperation change_account = { .answer = answer_change };

void
postgres_update_account (PostgresPool *pool, const AnnotAccount *account, GTask *task)
{
  PostgresRequest *request = postgres_request_new (&change_account, task);

  postgres_request_set_subject (request, account->name, NULL);
  postgres_request_add (
      request, "account-update",
      postgres_parameters_new ("ttnf", account->name, account->password_hash, (int) account->roles, account->disabled));
  postgres_pool_push (pool, POSTGRES_WORK, request);
}

void
postgres_remove_account (PostgresPool *pool, const char *name, GTask *task)
{
  PostgresRequest *request = postgres_request_new (&change_account, task);

  postgres_request_set_subject (request, (gpointer) name, NULL);
  postgres_request_add (request, "account-remove", postgres_parameters_new ("t", name));
  postgres_pool_push (pool, POSTGRES_WORK, request);
}

/* A row of {account-columns}. */
static AnnotAccount *
read_account (const PGresult *result, int row)
{
  AnnotAccount *account
      = annot_account_new (PQgetvalue (result, row, 0), (AnnotRoles) postgres_result_integer (result, row, 2));

  account->password_hash = postgres_result_text (result, row, 1);
  account->disabled = postgres_result_integer (result, row, 3) != 0;
  account->created_at = postgres_result_integer (result, row, 4);
  return account;
}

static void
answer_account (PostgresRequest *request, GTask *task)
{
  const PGresult *result = postgres_request_get_result (request, 0);

  if (PQntuples (result) == 0)
    refuse_unknown (task, request->subject);
  else
    g_task_return_pointer (task, read_account (result, 0), (GDestroyNotify) annot_account_free);
}

static const PostgresOperation get_account = { .reading = TRUE, .answer = answer_account };

void
postgres_get_account (PostgresPool *pool, const char *name, GTask *task)
{
  PostgresRequest *request = postgres_request_new (&get_account, task);

  postgres_request_set_subject (request, (gpointer) name, NULL);
  postgres_request_add (request, "account-get", postgres_parameters_new ("t", name));
  postgres_pool_push (pool, POSTGRES_WORK, request);
}

static void
answer_accounts (PostgresRequest *request, GTask *task)
{
  const PGresult *result = postgres_request_get_result (request, 0);
  GPtrArray *accounts = g_ptr_array_new_with_free_func ((GDestroyNotify) annot_account_free);

  for (int row = 0; row < PQntuples (result); row++)
    g_ptr_array_add (accounts, read_account (result, row));
  g_task_return_pointer (task, accounts, (GDestroyNotify) g_ptr_array_unref);
}

static const PostgresOperation list_accounts = { .reading = TRUE, .answer = answer_accounts };

void
postgres_list_accounts (PostgresPool *pool, GTask *task)
{
  PostgresRequest *request = postgres_request_new (&list_accounts, task);

  postgres_request_add (request, "account-list", postgres_parameters_new (""));
  postgres_pool_push (pool, POSTGRES_WORK, request);
}
