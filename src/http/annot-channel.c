/* SPDX-License-Identifier: Apache-2.0 */
/* An accepted socket, with or without TLS, and its place in the limits. */
#include "annot-channel.h"

#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

/* How much of several parts is put together for one TLS record. */
#define TLS_PIECE (16 * 1024)

AnnotChannel *
annot_channel_new (int fd, AnnotPeer *peer, AnnotChannelReleased released, gpointer user_data)
{
  AnnotChannel *self = g_new0 (AnnotChannel, 1);
  self->fd = fd;
  self->peer = peer;
  self->released = released;
  self->user_data = user_data;
  return self;
}

void
annot_channel_free (AnnotChannel *self)
{
  if (self->tls != NULL) {
    /* The socket closes with the last reference of the stream below. */
    shutdown (self->fd, SHUT_RDWR);
    g_object_unref (self->tls);
  } else if (self->fd != -1) {
    close (self->fd);
  }
  if (self->released != NULL) {
    self->released (self, self->user_data);
  }
  g_free (self);
}

gboolean
annot_channel_start_tls (AnnotChannel *self, GTlsCertificate *certificate, GError **error)
{
  g_autoptr (GSocket) socket = g_socket_new_from_fd (self->fd, error);
  if (socket == NULL) {
    return FALSE;
  }
  g_autoptr (GSocketConnection) stream = g_socket_connection_factory_create_connection (socket);
  g_autoptr (GIOStream) tls = g_tls_server_connection_new (G_IO_STREAM (stream), certificate, error);
  if (tls == NULL) {
    self->fd = -1; /* closes with the stream */
    return FALSE;
  }
  static const char *const protocols[] = { "http/1.1", NULL };
  g_tls_connection_set_advertised_protocols (G_TLS_CONNECTION (tls), protocols);
  g_tls_connection_set_require_close_notify (G_TLS_CONNECTION (tls), FALSE);
  self->tls = G_TLS_CONNECTION (g_steal_pointer (&tls));
  return TRUE;
}

static gssize
fail (GError *error)
{
  g_autoptr (GError) owned = error;
  errno = g_error_matches (owned, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK) ? EAGAIN : ECONNRESET;
  return -1;
}

gssize
annot_channel_read (AnnotChannel *self, void *buffer, gsize size)
{
  if (self->tls == NULL) {
    gssize count;
    do {
      count = recv (self->fd, buffer, size, 0);
    } while (count == -1 && errno == EINTR);
    return count;
  }
  GError *error = NULL;
  GInputStream *stream = g_io_stream_get_input_stream (G_IO_STREAM (self->tls));
  gssize count = g_pollable_input_stream_read_nonblocking (G_POLLABLE_INPUT_STREAM (stream), buffer, size, NULL, &error);
  return count == -1 ? fail (error) : count;
}

static gssize
write_tls (AnnotChannel *self, const struct iovec *parts, int n_parts)
{
  guint8 piece[TLS_PIECE];
  gsize length = 0;
  for (int i = 0; i < n_parts && length < sizeof piece; i++) {
    gsize take = MIN (parts[i].iov_len, sizeof piece - length);
    memcpy (piece + length, parts[i].iov_base, take);
    length += take;
  }
  GError *error = NULL;
  GOutputStream *stream = g_io_stream_get_output_stream (G_IO_STREAM (self->tls));
  gssize count
      = g_pollable_output_stream_write_nonblocking (G_POLLABLE_OUTPUT_STREAM (stream), piece, length, NULL, &error);
  return count == -1 ? fail (error) : count;
}

gssize
annot_channel_writev (AnnotChannel *self, const struct iovec *parts, int n_parts)
{
  if (self->tls != NULL) {
    return write_tls (self, parts, n_parts);
  }
  struct msghdr message = { .msg_iov = (struct iovec *)parts, .msg_iovlen = (size_t)n_parts };
  gssize count;
  do {
    count = sendmsg (self->fd, &message, MSG_NOSIGNAL);
  } while (count == -1 && errno == EINTR);
  return count;
}

void
annot_channel_shutdown (AnnotChannel *self)
{
  shutdown (self->fd, SHUT_WR);
}
