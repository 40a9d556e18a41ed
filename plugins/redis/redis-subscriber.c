/* SPDX-License-Identifier: Apache-2.0 */
/* The subscribed channels: kept over interruptions, after which a gap is reported. */
#include "redis-subscriber.h"

typedef struct {
  char *name;       /* as the core calls it */
  gboolean heard;   /* the server has confirmed it on this connection */
  GPtrArray *tasks; /* GTask, waiting for that */
} Channel;

struct RedisSubscriber {
  grefcount refs;
  const RedisSettings *settings;
  const RedisSubscriberEvents *events;
  gpointer user_data;
  RedisLink *link;
  GHashTable *channels; /* by the server's name */
  gboolean interrupted; /* a gap is to be reported once all are heard */
  gboolean stopped;
};

/* A SUBSCRIBE under way. */
typedef struct {
  RedisSubscriber *subscriber;
  char *name; /* the server's */
} Subscription;

static void on_up (gpointer user_data);
static void on_down (const GError *error, gpointer user_data);
static void on_message (const redisReply *reply, gpointer user_data);

static const RedisLinkEvents link_events = { on_up, on_down, NULL, on_message };

static void
channel_free (Channel *self)
{
  g_free (self->name);
  g_ptr_array_unref (self->tasks);
  g_free (self);
}

RedisSubscriber *
redis_subscriber_new (const RedisSettings *settings, GMainContext *context, const RedisSubscriberEvents *events,
                      gpointer user_data)
{
  RedisSubscriber *self = g_new0 (RedisSubscriber, 1);

  g_ref_count_init (&self->refs);
  self->settings = settings;
  self->events = events;
  self->user_data = user_data;
  self->channels = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, (GDestroyNotify) channel_free);
  self->link = redis_link_new (REDIS_CONNECTION_SUBSCRIPTIONS, settings, context, &link_events, self);
  redis_link_start (self->link);
  return self;
}

static RedisSubscriber *
redis_subscriber_ref (RedisSubscriber *self)
{
  g_ref_count_inc (&self->refs);
  return self;
}

void
redis_subscriber_unref (RedisSubscriber *self)
{
  if (!g_ref_count_dec (&self->refs))
    return;
  redis_subscriber_stop (self);
  redis_link_unref (self->link);
  g_hash_table_unref (self->channels);
  g_free (self);
}

/* Answers all who wait for the channel: TRUE, or the error. */
static void
answer_tasks (Channel *channel, const GError *error)
{
  g_autoptr (GPtrArray) tasks = g_steal_pointer (&channel->tasks);

  channel->tasks = g_ptr_array_new_with_free_func (g_object_unref);
  for (guint i = 0; i < tasks->len; i++) {
    if (error)
      g_task_return_error (g_ptr_array_index (tasks, i), g_error_copy (error));
    else
      g_task_return_boolean (g_ptr_array_index (tasks, i), TRUE);
  }
}

/* Returns: (transfer container) (element-type Channel): answers may change the table */
static GPtrArray *
list_channels (RedisSubscriber *self, gboolean all)
{
  GPtrArray *list = g_ptr_array_new ();
  GHashTableIter iter;
  gpointer channel;

  g_hash_table_iter_init (&iter, self->channels);
  while (g_hash_table_iter_next (&iter, NULL, &channel)) {
    if (all || !((Channel *) channel)->heard)
      g_ptr_array_add (list, channel);
  }
  return list;
}

static void
report_gap (RedisSubscriber *self)
{
  if (!self->interrupted || self->stopped || !redis_subscriber_is_heard (self))
    return;
  self->interrupted = FALSE;
  self->events->gap (self->user_data);
}

static void
subscription_free (Subscription *self)
{
  redis_subscriber_unref (self->subscriber);
  g_free (self->name);
  g_free (self);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Subscription, subscription_free)

static void
on_subscribed (const redisReply *reply, const GError *lost, gpointer user_data)
{
  g_autoptr (Subscription) subscription = user_data;
  RedisSubscriber *self = subscription->subscriber;
  Channel *channel = g_hash_table_lookup (self->channels, subscription->name);
  g_autoptr (GError) refused = NULL;

  /* on_down() answers for a connection that was lost. */
  if (!reply || !channel || self->stopped)
    return;
  if (redis_reply_element_is (reply, 0, "subscribe")) {
    channel->heard = TRUE;
    answer_tasks (channel, NULL);
    report_gap (self);
    return;
  }
  if (redis_reply_check (reply, &refused))
    refused = redis_reply_unexpected ("a subscription");
  if (channel->tasks->len > 0) {
    g_autoptr (GPtrArray) tasks = g_steal_pointer (&channel->tasks);

    channel->tasks = g_ptr_array_new ();
    g_hash_table_remove (self->channels, subscription->name);
    for (guint i = 0; i < tasks->len; i++)
      g_task_return_error (g_ptr_array_index (tasks, i), g_error_copy (refused));
    return;
  }
  /* Heard before and refused now: not to be left at that. */
  redis_link_distrust (self->link, refused);
}

