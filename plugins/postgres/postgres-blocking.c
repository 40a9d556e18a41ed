/* SPDX-License-Identifier: Apache-2.0 */
/* Connecting and single statements in a thread, where waiting is allowed. */
#include "postgres-blocking.h"

#include <netdb.h>

#include "postgres-address.h"

#define OLDEST_VERSION 140000
#define SET_UP_SECONDS 5

/* Waits until the socket is ready for events. Returns: FALSE on timeout or cancellation, with error set */
static gboolean
wait_for_socket (const PGconn *connection, const PostgresSettings *settings, GIOCondition events, gint64 deadline,
                 GCancellable *cancellable, GError **error)
{
  GPollFD fds[2] = { { .fd = PQsocket (connection), .events = (gushort) events } };
  gboolean watched = cancellable && g_cancellable_make_pollfd (cancellable, &fds[1]);
  gint64 left = (deadline - g_get_monotonic_time ()) / 1000;
  int ready = left > 0 ? g_poll (fds, watched ? 2 : 1, (int) left) : 0;

  if (watched)
    g_cancellable_release_fd (cancellable);
  if (g_cancellable_set_error_if_cancelled (cancellable, error))
    return FALSE;
  if (ready != 0)
    return TRUE;
  g_set_error (error, ANNOT_ERROR, ANNOT_ERROR_TIMEOUT, "%s: the server does not answer", settings->label);
  return FALSE;
}

/* libpq's own waiting. */
static gboolean
finish_connecting (PGconn *connection, const PostgresSettings *settings, gint64 deadline, GCancellable *cancellable,
                   GError **error)
{
  PostgresPollingStatusType status = PGRES_POLLING_WRITING;

  while (PQstatus (connection) != CONNECTION_BAD) {
    if (status == PGRES_POLLING_OK)
      return TRUE;
    if (status == PGRES_POLLING_FAILED)
      break;
    /* The socket may be another one after each step. */
    if (!wait_for_socket (connection, settings, status == PGRES_POLLING_READING ? G_IO_IN : G_IO_OUT, deadline,
                          cancellable, error))
      return FALSE;
    status = PQconnectPoll (connection);
  }
  postgres_error_set_connection (error, settings, connection, POSTGRES_CONNECTING);
  return FALSE;
}

/* What the server says beside its answers would go to the standard error. */
static void
drop_notice (void *user_data, const PGresult *notice)
{
  g_debug ("postgres: %s", PQresultErrorField (notice, PG_DIAG_MESSAGE_PRIMARY));
}

typedef struct {
  const char *keywords[20];
  const char *values[20];
  guint n;
} Options;

static void
add_option (Options *options, const char *keyword, const char *value)
{
  if (!value)
    return;
  options->keywords[options->n] = keyword;
  options->values[options->n++] = value;
}

/* What stands before the connection string are defaults, what stands behind it counts before it. A connection to a host
 * that is gone without a word ends within 15 seconds; but a server may leave what was sent to it unread for as long as a
 * statement before it takes. */
static PGconn *
start (const PostgresSettings *settings, const PostgresHost *host, const PostgresSession *session)
{
  g_autofree char *unheard = g_strdup_printf ("%u", MAX (14000, session->statement_milliseconds + 5000));
  Options options = { .n = 0 };

  add_option (&options, "target_session_attrs", "read-write");
  add_option (&options, "keepalives_idle", "5");
  add_option (&options, "keepalives_interval", "3");
  add_option (&options, "keepalives_count", "3");
  add_option (&options, "tcp_user_timeout", unheard);
  add_option (&options, "dbname", settings->conninfo);
  /* By this a copy knows who else uses the database. */
  add_option (&options, "application_name", "annotationd");
  add_option (&options, "host", host->host);
  add_option (&options, "hostaddr", host->hostaddr);
  add_option (&options, "port", host->port);
  add_option (&options, "password", settings->password);
  add_option (&options, "client_encoding", "UTF8");
  return PQconnectStartParams (options.keywords, options.values, 1);
}

