/* SPDX-License-Identifier: Apache-2.0 */
/* Bytes to and from a server, by TCP, TLS or a Unix socket, without ever blocking. */
#include "redis-transport.h"

#include <netinet/in.h>
#include <netinet/tcp.h>

#define CHUNK (64 * 1024)
/* Other sources of the loop have their turn after so many chunks. */
#define CHUNKS_A_TURN 16
/* What has been sent is cut off the front of the output once it is this long. */
#define SENT_LIMIT (256 * 1024)

struct RedisTransport {
  grefcount refs;
  const RedisSettings *settings;
  GMainContext *context;
  const RedisTransportEvents *events;
  gpointer user_data;
  RedisAddress *address;
  GCancellable *cancellable;
  GSocketConnection *connection;
  GIOStream *stream; /* the connection, or TLS on it */
  GTlsCertificateFlags distrust;
  GSource *reading;
  GSource *writing;
  GString *output;
  gsize sent; /* bytes at the front of the output */
  gboolean closed;
  char chunk[CHUNK];
};

RedisTransport *
redis_transport_new (const RedisSettings *settings, GMainContext *context, const RedisTransportEvents *events,
                     gpointer user_data)
{
  RedisTransport *self = g_new0 (RedisTransport, 1);

  g_ref_count_init (&self->refs);
  self->settings = settings;
  self->context = g_main_context_ref (context);
  self->events = events;
  self->user_data = user_data;
  self->cancellable = g_cancellable_new ();
  self->output = g_string_new (NULL);
  return self;
}

static RedisTransport *
redis_transport_ref (RedisTransport *self)
{
  g_ref_count_inc (&self->refs);
  return self;
}

static void
clear_source (GSource **source)
{
  if (*source)
    g_source_destroy (*source);
  g_clear_pointer (source, g_source_unref);
}

void
redis_transport_unref (RedisTransport *self)
{
  if (!g_ref_count_dec (&self->refs))
    return;
  redis_transport_close (self);
  g_clear_object (&self->cancellable);
  g_clear_pointer (&self->address, redis_address_free);
  g_main_context_unref (self->context);
  g_string_free (self->output, TRUE);
  g_free (self);
}

static void
fail (RedisTransport *self, const GError *error)
{
  g_autoptr (RedisTransport) alive = redis_transport_ref (self);

  if (self->closed)
    return;
  redis_transport_close (self);
  self->events->failed (error, self->user_data);
}

static void
fail_io (RedisTransport *self, const char *what, const GError *error)
{
  g_autofree char *where = redis_address_describe (self->address);
  g_autoptr (GError) told
      = g_error_new (ANNOT_ERROR, ANNOT_ERROR_NOT_CONNECTED, "redis: %s: %s: %s", where, what, error->message);

  fail (self, told);
}

static void fail_tls (RedisTransport *self, const GError *error);

static gboolean
is_would_block (const GError *error)
{
  return g_error_matches (error, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK);
}

/* Reading */

static gboolean
on_readable (GObject *object, gpointer user_data)
{
  g_autoptr (RedisTransport) self = redis_transport_ref (user_data);
  GPollableInputStream *input = G_POLLABLE_INPUT_STREAM (object);

  for (guint i = 0; i < CHUNKS_A_TURN && !self->closed; i++) {
    g_autoptr (GError) error = NULL;
    gssize size = g_pollable_input_stream_read_nonblocking (input, self->chunk, CHUNK, NULL, &error);
    g_autoptr (GError) ended = NULL;

    if (is_would_block (error))
      break;
    if (size == 0)
      ended = g_error_new_literal (G_IO_ERROR, G_IO_ERROR_CLOSED, "the server has closed the connection");
    /* With TLS 1.3 a server refuses a client's certificate only now. */
    if (error && error->domain == G_TLS_ERROR)
      fail_tls (self, error);
    else if (size <= 0)
      fail_io (self, "connection lost", error ? error : ended);
    if (size <= 0)
      return G_SOURCE_REMOVE;
    self->events->received (self->chunk, (gsize) size, self->user_data);
  }
  return G_SOURCE_CONTINUE;
}

/* Writing */

