/* SPDX-License-Identifier: Apache-2.0 */
/* One call to the store on its way through the threads: what to do, with what, and what came of it. */
#pragma once

#include "sqlite-connection.h"

G_BEGIN_DECLS

typedef struct _SqliteCall SqliteCall;

typedef enum {
  SQLITE_ANSWER_BOOLEAN,
  SQLITE_ANSWER_INT,
  SQLITE_ANSWER_POINTER,
} SqliteAnswer;

/**
 * SqliteOperation:
 * @answer: what the task is answered with
 * @before_commit: (nullable): fault point before the commit of a transaction that holds such a call
 * @after_commit: (nullable): and after it
 * @truncate_log: what it deletes must not stay in the write-ahead log
 * @run: does it, in a transaction that is not its to end; gives its answer with sqlite_call_give()
 * @recover: (nullable): makes an answer of @error
 */
typedef struct {
  SqliteAnswer answer;
  const char *before_commit;
  const char *after_commit;
  gboolean truncate_log;
  gboolean (*run) (SqliteConnection *connection, SqliteCall *call, GError **error);
  void (*recover) (SqliteConnection *connection, SqliteCall *call, const GError *error);
} SqliteOperation;

/**
 * SqliteCall:
 * @operation: what to do
 * @task: (owned): whom to answer; the arguments live as long as it does
 * @id, @account, @text, @subject, @tokens, @outgoing, @count, @seconds, @flag, @age, @frames_age: the arguments,
 *  which of them is the operation's to say
 * @error: (nullable): why it failed
 * @pointer, @destroy, @number: the answer
 */
struct _SqliteCall {
  const SqliteOperation *operation;
  GTask *task;

  const char *id;
  const char *account;
  const char *text;
  gconstpointer subject;
  GArray *tokens;
  const AnnotOutgoing *outgoing;
  guint count;
  guint seconds;
  gboolean flag;
  gint64 age;
  gint64 frames_age;

  GError *error;
  gpointer pointer;
  GDestroyNotify destroy;
  gssize number;
};

/* Sets the answer. destroy frees pointer. */
void sqlite_call_give (SqliteCall *self, gpointer pointer, GDestroyNotify destroy);
/* Takes back an answer that did not become true. error is copied. */
void sqlite_call_fail (SqliteCall *self, const GError *error);
/* Lets the operation make an answer of its failure. */
void sqlite_call_recover (SqliteCall *self, SqliteConnection *connection);
/* Whether the caller has cancelled it. */
gboolean sqlite_call_is_cancelled (const SqliteCall *self, GError **error);
/* Answers the task and frees the call. In the thread that owns the task's context. */
void sqlite_call_answer (SqliteCall *self);
/* Frees a call that is never answered. */
void sqlite_call_free (SqliteCall *self);

G_END_DECLS
