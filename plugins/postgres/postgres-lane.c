/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Some connections for one kind of request, and the requests that wait for them. Connections are made when they are
 * wanted, one at a time. While the database is away requests are refused at once, and connecting is tried again with a
 * back-off that is short enough to be back within two seconds.
 */
#include "postgres-lane.h"

#include "postgres-connect.h"

#define RETRY_FIRST_MILLISECONDS 100
#define RETRY_LAST_MILLISECONDS 1000

struct _PostgresLane {
  PostgresSettings *settings;
  PostgresLaneOptions options;
  const PostgresLaneEvents *events;
  gpointer user_data;

  GPtrArray *connections;
  GQueue waiting;
  GSource *wait_timer;

  GCancellable *connecting;
  GSource *retry_timer;
  guint failures;
  GError *failure;
};

static void pump (PostgresLane *self);

static void
clear_timer (GSource **timer)
{
  if (!*timer)
    return;
  g_source_destroy (*timer);
  g_clear_pointer (timer, g_source_unref);
}

static GSource *
add_timer (gint64 milliseconds, GSourceFunc callback, gpointer user_data)
{
  GSource *timer = g_timeout_source_new ((guint) MAX (0, milliseconds));

  g_source_set_callback (timer, callback, user_data, NULL);
  g_source_attach (timer, g_main_context_get_thread_default ());
  return timer;
}

static void
over (PostgresLane *self, PostgresRequest *request)
{
  self->events->over (self, request, self->user_data);
}

static void
refuse (PostgresLane *self, PostgresRequest *request, AnnotError code, const char *text)
{
  postgres_request_fail (request, g_error_new (ANNOT_ERROR, (int) code, "%s: %s", self->settings->label, text), "");
  over (self, request);
}

/* Connections */

/* Ends those that are lost; their requests have been given back. */
static void
remove_lost (PostgresLane *self)
{
  for (guint i = self->connections->len; i > 0; i--)
    if (postgres_connection_is_lost (self->connections->pdata[i - 1]))
      g_ptr_array_remove_index (self->connections, i - 1);
}

static guint
count_usable (const PostgresLane *self)
{
  guint usable = 0;

  for (guint i = 0; i < self->connections->len; i++)
    usable += !postgres_connection_is_retired (self->connections->pdata[i]);
  return usable;
}

static void
on_done (PostgresConnection *connection, PostgresRequest *request, gpointer user_data)
{
  over (user_data, request);
}

static void
check_idle (PostgresLane *self)
{
  if (postgres_lane_is_idle (self))
    self->events->idle (self, self->user_data);
}

static void
on_changed (PostgresConnection *connection, gpointer user_data)
{
  PostgresLane *self = user_data;

  remove_lost (self);
  pump (self);
  check_idle (self);
}

static const PostgresConnectionEvents connection_events = { .done = on_done, .changed = on_changed };

void
postgres_lane_adopt (PostgresLane *self, PGconn *handle)
{
  self->failures = 0;
  g_clear_error (&self->failure);
  clear_timer (&self->retry_timer);
  g_ptr_array_add (self->connections,
                   postgres_connection_new (handle, self->settings, self->options.session.statement_milliseconds,
                                            self->options.answer_milliseconds, &connection_events, self));
  pump (self);
}

static gboolean
on_retry (gpointer user_data)
{
  PostgresLane *self = user_data;

  clear_timer (&self->retry_timer);
  /* Where nobody keeps trying, the next request does, and waits for what comes of it. */
  if (!self->options.steady)
    g_clear_error (&self->failure);
  pump (self);
  return G_SOURCE_REMOVE;
}

/* Between half and all of what has doubled so far. */
static void
retry_later (PostgresLane *self)
{
  guint delay = MIN (RETRY_FIRST_MILLISECONDS << MIN (self->failures, 10), RETRY_LAST_MILLISECONDS);

  self->failures++;
  self->retry_timer = add_timer (g_random_int_range ((gint32) delay / 2, (gint32) delay + 1), on_retry, self);
}