static void
send_subscription (RedisSubscriber *self, const char *name)
{
  const char *words[] = { "SUBSCRIBE", name };
  Subscription *subscription = g_new0 (Subscription, 1);

  subscription->subscriber = redis_subscriber_ref (self);
  subscription->name = g_strdup (name);
  if (!redis_link_send (self->link, G_N_ELEMENTS (words), words, NULL, on_subscribed, subscription, NULL))
    subscription_free (subscription);
}

void
redis_subscriber_add (RedisSubscriber *self, const char *channel_name, GTask *task_owned)
{
  g_autoptr (GTask) task = task_owned;
  g_autofree char *name = redis_settings_key (self->settings, channel_name);
  Channel *channel = g_hash_table_lookup (self->channels, name);
  gboolean up = redis_link_is_up (self->link);
  gboolean fresh = channel == NULL;

  if (!channel) {
    channel = g_new0 (Channel, 1);
    channel->name = g_strdup (channel_name);
    channel->tasks = g_ptr_array_new_with_free_func (g_object_unref);
    g_hash_table_insert (self->channels, g_strdup (name), channel);
  }
  if (!up)
    self->interrupted = TRUE;
  if (!up || channel->heard) {
    g_task_return_boolean (task, TRUE);
    return;
  }
  g_ptr_array_add (channel->tasks, g_steal_pointer (&task));
  if (fresh)
    send_subscription (self, name);
}

static void
on_up (gpointer user_data)
{
  g_autoptr (RedisSubscriber) self = redis_subscriber_ref (user_data);
  g_autoptr (GList) names = g_hash_table_get_keys (self->channels);

  for (GList *item = names; item; item = item->next)
    send_subscription (self, item->data);
  self->events->up (self->user_data);
}

static void
on_down (const GError *error, gpointer user_data)
{
  g_autoptr (RedisSubscriber) self = redis_subscriber_ref (user_data);
  g_autoptr (GPtrArray) channels = list_channels (self, TRUE);
  g_autoptr (GPtrArray) tasks = g_ptr_array_new_with_free_func (g_object_unref);

  for (guint i = 0; i < channels->len; i++) {
    Channel *channel = g_ptr_array_index (channels, i);

    self->interrupted = TRUE;
    channel->heard = FALSE;
    g_ptr_array_extend_and_steal (tasks, g_steal_pointer (&channel->tasks));
    channel->tasks = g_ptr_array_new_with_free_func (g_object_unref);
  }
  /* They are remembered, and heard when it is back. */
  for (guint i = 0; i < tasks->len; i++)
    g_task_return_boolean (g_ptr_array_index (tasks, i), TRUE);
  if (!self->stopped)
    self->events->down (error, self->user_data);
}

static void
on_message (const redisReply *reply, gpointer user_data)
{
  g_autoptr (RedisSubscriber) self = redis_subscriber_ref (user_data);
  const redisReply *name = redis_reply_element (reply, 1);
  const redisReply *data = redis_reply_element (reply, 2);
  Channel *channel = NULL;
  g_autofree char *known = NULL;
  g_autoptr (GBytes) bytes = NULL;

  if (self->stopped || !name || !data || name->type != REDIS_REPLY_STRING || data->type != REDIS_REPLY_STRING)
    return;
  channel = g_hash_table_lookup (self->channels, name->str);
  if (!channel)
    return;
  known = g_strdup (channel->name);
  bytes = g_bytes_new (data->str, (gsize) data->len);
  self->events->message (known, bytes, self->user_data);
}

RedisLink *
redis_subscriber_get_link (RedisSubscriber *self)
{
  return self->link;
}

gboolean
redis_subscriber_is_heard (RedisSubscriber *self)
{
  g_autoptr (GPtrArray) unheard = list_channels (self, FALSE);

  return redis_link_is_up (self->link) && unheard->len == 0;
}

guint
redis_subscriber_get_size (RedisSubscriber *self)
{
  return g_hash_table_size (self->channels);
}

void
redis_subscriber_stop (RedisSubscriber *self)
{
  g_autoptr (GPtrArray) channels = NULL;
  g_autoptr (GError) error = NULL;

  if (self->stopped)
    return;
  self->stopped = TRUE;
  redis_link_stop (self->link);
  error = g_error_new_literal (ANNOT_ERROR, ANNOT_ERROR_NOT_CONNECTED, "redis: closed");
  channels = list_channels (self, TRUE);
  for (guint i = 0; i < channels->len; i++)
    answer_tasks (g_ptr_array_index (channels, i), error);
}