static PGconn *
connect_to (const PostgresSettings *settings, const PostgresHost *host, const PostgresSession *session,
            GCancellable *cancellable, GError **error)
{
  gint64 deadline = g_get_monotonic_time () + settings->connect_milliseconds * 1000;
  g_autoptr (PGconn) connection = start (settings, host, session);

  if (!connection) {
    g_set_error (error, ANNOT_ERROR, ANNOT_ERROR_TEMPORARY, "%s: out of memory", settings->label);
    return NULL;
  }
  /* So that the message carries the SQLSTATE, of which libpq says nothing else while it connects. */
  PQsetErrorVerbosity (connection, PQERRORS_VERBOSE);
  PQsetNoticeReceiver (connection, drop_notice, NULL);
  if (!finish_connecting (connection, settings, deadline, cancellable, error)) {
    if (error && g_error_matches (*error, ANNOT_ERROR, ANNOT_ERROR_TIMEOUT)) {
      g_clear_error (error);
      g_set_error (error, ANNOT_ERROR, ANNOT_ERROR_TIMEOUT, "%s: no answer from %s (%s) within %.3g s", settings->label,
                   host->host ? host->host : "the server", host->hostaddr ? host->hostaddr : "its address",
                   settings->connect_milliseconds / 1000.0);
    }
    return NULL;
  }
  PQsetnonblocking (connection, 1);
  return g_steal_pointer (&connection);
}

/* libpq does not leave an address of a host that neither accepts nor refuses, so each of them is tried by itself. A name
 * that nobody knows is left to libpq, which says so.
 * Returns: (transfer full) (element-type PostgresHost) */
static GPtrArray *
find_addresses (const PostgresHost *host)
{
  const struct addrinfo hints = { .ai_socktype = SOCK_STREAM };
  GPtrArray *found = g_ptr_array_new_with_free_func ((GDestroyNotify) postgres_host_free);
  struct addrinfo *all = NULL;

  if (host->host && !host->hostaddr && *host->host != '/' && *host->host != '@'
      && getaddrinfo (host->host, NULL, &hints, &all) != 0)
    all = NULL;
  for (const struct addrinfo *one = all; one; one = one->ai_next) {
    char text[NI_MAXHOST];

    if (getnameinfo (one->ai_addr, one->ai_addrlen, text, sizeof text, NULL, 0, NI_NUMERICHOST) == 0)
      g_ptr_array_add (found, postgres_host_new (host->host, text, host->port));
  }
  if (all)
    freeaddrinfo (all);
  if (found->len == 0)
    g_ptr_array_add (found, postgres_host_new (host->host, host->hostaddr, host->port));
  return found;
}

/* A server that refuses us would do so at its other addresses, too. */
static PGconn *
connect_to_host (const PostgresSettings *settings, const PostgresHost *host, const PostgresSession *session,
                 GCancellable *cancellable, GError **error)
{
  g_autoptr (GPtrArray) addresses = find_addresses (host);
  g_autoptr (GError) first = NULL;

  for (guint i = 0; i < addresses->len && !g_cancellable_is_cancelled (cancellable); i++) {
    GError *failure = NULL;
    PGconn *connection = connect_to (settings, addresses->pdata[i], session, cancellable, &failure);

    if (connection)
      return connection;
    if (first && annot_error_is_transient (failure)) {
      g_error_free (failure);
      continue;
    }
    g_clear_error (&first);
    first = failure;
    if (!annot_error_is_transient (first))
      break;
  }
  if (!first)
    g_cancellable_set_error_if_cancelled (cancellable, &first);
  g_propagate_error (error, g_steal_pointer (&first));
  return NULL;
}

static PGconn *
connect_to_any (const PostgresSettings *settings, const PostgresSession *session, GCancellable *cancellable,
                GError **error)
{
  g_autoptr (GError) first = NULL;

  for (guint i = 0; i < settings->hosts->len; i++) {
    g_autoptr (GError) failure = NULL;
    PGconn *connection = connect_to_host (settings, settings->hosts->pdata[i], session, cancellable, &failure);

    if (connection)
      return connection;
    /* A host that is away may be the one that would let us in. */
    if (!first || (!annot_error_is_transient (first) && annot_error_is_transient (failure))) {
      g_clear_error (&first);
      first = g_steal_pointer (&failure);
    }
    if (g_cancellable_is_cancelled (cancellable))
      break;
  }
  g_propagate_error (error, g_steal_pointer (&first));
  return NULL;
}

static gboolean
check_server (const PGconn *connection, const PostgresSettings *settings, GError **error)
{
  const char *encoding = PQparameterStatus (connection, "server_encoding");

  if (PQserverVersion (connection) < OLDEST_VERSION) {
    g_set_error (error, ANNOT_ERROR, ANNOT_ERROR_CONFIG, "%s: the server is PostgreSQL %s; 14 or newer is needed",
                 settings->label, PQparameterStatus (connection, "server_version"));
    return FALSE;
  }
  if (encoding && !g_str_equal (encoding, "UTF8")) {
    g_set_error (error, ANNOT_ERROR, ANNOT_ERROR_CONFIG,
                 "%s: the database has the encoding %s; make one with CREATE DATABASE … ENCODING 'UTF8'",
                 settings->label, encoding);
    return FALSE;
  }
  return TRUE;
}

