/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One connection at work on the main loop. Each request's statements are one implicit transaction: what stands between
 * two syncs of a pipeline is committed by the second one. Requests are sent as far as the socket takes them, statement
 * by statement, so that a batch of large frames never lies in libpq's buffer as a whole.
 */
#include "postgres-connection.h"

#include "postgres-statement.h"

/* How much is given to libpq before it has to be rid of it. */
#define UNSENT_BYTES (256 * 1024)
/* A TLS record may lie decoded in the library while the socket has nothing more to say. */
#define TLS_MILLISECONDS 50

/* What a command of the pipeline was, in the order of the results. */
enum {
  KIND_SETTING,
  KIND_PREPARE,
  KIND_STATEMENT,
};

struct _PostgresConnection {
  PGconn *handle;
  PostgresSettings *settings;
  guint statement_milliseconds;
  guint answer_milliseconds;
  const PostgresConnectionEvents *events;
  gpointer user_data;

  GQueue requests; /* sent or being sent, the one that is answered next first */
  GList *sending;  /* the first that is not sent wholly */
  GQueue done;     /* over, to be given back */
  GHashTable *prepared;
  gsize unsent;
  gint64 activity;
  gboolean lost;
  gboolean retired;
  gboolean cancelling;

  GSource *source;
  gpointer tag;
  GIOCondition watched;
};

typedef struct {
  GSource source;
  PostgresConnection *connection;
} Watch;

static void
lose (PostgresConnection *self, GError *error, const char *state)
{
  PostgresRequest *request;

  self->lost = TRUE;
  self->sending = NULL;
  while ((request = g_queue_pop_head (&self->requests))) {
    postgres_request_fail (request, g_error_copy (error), state);
    g_queue_push_tail (&self->done, request);
  }
  g_source_remove_unix_fd (self->source, self->tag);
  self->tag = NULL;
  g_error_free (error);
}

static void
lose_by_libpq (PostgresConnection *self)
{
  PostgresState state = "";
  g_autofree char *message = postgres_error_flatten (PQerrorMessage (self->handle), state);

  lose (self,
        g_error_new (ANNOT_ERROR, ANNOT_ERROR_NOT_CONNECTED,
                     "%s: the connection was lost: %s; whether a change that was under way took effect is unknown",
                     self->settings->label, message),
        "08006");
}

/* A command that libpq does not take: the connection is of no more use. */
static gboolean
sent (PostgresConnection *self, PostgresRequest *request, guint8 kind, int ok)
{
  if (!ok) {
    lose_by_libpq (self);
    return FALSE;
  }
  g_array_append_val (request->kinds, kind);
  return TRUE;
}

/* Behind a pooler of transactions each of them brings its limits along. */
static gboolean
send_limits (PostgresConnection *self, PostgresRequest *request)
{
  g_autofree char *statement = g_strdup_printf ("%u", self->statement_milliseconds);
  g_autofree char *lock = g_strdup_printf ("%u", self->settings->lock_milliseconds);
  const char *values[] = { statement, lock };

  return sent (self, request, KIND_SETTING,
               PQsendQueryParams (self->handle,
                                  "SELECT set_config ('statement_timeout', $1, true),"
                                  " set_config ('lock_timeout', $2, true)",
                                  2, NULL, values, NULL, NULL, 0));
}

static gboolean
send_prepare (PostgresConnection *self, PostgresRequest *request, const PostgresStatement *statement)
{
  const PostgresParameters *parameters = statement->parameters;

  if (!g_hash_table_add (self->prepared, (gpointer) statement->name))
    return TRUE;
  return sent (self, request, KIND_PREPARE,
               PQsendPrepare (self->handle, statement->name, postgres_statement_text (statement->name),
                              (int) parameters->types->len, (const Oid *) (gpointer) parameters->types->data));
}

