/* SPDX-License-Identifier: Apache-2.0 */
/* Whether it can serve now: a write and a message on one connection, a PING on the other, each answered in time. */
#include "redis-state.h"

#include "redis-keys.h"

/* Who asks waits a second. */
#define PATIENCE_MILLISECONDS 800
/* The key goes by itself once nobody asks any more. */
#define KEPT_MILLISECONDS "60000"

/* Lives until both have answered, which is after it has itself when they are late. */
typedef struct {
  grefcount refs;
  GTask *task; /* NULL once answered */
  GSource *patience;
  gint64 asked_at;
  guint waiting;
  char *error; /* the first */
} Check;

static void
check_unref (Check *self)
{
  if (!g_ref_count_dec (&self->refs))
    return;
  g_free (self->error);
  g_free (self);
}

static JsonObject *
describe (RedisState *self, Check *check)
{
  JsonObject *details = json_object_new ();
  RedisLink *subscriptions = redis_subscriber_get_link (self->subscriber);
  g_autofree char *server = redis_link_describe (self->commands);

  json_object_set_string_member (details, "server", server);
  json_object_set_boolean_member (details, "connected", redis_link_is_up (self->commands));
  json_object_set_boolean_member (details, "subscribed", redis_subscriber_is_heard (self->subscriber));
  json_object_set_int_member (details, "subscriptions", redis_subscriber_get_size (self->subscriber));
  json_object_set_int_member (details, "reconnects",
                              redis_link_get_reconnects (self->commands) + redis_link_get_reconnects (subscriptions));
  json_object_set_int_member (details, "waiting_bytes", (gint64) redis_link_get_waiting (self->commands));
  if (check->error)
    json_object_set_string_member (details, "error", check->error);
  else
    json_object_set_int_member (details, "latency_microseconds", g_get_monotonic_time () - check->asked_at);
  return details;
}

static void
check_settle (Check *self)
{
  g_autoptr (GTask) task = g_steal_pointer (&self->task);
  RedisState *state = task ? g_task_get_source_object (task) : NULL;
  AnnotHealth *health = NULL;

  if (self->patience)
    g_source_destroy (self->patience);
  g_clear_pointer (&self->patience, g_source_unref);
  if (!task)
    return;
  if (state->commands) {
    health = annot_health_new (self->error == NULL, describe (state, self));
    g_task_return_pointer (task, health, (GDestroyNotify) annot_health_free);
  } else {
    g_task_return_new_error (task, ANNOT_ERROR, ANNOT_ERROR_NOT_CONNECTED, "redis: closed");
  }
}

static void
check_fail (Check *self, const char *error)
{
  if (!self->error)
    self->error = g_strdup (error);
}

static gboolean
on_impatient (gpointer user_data)
{
  Check *self = user_data;

  check_fail (self, "redis: no answer within 0.8 s");
  check_settle (self);
  return G_SOURCE_REMOVE;
}

static void
check_take (Check *self, const redisReply *reply, const GError *lost)
{
  g_autoptr (GError) refused = NULL;

  if (!reply)
    check_fail (self, lost->message);
  else if (!redis_reply_check (reply, &refused))
    check_fail (self, refused->message);
  if (--self->waiting == 0)
    check_settle (self);
}

static void
on_written (const redisReply *reply, const GError *lost, gpointer user_data)
{
  Check *self = user_data;
  g_autoptr (GTask) task = self->task ? g_object_ref (self->task) : NULL;
  RedisState *state = task ? g_task_get_source_object (task) : NULL;
  g_autoptr (GError) refused = NULL;

  check_take (self, reply, lost);
  check_unref (self);
  /* The first to notice, when nothing else is written. */
  if (state && state->commands && reply && redis_reply_is_read_only (reply) && !redis_reply_check (reply, &refused))
    redis_link_distrust (state->commands, refused);
}

static void
on_answered (const redisReply *reply, const GError *lost, gpointer user_data)
{
  check_take (user_data, reply, lost);
  check_unref (user_data);
}

static void
check_send (Check *self, RedisLink *link, guint count, const char *const *words, RedisReplyFunc handler)
{
  g_autoptr (GError) error = NULL;

  g_ref_count_inc (&self->refs);
  self->waiting++;
  if (!redis_link_send (link, count, words, NULL, handler, self, &error))
    handler (NULL, error, self);
}

void
redis_state_health (AnnotState *state, GTask *task)
{
  RedisState *self = REDIS_STATE (state);
  Check *check = g_new0 (Check, 1);
  g_autofree char *key = redis_state_key (self, REDIS_KEY_HEALTH, "");
  /* A server that is full, or cannot save, or has become a replica, still answers to PING. */
  const char *const set[] = { "SET", key, self->settings->instance, "PX", KEPT_MILLISECONDS };
  const char *const publish[] = { "PUBLISH", key, "" };
  static const char *const ping[] = { "PING" };

  g_ref_count_init (&check->refs);
  check->task = task;
  check->asked_at = g_get_monotonic_time ();
  check->waiting = 1;
  check->patience = g_timeout_source_new (PATIENCE_MILLISECONDS);
  g_source_set_callback (check->patience, on_impatient, check, NULL);
  g_source_attach (check->patience, g_task_get_context (task));
  check_send (check, self->commands, G_N_ELEMENTS (set), set, on_written);
  check_send (check, self->commands, G_N_ELEMENTS (publish), publish, on_answered);
  check_send (check, redis_subscriber_get_link (self->subscriber), G_N_ELEMENTS (ping), ping, on_answered);
  if (--check->waiting == 0)
    check_settle (check);
  check_unref (check);
}
