/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Opening and closing. What a person has to put right (a password, a certificate, an option) fails the opening; a
 * server that is away does not: the links go on trying, and the health says so.
 */
#include "redis-state.h"

static void on_commands_up (gpointer user_data);
static void on_subscriber_up (gpointer user_data);
static void on_down (const GError *error, gpointer user_data);
static void on_message (const char *channel, GBytes *data, gpointer user_data);
static void on_gap (gpointer user_data);

static const RedisLinkEvents command_events = { on_commands_up, on_down, NULL };
static const RedisSubscriberEvents subscriber_events = { on_subscriber_up, on_down, on_message, on_gap };

void
redis_state_stop (RedisState *self)
{
  if (self->cancelled)
    g_source_destroy (self->cancelled);
  g_clear_pointer (&self->cancelled, g_source_unref);
  if (self->commands)
    redis_link_stop (self->commands);
  if (self->subscriber)
    redis_subscriber_stop (self->subscriber);
  g_clear_pointer (&self->commands, redis_link_unref);
  g_clear_pointer (&self->subscriber, redis_subscriber_unref);
}

/* Returns: (transfer full) (nullable): the opening, which is over; NULL when there is none */
static GTask *
take_opening (RedisState *self)
{
  if (self->cancelled)
    g_source_destroy (self->cancelled);
  g_clear_pointer (&self->cancelled, g_source_unref);
  return g_steal_pointer (&self->opening);
}

static void
fail_opening (RedisState *self, const GError *error)
{
  g_autoptr (GTask) task = take_opening (self);

  redis_state_stop (self);
  g_task_return_error (task, g_error_copy (error));
}

static void
finish_opening (RedisState *self)
{
  g_autoptr (GTask) task = NULL;

  if (!self->opening || !redis_link_is_up (self->commands)
      || !redis_link_is_up (redis_subscriber_get_link (self->subscriber)))
    return;
  task = take_opening (self);
  g_task_return_boolean (task, TRUE);
}

/* A former master that is cut off from the new one keeps its subscribers, and tells them nothing. */
static void
follow_master (RedisState *self)
{
  RedisLink *subscriptions = redis_subscriber_get_link (self->subscriber);
  g_autofree char *master = redis_link_describe (self->commands);
  g_autofree char *heard = redis_link_describe (subscriptions);
  g_autoptr (GError) error = NULL;

  if (g_str_equal (master, heard))
    return;
  error = g_error_new (ANNOT_ERROR, ANNOT_ERROR_NOT_CONNECTED, "redis: %s is the master now", master);
  redis_link_distrust (subscriptions, error);
}

static void
on_commands_up (gpointer user_data)
{
  RedisState *self = user_data;

  follow_master (self);
  finish_opening (self);
}

static void
on_subscriber_up (gpointer user_data)
{
  finish_opening (user_data);
}

static void
on_down (const GError *error, gpointer user_data)
{
  RedisState *self = user_data;
  g_autoptr (GTask) task = NULL;

  if (!self->opening)
    return;
  if (!annot_error_is_transient (error)) {
    fail_opening (self, error);
    return;
  }
  g_warning ("%s; going on without it, and trying again", error->message);
  task = take_opening (self);
  g_task_return_boolean (task, TRUE);
}

static void
on_message (const char *channel, GBytes *data, gpointer user_data)
{
  annot_state_deliver (user_data, channel, data);
}

static void
on_gap (gpointer user_data)
{
  annot_state_report_gap (user_data);
}

static gboolean
on_cancelled (GCancellable *cancellable, gpointer user_data)
{
  g_autoptr (GError) error = g_error_new_literal (G_IO_ERROR, G_IO_ERROR_CANCELLED, "redis: opening was given up");

  fail_opening (user_data, error);
  return G_SOURCE_REMOVE;
}

void
redis_state_open (AnnotState *state, GTask *task)
{
  RedisState *self = REDIS_STATE (state);
  GMainContext *context = g_task_get_context (task);
  GCancellable *cancellable = g_task_get_cancellable (task);

  self->opening = task;
  if (cancellable) {
    self->cancelled = g_cancellable_source_new (cancellable);
    g_source_set_callback (self->cancelled, G_SOURCE_FUNC (on_cancelled), self, NULL);
    g_source_attach (self->cancelled, context);
  }
  self->commands = redis_link_new (REDIS_CONNECTION_COMMANDS, self->settings, context, &command_events, self);
  self->subscriber = redis_subscriber_new (self->settings, context, &subscriber_events, self);
  redis_link_start (self->commands);
}

void
redis_state_close (AnnotState *state, GTask *task_owned)
{
  g_autoptr (GTask) task = task_owned;

  redis_state_stop (REDIS_STATE (state));
  g_task_return_boolean (task, TRUE);
}
