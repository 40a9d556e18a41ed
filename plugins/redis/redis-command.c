/* SPDX-License-Identifier: Apache-2.0 */
/* A call of the core as one command or script: sends it, and answers the task from the reply. */
#include "redis-command.h"

/* "EVALSHA", digest, number of keys */
#define SCRIPT_WORDS 3

typedef struct {
  RedisLink *link;
  GTask *task;
  RedisAnswer answer;
  const RedisScript *script; /* NULL: a plain command */
  guint keys;
  GStrv words; /* of the script */
} Call;

static Call *
call_new (RedisLink *link, GTask *task, RedisAnswer answer)
{
  Call *self = g_new0 (Call, 1);

  self->link = redis_link_ref (link);
  self->task = task;
  self->answer = answer;
  return self;
}

static void
call_free (Call *self)
{
  g_clear_object (&self->task);
  g_strfreev (self->words);
  redis_link_unref (self->link);
  g_free (self);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Call, call_free)

void
redis_answer_done (GTask *task, const redisReply *reply)
{
  g_task_return_boolean (task, TRUE);
}

static void run_script (Call *self, const char *command, const char *script, RedisReplyFunc handler);

static void
settle (Call *owned, const redisReply *reply, const GError *lost)
{
  g_autoptr (Call) self = owned;
  g_autoptr (GError) error = lost ? g_error_copy (lost) : NULL;
  gboolean read_only = reply && redis_reply_is_read_only (reply);

  if (reply && redis_reply_check (reply, &error)) {
    self->answer (self->task, reply);
    return;
  }
  g_task_return_error (self->task, g_error_copy (error));
  if (read_only)
    redis_link_distrust (self->link, error);
}

static void
on_reply (const redisReply *reply, const GError *error, gpointer user_data)
{
  settle (user_data, reply, error);
}

static void
on_script_reply (const redisReply *reply, const GError *error, gpointer user_data)
{
  Call *self = user_data;

  if (reply && redis_reply_is_error (reply, "NOSCRIPT"))
    run_script (self, "EVAL", self->script->text, on_reply);
  else
    settle (self, reply, error);
}

static void
send_words (Call *self, guint count, const char *const *words, const gsize *sizes, RedisReplyFunc handler)
{
  g_autoptr (GError) error = NULL;

  if (!redis_link_send (self->link, count, words, sizes, handler, self, &error))
    settle (self, NULL, error);
}

static void
run_script (Call *self, const char *command, const char *script, RedisReplyFunc handler)
{
  guint count = g_strv_length (self->words);
  g_autofree const char **words = g_new (const char *, SCRIPT_WORDS + count);
  g_autofree char *keys = g_strdup_printf ("%u", self->keys);

  words[0] = command;
  words[1] = script;
  words[2] = keys;
  for (guint i = 0; i < count; i++)
    words[SCRIPT_WORDS + i] = self->words[i];
  send_words (self, SCRIPT_WORDS + count, words, NULL, handler);
}

void
redis_command_run (RedisLink *link, GTask *task, RedisAnswer answer, guint count, const char *const *words,
                   const gsize *sizes)
{
  send_words (call_new (link, task, answer), count, words, sizes, on_reply);
}

void
redis_command_run_script (RedisLink *link, GTask *task, RedisAnswer answer, const RedisScript *script, guint keys,
                          GStrv words)
{
  Call *self = call_new (link, task, answer);

  self->script = script;
  self->keys = keys;
  self->words = words;
  run_script (self, "EVALSHA", script->digest, on_script_reply);
}