static gboolean
send_statement (PostgresConnection *self, PostgresRequest *request, const PostgresStatement *statement)
{
  const PostgresParameters *parameters = statement->parameters;
  const char *const *values = (const char *const *) parameters->values->pdata;
  const int *lengths = (const int *) (gpointer) parameters->lengths->data;
  const int *formats = (const int *) (gpointer) parameters->formats->data;
  int n = (int) parameters->types->len;
  int ok;

  if (self->settings->named && statement->name) {
    if (!send_prepare (self, request, statement))
      return FALSE;
    ok = PQsendQueryPrepared (self->handle, statement->name, n, values, lengths, formats, 1);
  } else {
    ok = PQsendQueryParams (self->handle, statement->name ? postgres_statement_text (statement->name) : statement->text,
                            n, (const Oid *) (gpointer) parameters->types->data, values, lengths, formats, 1);
  }
  self->unsent += parameters->size;
  return sent (self, request, KIND_STATEMENT, ok);
}

/* The sync is the commit. */
static gboolean
send_sync (PostgresConnection *self, const PostgresRequest *request)
{
  if (request->operation->before_commit)
    ANNOT_FAULT_POINT (request->operation->before_commit);
  if (PQpipelineSync (self->handle)) {
    if (request->operation->after_commit)
      ANNOT_FAULT_POINT ("during_store_commit");
    self->sending = self->sending->next;
    return TRUE;
  }
  lose_by_libpq (self);
  return FALSE;
}

/* One more piece of the first request that is not sent wholly. What failed is not sent to its end. */
static gboolean
send_piece (PostgresConnection *self)
{
  PostgresRequest *request = self->sending->data;

  if (request->next_statement == request->statements->len || request->error)
    return send_sync (self, request);
  if (request->next_statement == 0 && !self->settings->named && !send_limits (self, request))
    return FALSE;
  return send_statement (self, request, g_ptr_array_index (request->statements, request->next_statement++));
}

static void
watch (PostgresConnection *self, GIOCondition condition)
{
  if (!self->tag || self->watched == condition)
    return;
  self->watched = condition;
  g_source_modify_unix_fd (self->source, self->tag, condition);
}

/* When to look even if the socket says nothing. */
/* How long the server may say nothing. */
static guint
find_limit (PostgresConnection *self)
{
  const PostgresRequest *head = g_queue_peek_head (&self->requests);

  return head && head->answer_milliseconds ? head->answer_milliseconds : self->answer_milliseconds;
}

static void
set_ready_time (PostgresConnection *self)
{
  if (self->done.length > 0 || self->lost || (self->retired && self->requests.length == 0))
    g_source_set_ready_time (self->source, 0);
  else if (self->requests.length == 0)
    g_source_set_ready_time (self->source, -1);
  else if (PQsslInUse (self->handle))
    g_source_set_ready_time (self->source, g_get_monotonic_time () + TLS_MILLISECONDS * G_TIME_SPAN_MILLISECOND);
  else
    g_source_set_ready_time (self->source, self->activity + find_limit (self) * G_TIME_SPAN_MILLISECOND);
}

/* Whether one more piece may be given to libpq. The commit goes right behind what it commits: a server that waits for
 * it holds locks that others wait for. */
static gboolean
has_room (const PostgresConnection *self)
{
  const PostgresRequest *request = self->sending->data;

  return self->unsent < UNSENT_BYTES || request->next_statement == request->statements->len;
}

static void
send_more (PostgresConnection *self)
{
  gboolean full = FALSE;

  while (!self->lost && !full) {
    int rest;

    while (self->sending && has_room (self))
      if (!send_piece (self))
        return;
    rest = PQflush (self->handle);
    if (rest < 0) {
      lose_by_libpq (self);
      return;
    }
    full = rest > 0;
    if (!full) {
      self->unsent = 0;
      /* The server takes what it would not take before. */
      if (self->watched & G_IO_OUT)
        self->activity = g_get_monotonic_time ();
      if (!self->sending)
        break;
    }
  }
  watch (self, full ? G_IO_IN | G_IO_OUT : G_IO_IN);
}

