/* SPDX-License-Identifier: Apache-2.0 */
/* Rate limits shared by all instances, and the marks of revoked tokens. */
#include "redis-state.h"

#include "redis-keys.h"

static void
answer_verdict (GTask *task, const redisReply *reply)
{
  AnnotRateVerdict verdict = { 0 };

  if (reply->type != REDIS_REPLY_ARRAY || reply->elements != 4) {
    g_task_return_error (task, redis_reply_unexpected ("a rate limit"));
    return;
  }
  verdict.allowed = redis_reply_number (reply, 0) != 0;
  verdict.remaining = (guint) CLAMP (redis_reply_number (reply, 1), 0, G_MAXUINT32);
  verdict.retry_after = redis_reply_number (reply, 2);
  verdict.reset_after = redis_reply_number (reply, 3);
  g_task_return_pointer (task, g_memdup2 (&verdict, sizeof verdict), g_free);
}

void
redis_state_take_rate (AnnotState *state, const char *key, AnnotRate rate, guint count, GTask *task_owned)
{
  RedisState *self = REDIS_STATE (state);
  g_autoptr (GTask) task = task_owned;
  g_autoptr (GStrvBuilder) words = g_strv_builder_new ();
  g_autofree char *bucket = redis_state_key (self, REDIS_KEY_RATE, key);
  g_autofree char *burst = g_strdup_printf ("%u", rate.count);
  g_autofree char *period = g_strdup_printf ("%" G_GINT64_FORMAT, rate.period);
  g_autofree char *wanted = g_strdup_printf ("%u", count);
  AnnotRateVerdict none = { .allowed = FALSE, .retry_after = MAX (rate.period, 1), .reset_after = rate.period };

  /* Nothing at all is allowed, which no bucket has to be asked for. */
  if (rate.count == 0) {
    g_task_return_pointer (task, g_memdup2 (&none, sizeof none), g_free);
    return;
  }
  g_strv_builder_add_many (words, bucket, burst, period, wanted, NULL);
  redis_state_run (self, REDIS_SCRIPT_RATE_TAKE, 1, g_strv_builder_end (words), answer_verdict,
                   g_steal_pointer (&task));
}

void
redis_state_revoke (AnnotState *state, const char *jti, gint64 until, GTask *task_owned)
{
  RedisState *self = REDIS_STATE (state);
  g_autoptr (GTask) task = task_owned;
  g_autofree char *key = redis_state_key (self, REDIS_KEY_REVOKED, jti);
  gint64 left = (until - g_get_real_time () + 999) / 1000;
  g_autofree char *milliseconds = g_strdup_printf ("%" G_GINT64_FORMAT, left);
  const char *words[] = { "SET", key, "1", "PX", milliseconds };

  if (left <= 0) {
    g_task_return_boolean (task, TRUE);
    return;
  }
  redis_command_run (self->commands, g_steal_pointer (&task), redis_answer_done, G_N_ELEMENTS (words), words, NULL);
}
