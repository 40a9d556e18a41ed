/* SPDX-License-Identifier: Apache-2.0 */
/* All connections of a store, in three lanes, and what is done when one fails. */
#include "postgres-pool.h"

#include <string.h>

#include "postgres-connect.h"
#include "postgres-lane.h"
#include "postgres-migrate.h"

#define DEPTH 4
#define WORK_WAITING 4096
#define SEARCH_WAITING 256
#define WATCH_WAITING 16
/* The core waits a second for the health. */
#define WATCH_MILLISECONDS 850
/* How much longer than its own limit the server may leave us without an answer. */
#define GRACE_MILLISECONDS 2000
/* How often a request is sent before its failure is the caller's to know. */
#define TRIES 4
/* So many checks in a row without an answer, and requests are refused instead of waiting for their own deadline. */
#define STALLED_AFTER 2
/* What is under way then is given up when nothing was heard for so long. */
#define STALLED_MILLISECONDS 3000

struct _PostgresPool {
  PostgresSettings *settings;
  PostgresLane *lanes[POSTGRES_LANES];
  gboolean unwritable;
  guint unanswered;
  GSourceFunc closed;
  gpointer closed_data;
  GSource *closing;
};

static gboolean
is_lost_connection (const PostgresRequest *request)
{
  return g_str_has_prefix (request->state, "08") || g_str_has_prefix (request->state, "57P");
}

/* A transaction that was undone may be run again; and what only reads, wherever it broke off. */
static gboolean
may_repeat (const PostgresRequest *request)
{
  if (!request->error || request->cancelled || request->tries >= TRIES)
    return FALSE;
  return postgres_error_is_repeatable (request->state) || (request->operation->reading && is_lost_connection (request));
}

static void
take_note (PostgresPool *self, const PostgresRequest *request)
{
  if (g_error_matches (request->error, ANNOT_ERROR, ANNOT_ERROR_NO_SPACE))
    self->unwritable = TRUE;
  if (g_str_equal (request->state, "25006"))
    postgres_pool_renew (self);
}

static void
on_over (PostgresLane *lane, PostgresRequest *request, gpointer user_data)
{
  if (may_repeat (request)) {
    postgres_request_rewind (request);
    postgres_lane_push (lane, request, TRUE);
    return;
  }
  take_note (user_data, request);
  if (request->cancelled && g_str_equal (request->state, "57014")) {
    g_clear_error (&request->error);
    request->error = g_error_new (G_IO_ERROR, G_IO_ERROR_CANCELLED, "the call was cancelled");
  }
  postgres_request_answer (request);
}

static gboolean
is_idle (const PostgresPool *self)
{
  for (guint i = 0; i < POSTGRES_LANES; i++)
    if (!postgres_lane_is_idle (self->lanes[i]))
      return FALSE;
  return TRUE;
}

/* The end of closing may free all of this, so it comes from the main loop and from nowhere within. */
static void
close_when_idle (PostgresPool *self)
{
  if (!self->closed || self->closing || !is_idle (self))
    return;
  self->closing = g_idle_source_new ();
  g_source_set_priority (self->closing, G_PRIORITY_DEFAULT);
  g_source_set_callback (self->closing, self->closed, self->closed_data, NULL);
  g_source_attach (self->closing, g_main_context_get_thread_default ());
}

static void
on_idle (PostgresLane *lane, gpointer user_data)
{
  close_when_idle (user_data);
}

static const PostgresLaneEvents lane_events = { .over = on_over, .idle = on_idle };

PostgresPool *
postgres_pool_new (PostgresSettings *settings)
{
  PostgresPool *self = g_new0 (PostgresPool, 1);
  guint searching = MAX (1, settings->pool_max / 4);
  /* Behind a pooler a connection is one transaction's at a time. */
  guint depth = settings->named ? DEPTH : 1;
  const PostgresLaneOptions options[POSTGRES_LANES] = {
    [POSTGRES_WORK] = { settings->pool_max - searching - 1,
                        depth,
                        WORK_WAITING,
                        { settings->statement_milliseconds, TRUE },
                        settings->statement_milliseconds + GRACE_MILLISECONDS,
                        settings->pool_wait,
                        TRUE },
    [POSTGRES_SEARCH] = { searching,
                          1,
                          SEARCH_WAITING,
                          { settings->search_milliseconds, FALSE },
                          settings->search_milliseconds + GRACE_MILLISECONDS,
                          settings->pool_wait,
                          FALSE },
    [POSTGRES_WATCH] = { 1,
                         1,
                         WATCH_WAITING,
                         { WATCH_MILLISECONDS, FALSE },
                         WATCH_MILLISECONDS,
                         WATCH_MILLISECONDS * G_TIME_SPAN_MILLISECOND,
                         TRUE },
  };

  self->settings = postgres_settings_ref (settings);
  for (guint i = 0; i < POSTGRES_LANES; i++)
    self->lanes[i] = postgres_lane_new (settings, &options[i], &lane_events, self);
  return self;
}

void
postgres_pool_free (PostgresPool *self)
{
  for (guint i = 0; i < POSTGRES_LANES; i++)
    postgres_lane_free (self->lanes[i]);
  if (self->closing)
    g_source_destroy (self->closing);
  g_clear_pointer (&self->closing, g_source_unref);
  postgres_settings_unref (self->settings);
  g_free (self);
}