static void
fail_request (PostgresConnection *self, PostgresRequest *request, const PGresult *result)
{
  PostgresState state;
  GError *error = NULL;

  postgres_error_get_state (result, state);
  /* Ended although nobody asked for it and it did not take too long: a cancellation that came too late for another. */
  if (g_str_equal (state, "57014") && self->cancelling && !request->cancelled
      && g_get_monotonic_time () - request->head_since < self->statement_milliseconds * G_TIME_SPAN_MILLISECOND)
    g_strlcpy (state, "40001", sizeof state);
  postgres_error_set (&error, self->settings, result, POSTGRES_RUNNING);
  postgres_request_fail (request, error, state);
  /* None of them can be trusted; a new connection makes them anew. And a standby is of no use to us. */
  if (postgres_error_is_stale_statement (state) || g_str_has_prefix (state, "25006"))
    self->retired = TRUE;
}

/* The result of one command. */
static void
take_result (PostgresConnection *self, PostgresRequest *request, PGresult *result)
{
  guint8 kind = request->next_kind < request->kinds->len ? g_array_index (request->kinds, guint8, request->next_kind)
                                                         : KIND_STATEMENT;

  request->next_kind++;
  switch (PQresultStatus (result)) {
  case PGRES_COMMAND_OK:
  case PGRES_TUPLES_OK:
    if (kind == KIND_STATEMENT) {
      g_ptr_array_add (request->results, result);
      return;
    }
    break;
  case PGRES_PIPELINE_ABORTED:
    if (kind == KIND_PREPARE)
      self->retired = TRUE;
    break;
  default:
    /* What was not prepared is taken for it. */
    if (kind == KIND_PREPARE)
      self->retired = TRUE;
    fail_request (self, request, result);
    break;
  }
  PQclear (result);
}

static void
begin_head (PostgresConnection *self)
{
  PostgresRequest *head = g_queue_peek_head (&self->requests);

  self->activity = g_get_monotonic_time ();
  if (head)
    head->head_since = self->activity;
}

/* The head's transaction has ended. */
static void
end_head (PostgresConnection *self)
{
  PostgresRequest *request = g_queue_pop_head (&self->requests);

  if (!request->error && request->operation->after_commit)
    ANNOT_FAULT_POINT (request->operation->after_commit);
  g_queue_push_tail (&self->done, request);
  begin_head (self);
}

static void
receive (PostgresConnection *self)
{
  gboolean between = FALSE;

  if (!PQconsumeInput (self->handle)) {
    lose_by_libpq (self);
    return;
  }
  while (!PQisBusy (self->handle) && self->requests.length > 0) {
    PGresult *result = PQgetResult (self->handle);

    /* One null parts two commands, a second one says that there is no more. */
    if (!result) {
      if (between)
        break;
      between = TRUE;
      continue;
    }
    between = FALSE;
    self->activity = g_get_monotonic_time ();
    if (PQresultStatus (result) == PGRES_PIPELINE_SYNC) {
      PQclear (result);
      end_head (self);
    } else {
      take_result (self, g_queue_peek_head (&self->requests), result);
    }
  }
  if (PQstatus (self->handle) == CONNECTION_BAD)
    lose_by_libpq (self);
}

/* Gives back what is over. The owner may release the connection in each of the calls. */
static void
report (PostgresConnection *self)
{
  const PostgresConnectionEvents *events = self->events;
  g_autoptr (GSource) source = g_source_ref (self->source);
  gpointer user_data = self->user_data;
  gboolean changed = self->done.length > 0 || self->lost;

  while (!g_source_is_destroyed (source) && self->done.length > 0)
    events->done (self, g_queue_pop_head (&self->done), user_data);
  if (changed && !g_source_is_destroyed (source))
    events->changed (self, user_data);
}

static void
check_deadline (PostgresConnection *self, guint milliseconds)
{
  gint64 limit = milliseconds * G_TIME_SPAN_MILLISECOND;

  if (self->lost || self->requests.length == 0 || g_get_monotonic_time () - self->activity < limit)
    return;
  lose (self,
        g_error_new (ANNOT_ERROR, ANNOT_ERROR_TIMEOUT,
                     "%s: the server has not answered for %u ms; whether a change that was under way took effect is "
                     "unknown",
                     self->settings->label, milliseconds),
        "");
}

