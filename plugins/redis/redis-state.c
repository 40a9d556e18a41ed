/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The state that all instances share, in a Redis server. Everything happens on the main context. There are two
 * connections, each kept up by a link of its own: one for commands, one for subscriptions. While they are away every
 * call fails at once, and the core goes on without; nothing that is kept here is the only copy of anything.
 */
#include "redis-state.h"

#include <string.h>

G_DEFINE_FINAL_TYPE (RedisState, redis_state, ANNOT_TYPE_STATE)

static gboolean
redis_state_configure (AnnotState *state, AnnotConfig *config, GError **error)
{
  RedisState *self = REDIS_STATE (state);

  g_clear_pointer (&self->settings, redis_settings_free);
  self->settings = redis_settings_load (config, error);
  return self->settings != NULL;
}

void
redis_state_run (RedisState *self, RedisScriptId script, guint keys, GStrv words, RedisAnswer answer, GTask *task)
{
  redis_command_run_script (self->commands, task, answer, redis_scripts_get (self->scripts, script), keys, words);
}

char *
redis_state_key (RedisState *self, const char *kind, const char *id)
{
  return g_strconcat (self->settings->prefix, kind, id, NULL);
}

static void
redis_state_publish (AnnotState *state, const char *channel, GBytes *data, GTask *task)
{
  RedisState *self = REDIS_STATE (state);
  g_autofree char *name = redis_settings_key (self->settings, channel);
  gsize size = 0;
  const char *text = g_bytes_get_data (data, &size);
  const char *words[] = { "PUBLISH", name, text ? text : "" };
  const gsize sizes[] = { strlen (words[0]), strlen (name), size };

  if (size > self->settings->message_limit) {
    g_task_return_new_error (task, ANNOT_ERROR, ANNOT_ERROR_PERMANENT,
                             "redis: a message of %" G_GSIZE_FORMAT " bytes is larger than [redis] message-limit",
                             size);
    g_object_unref (task);
    return;
  }
  redis_command_run (self->commands, task, redis_answer_done, G_N_ELEMENTS (words), words, sizes);
}

static void
redis_state_subscribe (AnnotState *state, const char *channel, GTask *task)
{
  redis_subscriber_add (REDIS_STATE (state)->subscriber, channel, task);
}

static void
redis_state_finalize (GObject *object)
{
  RedisState *self = REDIS_STATE (object);

  redis_state_stop (self);
  redis_scripts_free (self->scripts);
  g_clear_pointer (&self->settings, redis_settings_free);
  G_OBJECT_CLASS (redis_state_parent_class)->finalize (object);
}

static void
redis_state_class_init (RedisStateClass *klass)
{
  AnnotStateClass *state_class = ANNOT_STATE_CLASS (klass);

  G_OBJECT_CLASS (klass)->finalize = redis_state_finalize;
  state_class->configure = redis_state_configure;
  state_class->open = redis_state_open;
  state_class->close = redis_state_close;
  state_class->health = redis_state_health;
  state_class->publish = redis_state_publish;
  state_class->subscribe = redis_state_subscribe;
  state_class->announce = redis_state_announce;
  state_class->withdraw = redis_state_withdraw;
  state_class->list_instances = redis_state_list_instances;
  state_class->add_retry = redis_state_add_retry;
  state_class->take_retries = redis_state_take_retries;
  state_class->confirm_retry = redis_state_confirm_retry;
  state_class->take_rate = redis_state_take_rate;
  state_class->revoke = redis_state_revoke;
}

static void
redis_state_init (RedisState *self)
{
  self->scripts = redis_scripts_new ();
}