typedef struct {
  PostgresPool *pool;
  GTask *task;
} Opening;

static void
on_opened (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autofree Opening *opening = user_data;
  g_autoptr (GTask) task = opening->task;
  g_autoptr (GError) error = NULL;
  PGconn *connection = postgres_connect_finish (result, &error);

  if (!connection) {
    g_task_return_error (task, g_steal_pointer (&error));
    return;
  }
  postgres_lane_adopt (opening->pool->lanes[POSTGRES_WORK], connection);
  g_task_return_boolean (task, TRUE);
}

void
postgres_pool_open (PostgresPool *self, GTask *task)
{
  const PostgresSession session = { self->settings->statement_milliseconds, TRUE };
  Opening *opening = g_new (Opening, 1);

  opening->pool = self;
  opening->task = g_object_ref (task);
  postgres_connect (self->settings, &session, postgres_migrate_open, g_task_get_cancellable (task), on_opened, opening);
}

void
postgres_pool_close (PostgresPool *self, GSourceFunc closed, gpointer user_data)
{
  self->closed = closed;
  self->closed_data = user_data;
  close_when_idle (self);
}

typedef struct {
  PostgresLane *lane;
  PostgresRequest *request;
} Cancellation;

static gboolean
on_cancelled (GCancellable *cancellable, gpointer user_data)
{
  const Cancellation *cancellation = user_data;

  postgres_lane_cancel (cancellation->lane, cancellation->request);
  return G_SOURCE_REMOVE;
}

static void
watch_cancellable (PostgresLane *lane, PostgresRequest *request)
{
  GCancellable *cancellable = g_task_get_cancellable (request->task);
  Cancellation *cancellation;

  if (!cancellable)
    return;
  cancellation = g_new (Cancellation, 1);
  cancellation->lane = lane;
  cancellation->request = request;
  request->cancel_source = g_cancellable_source_new (cancellable);
  g_source_set_callback (request->cancel_source, G_SOURCE_FUNC (on_cancelled), cancellation, g_free);
  g_source_attach (request->cancel_source, g_main_context_get_thread_default ());
}

static void
refuse (PostgresRequest *request, GError *error)
{
  postgres_request_fail (request, error, "");
  postgres_request_answer (request);
}

static void
push (PostgresPool *self, PostgresLaneKind kind, PostgresRequest *request)
{
  GError *error = NULL;

  if (g_cancellable_set_error_if_cancelled (g_task_get_cancellable (request->task), &error)) {
    refuse (request, error);
    return;
  }
  watch_cancellable (self->lanes[kind], request);
  postgres_lane_push (self->lanes[kind], request, FALSE);
}

void
postgres_pool_push (PostgresPool *self, PostgresLaneKind kind, PostgresRequest *request)
{
  if (self->unanswered >= STALLED_AFTER)
    refuse (request, g_error_new (ANNOT_ERROR, ANNOT_ERROR_NOT_CONNECTED, "%s: the server does not answer",
                                  self->settings->label));
  else
    push (self, kind, request);
}

/* The watching connection is the one to ask, but not when only that one is missing. */
static gboolean
can_watch (const PostgresPool *self)
{
  return postgres_lane_get_failure (self->lanes[POSTGRES_WATCH]) == NULL
         || postgres_lane_get_connections (self->lanes[POSTGRES_WORK]) == 0;
}

void
postgres_pool_push_probe (PostgresPool *self, PostgresRequest *request)
{
  /* A connection of the work that is dead must not hold up the question either. */
  request->answer_milliseconds = WATCH_MILLISECONDS;
  push (self, can_watch (self) ? POSTGRES_WATCH : POSTGRES_WORK, request);
}

gboolean
postgres_pool_is_unwritable (const PostgresPool *self)
{
  return self->unwritable;
}

void
postgres_pool_note_space (PostgresPool *self)
{
  self->unwritable = FALSE;
}

void
postgres_pool_note_watch (PostgresPool *self, gboolean in_time)
{
  g_autoptr (GError) error = NULL;

  self->unanswered = in_time ? 0 : self->unanswered + 1;
  if (self->unanswered < STALLED_AFTER)
    return;
  error = g_error_new (ANNOT_ERROR, ANNOT_ERROR_NOT_CONNECTED, "%s: the server does not answer", self->settings->label);
  for (PostgresLaneKind kind = POSTGRES_WORK; kind <= POSTGRES_SEARCH; kind++) {
    postgres_lane_fail_waiting (self->lanes[kind], error);
    postgres_lane_give_up (self->lanes[kind], STALLED_MILLISECONDS);
  }
}

void
postgres_pool_renew (PostgresPool *self)
{
  for (guint i = 0; i < POSTGRES_LANES; i++)
    postgres_lane_renew (self->lanes[i]);
}

void
postgres_pool_describe (const PostgresPool *self, JsonObject *details)
{
  guint connections = 0, under_way = 0, waiting = 0;

  for (guint i = 0; i < POSTGRES_LANES; i++) {
    connections += postgres_lane_get_connections (self->lanes[i]);
    under_way += postgres_lane_get_under_way (self->lanes[i]);
    waiting += postgres_lane_get_waiting (self->lanes[i]);
  }
  json_object_set_string_member (details, "database", self->settings->label);
  json_object_set_int_member (details, "connections", connections);
  json_object_set_int_member (details, "under_way", under_way);
  json_object_set_int_member (details, "waiting", waiting);
}