/* Returns: whether there is more to write when the kernel takes it; also FALSE when it has failed */
static gboolean
write_output (RedisTransport *self, GError **error)
{
  GPollableOutputStream *output = G_POLLABLE_OUTPUT_STREAM (g_io_stream_get_output_stream (self->stream));

  while (self->sent < self->output->len) {
    g_autoptr (GError) problem = NULL;
    gssize size = g_pollable_output_stream_write_nonblocking (output, self->output->str + self->sent,
                                                              self->output->len - self->sent, NULL, &problem);

    if (size < 0) {
      if (is_would_block (problem))
        break;
      g_propagate_error (error, g_steal_pointer (&problem));
      return FALSE;
    }
    self->sent += (gsize) size;
  }
  if (self->sent == self->output->len)
    g_string_truncate (self->output, 0);
  else if (self->sent >= SENT_LIMIT)
    g_string_erase (self->output, 0, (gssize) self->sent);
  else
    return TRUE;
  self->sent = 0;
  return self->output->len > 0;
}

static gboolean on_writable (GObject *object, gpointer user_data);

static void
write_and_wait (RedisTransport *self)
{
  GPollableOutputStream *output = G_POLLABLE_OUTPUT_STREAM (g_io_stream_get_output_stream (self->stream));
  g_autoptr (GError) error = NULL;
  gboolean more = write_output (self, &error);

  clear_source (&self->writing);
  if (error) {
    fail_io (self, "connection lost", error);
  } else if (more) {
    self->writing = g_pollable_output_stream_create_source (output, NULL);
    g_source_set_callback (self->writing, G_SOURCE_FUNC (on_writable), self, NULL);
    g_source_attach (self->writing, self->context);
  }
}

static gboolean
on_writable (GObject *object, gpointer user_data)
{
  g_autoptr (RedisTransport) self = redis_transport_ref (user_data);

  write_and_wait (self);
  return G_SOURCE_REMOVE;
}

static gboolean
on_turn_ends (gpointer user_data)
{
  g_autoptr (RedisTransport) self = redis_transport_ref (user_data);

  write_and_wait (self);
  return G_SOURCE_REMOVE;
}

void
redis_transport_send (RedisTransport *self, const char *data, gsize size)
{
  if (self->closed || !self->stream)
    return;
  g_string_append_len (self->output, data, (gssize) size);
  if (self->writing)
    return;
  /* One write for all that this turn of the loop asks for. */
  self->writing = g_idle_source_new ();
  g_source_set_priority (self->writing, G_PRIORITY_DEFAULT);
  g_source_set_callback (self->writing, on_turn_ends, self, NULL);
  g_source_set_static_name (self->writing, "redis output");
  g_source_attach (self->writing, self->context);
}

/* Connecting */

static void
take_stream (RedisTransport *self, GIOStream *stream)
{
  GPollableInputStream *input = G_POLLABLE_INPUT_STREAM (g_io_stream_get_input_stream (stream));

  g_set_object (&self->stream, stream);
  self->reading = g_pollable_input_stream_create_source (input, NULL);
  g_source_set_callback (self->reading, G_SOURCE_FUNC (on_readable), self, NULL);
  g_source_attach (self->reading, self->context);
  self->events->connected (self->user_data);
}

static const char *
describe_distrust (GTlsCertificateFlags flags)
{
  if (flags & G_TLS_CERTIFICATE_UNKNOWN_CA)
    return "signed by an authority that is not trusted: check [redis] tls-ca-file";
  if (flags & G_TLS_CERTIFICATE_BAD_IDENTITY)
    return "for another host: write the name that it is for in [redis] url";
  if (flags & G_TLS_CERTIFICATE_EXPIRED)
    return "expired: renew it on the server";
  if (flags & G_TLS_CERTIFICATE_NOT_ACTIVATED)
    return "not valid yet: check the clocks";
  return "refused";
}

static gboolean
on_distrusted (GTlsConnection *tls, GTlsCertificate *certificate, GTlsCertificateFlags flags, gpointer user_data)
{
  RedisTransport *self = user_data;

  self->distrust = flags;
  return FALSE;
}

