/* SPDX-License-Identifier: Apache-2.0 */
/* Which instances live: a hash for each, an index by deadline, and the total that other programs read. */
#include "redis-state.h"

#include "redis-keys.h"

static char *
format_number (gint64 number)
{
  return g_strdup_printf ("%" G_GINT64_FORMAT, number);
}

void
redis_state_announce (AnnotState *state, const AnnotInstance *instance, guint deadline_seconds, GTask *task)
{
  RedisState *self = REDIS_STATE (state);
  g_autoptr (GStrvBuilder) words = g_strv_builder_new ();
  g_autofree char *index = redis_state_key (self, REDIS_KEY_INSTANCES, "");
  g_autofree char *prefix = redis_state_key (self, REDIS_KEY_INSTANCE, "");
  g_autofree char *own = redis_state_key (self, REDIS_KEY_INSTANCE, instance->id);
  g_autofree char *deadline = format_number (deadline_seconds);
  g_autofree char *started_at = format_number (instance->started_at);
  g_autofree char *connections = format_number (instance->connections);
  g_autofree char *partitions = format_number (instance->partitions);

  g_strv_builder_add_many (words, index, own, REDIS_KEY_TOTAL, instance->id, deadline, prefix, NULL);
  g_strv_builder_add_many (words, "host", instance->host ? instance->host : "", NULL);
  g_strv_builder_add_many (words, "version", instance->version ? instance->version : "", NULL);
  g_strv_builder_add_many (words, "started_at", started_at, "connections", connections, NULL);
  g_strv_builder_add_many (words, "partitions", partitions, NULL);
  redis_state_run (self, REDIS_SCRIPT_ANNOUNCE, 3, g_strv_builder_end (words), redis_answer_done, task);
}

void
redis_state_withdraw (AnnotState *state, const char *instance_id, GTask *task)
{
  RedisState *self = REDIS_STATE (state);
  g_autoptr (GStrvBuilder) words = g_strv_builder_new ();
  g_autofree char *index = redis_state_key (self, REDIS_KEY_INSTANCES, "");
  g_autofree char *prefix = redis_state_key (self, REDIS_KEY_INSTANCE, "");
  g_autofree char *own = redis_state_key (self, REDIS_KEY_INSTANCE, instance_id);

  g_strv_builder_add_many (words, index, own, REDIS_KEY_TOTAL, instance_id, prefix, NULL);
  redis_state_run (self, REDIS_SCRIPT_WITHDRAW, 3, g_strv_builder_end (words), redis_answer_done, task);
}

/* Returns: (transfer full) (nullable): NULL when it is not an instance of ours */
static AnnotInstance *
read_instance (const redisReply *row)
{
  g_autofree char *id = redis_reply_text (row, 0);
  g_autoptr (AnnotInstance) instance = id ? annot_instance_new (id) : NULL;

  if (!instance)
    return NULL;
  g_free (instance->host);
  instance->host = redis_reply_text (row, 1);
  g_free (instance->version);
  instance->version = redis_reply_text (row, 2);
  instance->started_at = redis_reply_number (row, 3);
  instance->connections = (guint) CLAMP (redis_reply_number (row, 4), 0, G_MAXINT32);
  instance->partitions = (guint) CLAMP (redis_reply_number (row, 5), 0, G_MAXINT32);
  return g_steal_pointer (&instance);
}

static int
compare_instances (gconstpointer a, gconstpointer b)
{
  const AnnotInstance *x = *(const AnnotInstance *const *) a;
  const AnnotInstance *y = *(const AnnotInstance *const *) b;

  if (x->started_at != y->started_at)
    return x->started_at < y->started_at ? -1 : 1;
  return g_strcmp0 (x->id, y->id);
}

static void
answer_instances (GTask *task, const redisReply *reply)
{
  GPtrArray *list = g_ptr_array_new_with_free_func ((GDestroyNotify) annot_instance_free);
  const redisReply *row = NULL;

  for (gsize i = 0; (row = redis_reply_element (reply, i)); i++) {
    AnnotInstance *instance = read_instance (row);

    if (instance)
      g_ptr_array_add (list, instance);
  }
  g_ptr_array_sort (list, compare_instances);
  g_task_return_pointer (task, list, (GDestroyNotify) g_ptr_array_unref);
}

void
redis_state_list_instances (AnnotState *state, GTask *task)
{
  RedisState *self = REDIS_STATE (state);
  g_autoptr (GStrvBuilder) words = g_strv_builder_new ();
  g_autofree char *index = redis_state_key (self, REDIS_KEY_INSTANCES, "");
  g_autofree char *prefix = redis_state_key (self, REDIS_KEY_INSTANCE, "");

  g_strv_builder_add_many (words, index, prefix, NULL);
  redis_state_run (self, REDIS_SCRIPT_LIST, 1, g_strv_builder_end (words), answer_instances, task);
}