/* A session of our own keeps its settings; behind a pooler of transactions each transaction brings them along.
 * Compiling the short statements of a daemon costs more than running them. The server looks for a client that is gone
 * without a word, too: by itself it would keep such a session, and what that has locked, for hours. */
static gboolean
set_up (PGconn *connection, const PostgresSettings *settings, const PostgresSession *session, GCancellable *cancellable,
        GError **error)
{
  g_autofree char *statement = g_strdup_printf ("%u", session->statement_milliseconds);
  g_autofree char *lock = g_strdup_printf ("%u", settings->lock_milliseconds);
  const char *parameters[] = { statement, lock, session->by_index ? "off" : "on", NULL };
  g_autoptr (PGresult) result = NULL;

  if (!check_server (connection, settings, error))
    return FALSE;
  if (!settings->named)
    return TRUE;
  result = postgres_blocking_execute (connection, settings,
                                      "SELECT set_config ('statement_timeout', $1, false),"
                                      " set_config ('lock_timeout', $2, false),"
                                      " set_config ('enable_seqscan', $3, false),"
                                      " set_config ('idle_in_transaction_session_timeout', '60000', false),"
                                      " set_config ('tcp_keepalives_idle', '10', false),"
                                      " set_config ('tcp_keepalives_interval', '5', false),"
                                      " set_config ('tcp_keepalives_count', '3', false),"
                                      " set_config ('tcp_user_timeout', '25000', false),"
                                      " set_config ('jit', 'off', false)",
                                      parameters, SET_UP_SECONDS, cancellable, error);
  return result != NULL;
}

PGconn *
postgres_blocking_connect (const PostgresSettings *settings, const PostgresSession *session, GCancellable *cancellable,
                           GError **error)
{
  g_autoptr (PGconn) connection = connect_to_any (settings, session, cancellable, error);

  if (!connection || !set_up (connection, settings, session, cancellable, error))
    return NULL;
  return g_steal_pointer (&connection);
}

/* Sends what is left, and reads until a result is whole. */
static gboolean
await_result (PGconn *connection, const PostgresSettings *settings, gint64 deadline, GCancellable *cancellable,
              GError **error)
{
  for (;;) {
    int unsent = PQflush (connection);

    if (unsent < 0)
      break;
    if (!unsent && !PQisBusy (connection))
      return TRUE;
    if (!wait_for_socket (connection, settings, unsent ? G_IO_IN | G_IO_OUT : G_IO_IN, deadline, cancellable, error))
      return FALSE;
    if (!PQconsumeInput (connection))
      break;
  }
  postgres_error_set_connection (error, settings, connection, POSTGRES_OPENING);
  return FALSE;
}

gboolean
postgres_blocking_await (PGconn *connection, const PostgresSettings *settings, guint seconds, GCancellable *cancellable,
                         GError **error)
{
  return await_result (connection, settings, g_get_monotonic_time () + seconds * G_USEC_PER_SEC, cancellable, error);
}

static gboolean
is_good (const PGresult *result)
{
  ExecStatusType status = PQresultStatus (result);

  return status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK;
}

PGresult *
postgres_blocking_execute (PGconn *connection, const PostgresSettings *settings, const char *sql,
                           const char *const *parameters, guint seconds, GCancellable *cancellable, GError **error)
{
  gint64 deadline = g_get_monotonic_time () + seconds * G_USEC_PER_SEC;
  g_autoptr (PGresult) last = NULL;
  int n = parameters ? (int) g_strv_length ((char **) parameters) : 0;
  int sent
      = n ? PQsendQueryParams (connection, sql, n, NULL, parameters, NULL, NULL, 0) : PQsendQuery (connection, sql);

  if (!sent) {
    postgres_error_set_connection (error, settings, connection, POSTGRES_OPENING);
    return NULL;
  }
  for (;;) {
    PGresult *result;

    if (!await_result (connection, settings, deadline, cancellable, error))
      return NULL;
    result = PQgetResult (connection);
    if (!result)
      break;
    /* The first failure is the one that counts. */
    if (last && !is_good (last)) {
      PQclear (result);
      continue;
    }
    g_clear_pointer (&last, PQclear);
    last = result;
  }
  if (last && is_good (last))
    return g_steal_pointer (&last);
  if (last)
    postgres_error_set (error, settings, last, POSTGRES_OPENING);
  else
    postgres_error_set_connection (error, settings, connection, POSTGRES_OPENING);
  return NULL;
}