static void
fail_tls (RedisTransport *self, const GError *error)
{
  g_autofree char *where = redis_address_describe (self->address);
  g_autoptr (GError) told = NULL;

  if (self->distrust != 0) {
    told = g_error_new (ANNOT_ERROR, ANNOT_ERROR_CONFIG, "redis: the certificate of %s is %s", where,
                        describe_distrust (self->distrust));
    fail (self, told);
  } else if (error->domain == G_TLS_ERROR && error->code != G_TLS_ERROR_EOF) {
    told = g_error_new (ANNOT_ERROR, ANNOT_ERROR_CONFIG, "redis: TLS with %s failed: %s (is its port one for TLS?)",
                        where, error->message);
    fail (self, told);
  } else {
    g_autofree char *what = g_strconcat ("TLS with ", where, NULL);

    fail_io (self, what, error);
  }
}

static void
on_handshake (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (RedisTransport) self = user_data;
  g_autoptr (GIOStream) stream = g_object_ref (G_IO_STREAM (source));
  g_autoptr (GError) error = NULL;
  gboolean good = g_tls_connection_handshake_finish (G_TLS_CONNECTION (source), result, &error);

  g_signal_handlers_disconnect_by_data (source, self);
  if (self->closed)
    return;
  if (good)
    take_stream (self, stream);
  else
    fail_tls (self, error);
}

static void
start_tls (RedisTransport *self)
{
  g_autoptr (GSocketConnectable) identity = redis_address_to_connectable (self->address);
  g_autoptr (GError) error = NULL;
  g_autoptr (GIOStream) tls = g_tls_client_connection_new (G_IO_STREAM (self->connection), identity, &error);

  if (!tls) {
    fail_tls (self, error);
    return;
  }
  if (self->settings->trusted)
    g_tls_connection_set_database (G_TLS_CONNECTION (tls), self->settings->trusted);
  if (self->settings->certificate)
    g_tls_connection_set_certificate (G_TLS_CONNECTION (tls), self->settings->certificate);
  g_signal_connect (tls, "accept-certificate", G_CALLBACK (on_distrusted), self);
  g_tls_connection_handshake_async (G_TLS_CONNECTION (tls), G_PRIORITY_DEFAULT, self->cancellable, on_handshake,
                                    redis_transport_ref (self));
}

static void
on_connected (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (RedisTransport) self = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (GSocketConnection) connection = g_socket_client_connect_finish (G_SOCKET_CLIENT (source), result, &error);

  if (self->closed)
    return;
  if (!connection) {
    g_autofree char *where = redis_address_describe (self->address);
    g_autofree char *what = g_strconcat ("no connection to ", where, NULL);

    fail_io (self, what, error);
    return;
  }
  self->connection = g_steal_pointer (&connection);
  if (!self->address->path) {
    GSocket *socket = g_socket_connection_get_socket (self->connection);

    g_socket_set_keepalive (socket, TRUE);
    g_socket_set_option (socket, IPPROTO_TCP, TCP_NODELAY, 1, NULL);
  }
  if (self->address->tls)
    start_tls (self);
  else
    take_stream (self, G_IO_STREAM (self->connection));
}

void
redis_transport_connect (RedisTransport *self, const RedisAddress *address)
{
  g_autoptr (GSocketClient) client = g_socket_client_new ();
  g_autoptr (GSocketConnectable) where = redis_address_to_connectable (address);

  g_return_if_fail (!self->address);

  self->address = redis_address_copy (address);
  /* A proxy for the web is none for this. */
  g_socket_client_set_enable_proxy (client, FALSE);
  g_socket_client_connect_async (client, where, self->cancellable, on_connected, redis_transport_ref (self));
}

void
redis_transport_close (RedisTransport *self)
{
  if (self->closed)
    return;
  self->closed = TRUE;
  g_cancellable_cancel (self->cancellable);
  clear_source (&self->reading);
  clear_source (&self->writing);
  if (self->stream)
    write_output (self, NULL);
  /* Not by the stream: TLS would wait for the server's word of farewell. */
  if (self->connection)
    g_socket_close (g_socket_connection_get_socket (self->connection), NULL);
  g_clear_object (&self->stream);
  g_clear_object (&self->connection);
}
