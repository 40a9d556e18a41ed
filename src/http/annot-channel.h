/* SPDX-License-Identifier: Apache-2.0 */
/* An accepted socket, with or without TLS, and its place in the limits. */
#pragma once

#include <gio/gio.h>
#include <sys/uio.h>

G_BEGIN_DECLS

/**
 * AnnotPeer:
 * @connections: how many it has open
 * @handshakes: how many of these are in the middle of a TLS handshake
 * @is_trusted: a trusted proxy, or a local socket: not limited, and its forwarding headers count
 * @name: its address as text; "unix" for a local socket
 *
 * One remote address that has connections.
 */
typedef struct {
  guint connections;
  guint handshakes;
  gboolean is_trusted;
  char name[];
} AnnotPeer;

/**
 * AnnotChannel:
 * @fd: the non-blocking socket
 * @tls: (nullable): the TLS session on it
 * @peer: whose it is
 *
 * Owned by whoever reads from it: a connection first, a WebSocket after an upgrade.
 */
typedef struct _AnnotChannel AnnotChannel;

/* Called when a channel is closed, to give its place back. */
typedef void (*AnnotChannelReleased) (AnnotChannel *channel, gpointer user_data);

struct _AnnotChannel {
  int fd;
  GTlsConnection *tls;
  AnnotPeer *peer;
  AnnotChannelReleased released;
  gpointer user_data;
};

AnnotChannel *annot_channel_new (int fd, AnnotPeer *peer, AnnotChannelReleased released, gpointer user_data);
/* Closes the socket. */
void annot_channel_free (AnnotChannel *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (AnnotChannel, annot_channel_free)

/* Puts a TLS session on it; the handshake is the caller's to start with g_tls_connection_handshake_async(). */
gboolean annot_channel_start_tls (AnnotChannel *self, GTlsCertificate *certificate, GError **error);
/* Both: bytes moved; 0 of a read: the peer has ended; -1 with errno, EAGAIN when it would block. Never block. */
gssize annot_channel_read (AnnotChannel *self, void *buffer, gsize size);
gssize annot_channel_writev (AnnotChannel *self, const struct iovec *parts, int n_parts);
/* No more will be written: the peer sees the end. */
void annot_channel_shutdown (AnnotChannel *self);

G_END_DECLS