/* What ends the opening is no fault of a request's later: the server cannot be used, and may be before long. */
static void
connect_failed (PostgresLane *self, GError *error)
{
  if (error->domain == ANNOT_ERROR && !annot_error_is_transient (error))
    error->code = ANNOT_ERROR_NOT_CONNECTED;
  retry_later (self);
  /* With others at work it is only one more that could not be had. */
  if (count_usable (self) > 0) {
    g_debug ("postgres: %s", error->message);
    g_error_free (error);
    return;
  }
  g_clear_error (&self->failure);
  self->failure = error;
  postgres_lane_fail_waiting (self, error);
}

typedef struct {
  PostgresLane *lane; /* NULL: it has gone meanwhile */
  GCancellable *cancellable;
} Attempt;

/* The cancellable tells a lane that is gone. */
static void
on_connected (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autofree Attempt *attempt = user_data;
  g_autoptr (GCancellable) cancellable = attempt->cancellable;
  PostgresLane *self = attempt->lane;
  GError *error = NULL;
  PGconn *handle = postgres_connect_finish (result, &error);

  if (g_cancellable_is_cancelled (cancellable)) {
    g_clear_pointer (&handle, PQfinish);
    g_clear_error (&error);
    return;
  }
  g_clear_object (&self->connecting);
  if (handle)
    postgres_lane_adopt (self, handle);
  else
    connect_failed (self, error);
  check_idle (self);
}

static void
connect_one_more (PostgresLane *self)
{
  Attempt *attempt;

  if (self->connecting || self->retry_timer || self->connections->len >= self->options.connections)
    return;
  attempt = g_new (Attempt, 1);
  self->connecting = g_cancellable_new ();
  attempt->lane = self;
  attempt->cancellable = g_object_ref (self->connecting);
  postgres_connect (self->settings, &self->options.session, NULL, self->connecting, on_connected, attempt);
}

/* Requests */

/* The connection with the least to do that may take one more; nothing is put behind another request while there is, or
 * can be, a connection without any. */
static PostgresConnection *
choose (const PostgresLane *self)
{
  guint allowed = self->connections->len < self->options.connections && !self->retry_timer ? 1 : self->options.depth;
  PostgresConnection *best = NULL;

  for (guint i = 0; i < self->connections->len; i++) {
    PostgresConnection *connection = self->connections->pdata[i];
    guint load = postgres_connection_get_load (connection);

    if (!postgres_connection_is_retired (connection) && load < allowed
        && (!best || load < postgres_connection_get_load (best)))
      best = connection;
  }
  return best;
}

static gboolean
on_wait_over (gpointer user_data)
{
  PostgresLane *self = user_data;
  gint64 now = g_get_monotonic_time ();
  PostgresRequest *request;

  clear_timer (&self->wait_timer);
  while ((request = g_queue_peek_head (&self->waiting)) && request->wait_until <= now) {
    g_queue_pop_head (&self->waiting);
    if (count_usable (self) == 0)
      refuse (self, request, ANNOT_ERROR_TIMEOUT, "the server does not answer");
    else
      refuse (self, request, ANNOT_ERROR_TEMPORARY,
              "no connection became free in time; raise [postgres] pool-max or pool-wait if this is no exception");
  }
  pump (self);
  check_idle (self);
  return G_SOURCE_REMOVE;
}

/* All wait equally long, so the first one's time is over first. */
static void
set_wait_timer (PostgresLane *self)
{
  const PostgresRequest *first = g_queue_peek_head (&self->waiting);

  if (!first) {
    clear_timer (&self->wait_timer);
    return;
  }
  if (!self->wait_timer)
    self->wait_timer = add_timer ((first->wait_until - g_get_monotonic_time ()) / 1000 + 1, on_wait_over, self);
}

