/* SPDX-License-Identifier: Apache-2.0 */
/* One call to the store on its way through the pool: its statements, what came of them, and whom to answer. */
#pragma once

#include "postgres-error.h"
#include "postgres-parameters.h"

G_BEGIN_DECLS

typedef struct _PostgresRequest PostgresRequest;

/**
 * PostgresOperation:
 * @before_commit: (nullable): fault point before the transaction is ended
 * @after_commit: (nullable): and after it was
 * @reading: changes nothing, so that it may be run again wherever it broke off, and cancelled while it runs
 * @answer: answers the task from the results
 * @recover: (nullable): answers the task from the error
 */
typedef struct {
  const char *before_commit;
  const char *after_commit;
  gboolean reading;
  void (*answer) (PostgresRequest *request, GTask *task);
  void (*recover) (PostgresRequest *request, GTask *task, const GError *error);
} PostgresOperation;

/* One statement of a request: a name of the .sql files, or a text of its own. */
typedef struct {
  const char *name;
  char *text;
  PostgresParameters *parameters;
} PostgresStatement;

/**
 * PostgresRequest:
 * @operation: what it is
 * @task: (owned): whom to answer; the arguments live as long as it does
 * @subject: (nullable): the operation's own, for @answer
 * @destroy: (nullable): frees @subject
 * @statements: (element-type PostgresStatement): run in order in one transaction
 * @results: (element-type PGresult): theirs, in order
 * @error: (nullable): why it failed
 * @state: the SQLSTATE of @error
 * @tries: how often it was sent
 * @wait_until: monotonic time until which it may wait for a connection
 * @answer_milliseconds: how long the server may say nothing while it is this one's turn; 0: the connection's own
 * @cancelled: the caller no longer wants the answer
 * @cancel_source: (nullable): watches the caller's cancellable
 */
struct _PostgresRequest {
  const PostgresOperation *operation;
  GTask *task;
  gpointer subject;
  GDestroyNotify destroy;
  GPtrArray *statements;
  GPtrArray *results;
  GError *error;
  PostgresState state;
  guint tries;
  gint64 wait_until;
  guint answer_milliseconds;
  gboolean cancelled;
  GSource *cancel_source;

  /* The connection's: how far it has been sent and answered. */
  guint next_statement;
  guint next_kind;
  GArray *kinds;
  gint64 head_since;
};

/* Takes over task. */
PostgresRequest *postgres_request_new (const PostgresOperation *operation, GTask *task);
/* Frees it without an answer. */
void postgres_request_free (PostgresRequest *self);
/* Each takes over its parameters. */
void postgres_request_add (PostgresRequest *self, const char *name, PostgresParameters *parameters);
void postgres_request_add_text (PostgresRequest *self, char *text_owned, PostgresParameters *parameters);
/* What answer() needs besides the results. */
void postgres_request_set_subject (PostgresRequest *self, gpointer subject, GDestroyNotify destroy);
/* Returns: (transfer none): the result of the statement with this number */
PGresult *postgres_request_get_result (PostgresRequest *self, guint i);
/* Whether its only row's only value is true. */
gboolean postgres_request_is_true (PostgresRequest *self);
/* Notes a failure; the first one counts. error is taken over. */
void postgres_request_fail (PostgresRequest *self, GError *error, const char *state);
/* Forgets what came of it, so that it can be sent again. */
void postgres_request_rewind (PostgresRequest *self);
/* Answers the task and frees the request. */
void postgres_request_answer (PostgresRequest *self);

G_END_DECLS
