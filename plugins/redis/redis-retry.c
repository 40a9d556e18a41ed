/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The retry schedule: a sorted set by due time, and one of what has been taken, by the time at which it is due again.
 * Times go over as spans from now, so that the clocks of the hosts need not agree.
 */
#include "redis-state.h"

#include "redis-keys.h"

static GStrvBuilder *
begin_words (RedisState *self)
{
  GStrvBuilder *words = g_strv_builder_new ();
  g_autofree char *processing = g_strconcat (self->settings->retry_key, REDIS_PROCESSING_SUFFIX, NULL);

  g_strv_builder_add_many (words, self->settings->retry_key, processing, NULL);
  return words;
}

static void
answer_added (GTask *task, const redisReply *reply)
{
  RedisState *self = g_task_get_source_object (task);

  if (reply->type == REDIS_REPLY_INTEGER && reply->integer == 1)
    g_task_return_boolean (task, TRUE);
  else
    g_task_return_new_error (task, ANNOT_ERROR, ANNOT_ERROR_TEMPORARY,
                             "redis: the retry schedule holds %u messages ([redis] retries)",
                             self->settings->retry_bound);
}

void
redis_state_add_retry (AnnotState *state, const char *id, gint64 due_at, GTask *task)
{
  RedisState *self = REDIS_STATE (state);
  g_autoptr (GStrvBuilder) words = begin_words (self);
  g_autofree char *left = g_strdup_printf ("%" G_GINT64_FORMAT, due_at - g_get_real_time ());
  g_autofree char *bound = g_strdup_printf ("%u", self->settings->retry_bound);

  g_strv_builder_add_many (words, id, left, bound, NULL);
  redis_state_run (self, REDIS_SCRIPT_RETRY_ADD, 2, g_strv_builder_end (words), answer_added, task);
}

static void
answer_taken (GTask *task, const redisReply *reply)
{
  GPtrArray *taken = g_ptr_array_new_with_free_func ((GDestroyNotify) annot_retry_free);
  gint64 now = g_get_real_time ();
  const redisReply *row = NULL;

  for (gsize i = 0; (row = redis_reply_element (reply, i)); i++) {
    g_autofree char *id = redis_reply_text (row, 0);

    if (id)
      g_ptr_array_add (taken, annot_retry_new (id, now - redis_reply_number (row, 1)));
  }
  g_task_return_pointer (task, taken, (GDestroyNotify) g_ptr_array_unref);
}

void
redis_state_take_retries (AnnotState *state, guint limit, guint visibility_seconds, GTask *task)
{
  RedisState *self = REDIS_STATE (state);
  g_autoptr (GStrvBuilder) words = begin_words (self);
  g_autofree char *most = g_strdup_printf ("%u", limit);
  g_autofree char *visible = g_strdup_printf ("%" G_GINT64_FORMAT, (gint64) visibility_seconds * G_USEC_PER_SEC);

  g_strv_builder_add_many (words, most, visible, NULL);
  redis_state_run (self, REDIS_SCRIPT_RETRY_TAKE, 2, g_strv_builder_end (words), answer_taken, task);
}

void
redis_state_confirm_retry (AnnotState *state, const char *id, GTask *task)
{
  RedisState *self = REDIS_STATE (state);
  g_autoptr (GStrvBuilder) words = begin_words (self);

  g_strv_builder_add (words, id);
  redis_state_run (self, REDIS_SCRIPT_RETRY_CONFIRM, 2, g_strv_builder_end (words), redis_answer_done, task);
}