static void
pump (PostgresLane *self)
{
  PostgresConnection *connection;

  while (self->waiting.length > 0 && (connection = choose (self)))
    postgres_connection_send (connection, g_queue_pop_head (&self->waiting));
  if (self->waiting.length > 0 || (self->options.steady && count_usable (self) == 0))
    connect_one_more (self);
  set_wait_timer (self);
}

void
postgres_lane_push (PostgresLane *self, PostgresRequest *request, gboolean again)
{
  if (self->failure && count_usable (self) == 0) {
    postgres_request_fail (request, g_error_copy (self->failure), "");
    over (self, request);
    connect_one_more (self);
    return;
  }
  if (self->waiting.length >= self->options.waiting) {
    refuse (self, request, ANNOT_ERROR_TEMPORARY, "too many requests wait for a connection");
    return;
  }
  if (again) {
    g_queue_push_head (&self->waiting, request);
  } else {
    request->wait_until = g_get_monotonic_time () + self->options.wait;
    g_queue_push_tail (&self->waiting, request);
  }
  pump (self);
}

void
postgres_lane_cancel (PostgresLane *self, PostgresRequest *request)
{
  request->cancelled = TRUE;
  if (g_queue_remove (&self->waiting, request)) {
    postgres_request_fail (request, g_error_new (G_IO_ERROR, G_IO_ERROR_CANCELLED, "the call was cancelled"), "");
    over (self, request);
    check_idle (self);
    return;
  }
  if (!request->operation->reading)
    return;
  for (guint i = 0; i < self->connections->len; i++)
    postgres_connection_cancel (self->connections->pdata[i], request);
}

void
postgres_lane_fail_waiting (PostgresLane *self, const GError *error)
{
  GQueue waiting = self->waiting;
  PostgresRequest *request;

  g_queue_init (&self->waiting);
  while ((request = g_queue_pop_head (&waiting))) {
    postgres_request_fail (request, g_error_copy (error), "");
    over (self, request);
  }
}

void
postgres_lane_give_up (PostgresLane *self, guint milliseconds)
{
  for (guint i = 0; i < self->connections->len; i++)
    postgres_connection_give_up (self->connections->pdata[i], milliseconds);
}

void
postgres_lane_renew (PostgresLane *self)
{
  for (guint i = 0; i < self->connections->len; i++)
    postgres_connection_retire (self->connections->pdata[i]);
}

gboolean
postgres_lane_is_idle (const PostgresLane *self)
{
  return self->waiting.length == 0 && postgres_lane_get_under_way (self) == 0;
}

guint
postgres_lane_get_connections (const PostgresLane *self)
{
  return count_usable (self);
}

guint
postgres_lane_get_waiting (const PostgresLane *self)
{
  return self->waiting.length;
}

guint
postgres_lane_get_under_way (const PostgresLane *self)
{
  guint load = 0;

  for (guint i = 0; i < self->connections->len; i++)
    load += postgres_connection_get_load (self->connections->pdata[i]);
  return load;
}

const GError *
postgres_lane_get_failure (const PostgresLane *self)
{
  return count_usable (self) == 0 ? self->failure : NULL;
}

PostgresLane *
postgres_lane_new (PostgresSettings *settings, const PostgresLaneOptions *options, const PostgresLaneEvents *events,
                   gpointer user_data)
{
  PostgresLane *self = g_new0 (PostgresLane, 1);

  self->settings = postgres_settings_ref (settings);
  self->options = *options;
  self->events = events;
  self->user_data = user_data;
  self->connections = g_ptr_array_new_with_free_func ((GDestroyNotify) postgres_connection_free);
  g_queue_init (&self->waiting);
  return self;
}

void
postgres_lane_free (PostgresLane *self)
{
  if (self->connecting)
    g_cancellable_cancel (self->connecting);
  g_clear_object (&self->connecting);
  clear_timer (&self->wait_timer);
  clear_timer (&self->retry_timer);
  g_ptr_array_unref (self->connections);
  g_clear_error (&self->failure);
  postgres_settings_unref (self->settings);
  g_free (self);
}