static gboolean
dispatch (GSource *source, GSourceFunc callback, gpointer user_data)
{
  PostgresConnection *self = ((Watch *) source)->connection;
  g_autoptr (GSource) kept = g_source_ref (source);

  if (!self->lost)
    receive (self);
  if (!self->lost)
    send_more (self);
  check_deadline (self, find_limit (self));
  if (!self->lost && self->retired && self->requests.length == 0 && self->done.length == 0)
    self->lost = TRUE;
  report (self);
  if (!g_source_is_destroyed (kept)) {
    if (self->lost)
      g_source_set_ready_time (source, -1);
    else
      set_ready_time (self);
  }
  return G_SOURCE_CONTINUE;
}

static GSourceFuncs watch_funcs = { .dispatch = dispatch };

PostgresConnection *
postgres_connection_new (PGconn *handle, PostgresSettings *settings, guint statement_milliseconds,
                         guint answer_milliseconds, const PostgresConnectionEvents *events, gpointer user_data)
{
  PostgresConnection *self = g_new0 (PostgresConnection, 1);

  self->handle = handle;
  self->settings = postgres_settings_ref (settings);
  self->statement_milliseconds = statement_milliseconds;
  self->answer_milliseconds = answer_milliseconds;
  self->events = events;
  self->user_data = user_data;
  self->prepared = g_hash_table_new (g_str_hash, g_str_equal);
  g_queue_init (&self->requests);
  g_queue_init (&self->done);
  self->source = g_source_new (&watch_funcs, sizeof (Watch));
  ((Watch *) self->source)->connection = self;
  g_source_set_name (self->source, "postgres");
  self->watched = G_IO_IN;
  self->tag = g_source_add_unix_fd (self->source, PQsocket (handle), G_IO_IN);
  g_source_attach (self->source, g_main_context_get_thread_default ());
  if (!PQenterPipelineMode (handle))
    lose_by_libpq (self);
  set_ready_time (self);
  return self;
}

void
postgres_connection_free (PostgresConnection *self)
{
  PostgresRequest *request;

  g_source_destroy (self->source);
  g_source_unref (self->source);
  while ((request = g_queue_pop_head (&self->requests)) || (request = g_queue_pop_head (&self->done)))
    postgres_request_free (request);
  g_hash_table_unref (self->prepared);
  PQfinish (self->handle);
  postgres_settings_unref (self->settings);
  g_free (self);
}

void
postgres_connection_send (PostgresConnection *self, PostgresRequest *request)
{
  request->tries++;
  g_queue_push_tail (&self->requests, request);
  if (self->requests.length == 1)
    begin_head (self);
  if (!self->sending)
    self->sending = self->requests.tail;
  send_more (self);
  set_ready_time (self);
}

guint
postgres_connection_get_load (const PostgresConnection *self)
{
  return self->requests.length + self->done.length;
}

gboolean
postgres_connection_is_lost (const PostgresConnection *self)
{
  return self->lost && self->done.length == 0;
}

void
postgres_connection_retire (PostgresConnection *self)
{
  self->retired = TRUE;
  set_ready_time (self);
}

gboolean
postgres_connection_is_retired (const PostgresConnection *self)
{
  return self->retired || self->lost;
}

void
postgres_connection_give_up (PostgresConnection *self, guint milliseconds)
{
  check_deadline (self, milliseconds);
  set_ready_time (self);
}

/* The other side of a cancellation may be slow to connect to. */
static void
cancel_in_thread (GTask *task, gpointer source, gpointer task_data, GCancellable *cancellable)
{
  char message[256];

  if (!PQcancel (task_data, message, sizeof message))
    g_debug ("postgres: %s", message);
  g_task_return_boolean (task, TRUE);
}

static void
free_cancel (gpointer cancel)
{
  PQfreeCancel (cancel);
}

void
postgres_connection_cancel (PostgresConnection *self, PostgresRequest *request)
{
  g_autoptr (GTask) task = NULL;
  PGcancel *cancel;

  if (self->lost || g_queue_peek_head (&self->requests) != request)
    return;
  cancel = PQgetCancel (self->handle);
  if (!cancel)
    return;
  self->cancelling = TRUE;
  task = g_task_new (NULL, NULL, NULL, NULL);
  g_task_set_task_data (task, cancel, free_cancel);
  g_task_run_in_thread (task, cancel_in_thread);
}
