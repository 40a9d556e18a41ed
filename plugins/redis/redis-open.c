/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Opening and closing. What a person has to put right (a password, a certificate, an option) fails the opening; a
 * server that is away does not: the links go on trying, and the health says so.
 */
#include "redis-state.h"

#include <string.h>

/* A server that stays away is named again so often. */
#define LOG_EVERY (60 * G_USEC_PER_SEC)

static void on_up (gpointer user_data);
static void on_down (const GError *error, gpointer user_data);
static void on_distrusted (const GError *error, gpointer user_data);
static void on_message (const char *channel, GBytes *data, gpointer user_data);
static void on_gap (gpointer user_data);

static const RedisLinkEvents command_events = { on_up, on_down, on_distrusted, NULL };
static const RedisSubscriberEvents subscriber_events = { on_up, on_down, on_message, on_gap };

static void
clear_source (GSource **source)
{
  if (*source)
    g_source_destroy (*source);
  g_clear_pointer (source, g_source_unref);
}

void
redis_state_stop (RedisState *self)
{
  clear_source (&self->cancelled);
  clear_source (&self->patience);
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
  clear_source (&self->cancelled);
  clear_source (&self->patience);
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
  g_autoptr (GTask) task = take_opening (self);

  if (task)
    g_task_return_boolean (task, TRUE);
}

static void
go_on_without (RedisState *self, const char *why)
{
  self->told = TRUE;
  self->told_at[TRUE] = g_get_monotonic_time ();
  g_warning ("%s; going on without it, and trying again", why);
  finish_opening (self);
}

/* A former master that is cut off from the new one keeps its subscribers, and tells them nothing. */
static void
follow_master (RedisState *self)
{
  RedisLink *subscriptions = redis_subscriber_get_link (self->subscriber);
  g_autofree char *master = NULL;
  g_autoptr (GError) error = NULL;

  if (redis_link_is_with (subscriptions, self->commands))
    return;
  master = redis_link_describe (self->commands);
  error = g_error_new (ANNOT_ERROR, ANNOT_ERROR_NOT_CONNECTED, "redis: another server is the master now: %s", master);
  redis_link_distrust (subscriptions, error);
}

/* Also while it is being closed, which any answer to the core may lead to. */
static gboolean
are_both_up (RedisState *self)
{
  return self->commands && redis_link_is_up (self->commands)
         && redis_link_is_up (redis_subscriber_get_link (self->subscriber));
}

/* It is back once every channel is heard. */
static void
note_recovery (RedisState *self)
{
  if (!are_both_up (self) || !redis_subscriber_is_heard (self->subscriber))
    return;
  if (self->told) {
    g_autofree char *where = redis_link_describe (self->commands);

    g_message ("redis: connected to %s", where);
  }
  self->told = FALSE;
  if (!self->well_since)
    self->well_since = g_get_monotonic_time ();
}

static void
on_up (gpointer user_data)
{
  g_autoptr (RedisState) self = g_object_ref (user_data);

  if (are_both_up (self))
    follow_master (self);
  if (!are_both_up (self))
    return;
  note_recovery (self);
  finish_opening (self);
}

/* Both connections fail for the same reason, again and again: it is said once. */
static void
log_down (RedisState *self, const GError *error)
{
  gint64 *told_at = &self->told_at[annot_error_is_transient (error)];
  gint64 now = g_get_monotonic_time ();

  if (self->well_since && now - self->well_since >= REDIS_LINK_STEADY)
    memset (self->told_at, 0, sizeof self->told_at);
  self->well_since = 0;
  if (*told_at && now - *told_at < LOG_EVERY)
    return;
  *told_at = now;
  self->told = TRUE;
  g_warning ("%s; trying again", error->message);
}

static void
on_down (const GError *error, gpointer user_data)
{
  RedisState *self = user_data;

  if (!self->opening)
    log_down (self, error);
  else if (annot_error_is_transient (error))
    go_on_without (self, error->message);
  else
    fail_opening (self, error);
}

/* The server has become a replica: what it still tells its subscribers may be old, whatever its address. */
static void
on_distrusted (const GError *error, gpointer user_data)
{
  RedisState *self = user_data;

  redis_link_distrust (redis_subscriber_get_link (self->subscriber), error);
}

static void
on_message (const char *channel, GBytes *data, gpointer user_data)
{
  annot_state_deliver (user_data, channel, data);
}

static void
on_gap (gpointer user_data)
{
  note_recovery (user_data);
  annot_state_report_gap (user_data);
}

static gboolean
on_cancelled (GCancellable *cancellable, gpointer user_data)
{
  g_autoptr (GError) error = g_error_new_literal (G_IO_ERROR, G_IO_ERROR_CANCELLED, "redis: opening was given up");

  fail_opening (user_data, error);
  return G_SOURCE_REMOVE;
}

/* Neither a refusal nor a welcome: a start that waited for more would be given up. */
static gboolean
on_impatient (gpointer user_data)
{
  RedisState *self = user_data;
  g_autofree char *where = redis_link_describe (self->commands);
  g_autofree char *why = g_strdup_printf ("redis: no welcome from %s within %.3g s", where,
                                          (double) self->settings->open_timeout / G_USEC_PER_SEC);

  go_on_without (self, why);
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
  self->patience = g_timeout_source_new ((guint) (self->settings->open_timeout / 1000));
  g_source_set_callback (self->patience, on_impatient, self, NULL);
  g_source_attach (self->patience, context);
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
