/* SPDX-License-Identifier: Apache-2.0 */
/* A client's connection: reads one request after the other, writes the answers, with a deadline on every state. */
#pragma once

#include <annotationd/annotationd.h>
#include "annot-channel.h"
#include "annot-guard.h"
#include "annot-poller.h"
#include "annot-request.h"

G_BEGIN_DECLS

typedef struct _AnnotConnection AnnotConnection;

/**
 * AnnotTransport:
 * @poller: sockets and deadlines
 * @server: what requests answer for annot_request_get_server()
 * @certificate: (nullable): TLS on every connection
 * @header_timeout: from the first byte of a head to its end; times are in microseconds
 * @body_timeout: without a byte of a body
 * @handler_timeout: for a handler's answer, or its next piece
 * @write_timeout: without a byte taken by the client
 * @idle_timeout: between requests
 * @body_budget: bytes of bodies under way, of all connections
 * @accept: called with a request whose head is read; the request is the callee's to answer
 * @trusts: whether an address is one of the trusted proxies
 * @user_data: for @accept and @trusts
 *
 * What all connections of a server share.
 */
typedef struct {
  AnnotPoller *poller;
  struct _AnnotHttpServer *server;
  AnnotPipeline *pipeline;
  GTlsCertificate *certificate;
  gint64 header_timeout;
  gint64 body_timeout;
  gint64 handler_timeout;
  gint64 write_timeout;
  gint64 idle_timeout;
  gsize body_budget;
  void (*accept) (AnnotRequest *request, gpointer user_data);
  gboolean (*trusts) (const char *address, gpointer user_data);
  gpointer user_data;

  gboolean says_close;  /* answers say Connection: close */
  gboolean is_draining; /* and there are no more requests */
  GQueue connections;
  GQueue to_shake;  /* connections that wait for a TLS handshake */
  guint handshakes; /* under way */
  gsize body_bytes;
  guint64 requests;
  guint64 timeouts;
  guint64 by_class[6];
} AnnotTransport;

/* channel (transfer full). The transport owns the connection. */
void annot_connection_start (AnnotTransport *transport, AnnotChannel *channel);
/* No more requests: closes the connections that are idle, the others after their answer. */
void annot_transport_drain (AnnotTransport *transport);
/* Closes every connection now. */
void annot_transport_close_all (AnnotTransport *transport);

/* The rest is for requests. */

typedef void (*AnnotBodyFunc) (AnnotRequest *request);
/* Reads the body that the head announced, then calls back, at once when it is there. limit: of a body in chunks, which does
 * not say its length before. */
void annot_connection_read_body (AnnotConnection *self, gsize limit, AnnotBodyFunc callback);
/* Passes over a body that nobody wants. FALSE: it has not come whole, and only closing ends it. */
gboolean annot_connection_skip_body (AnnotConnection *self);
/* Writes a whole answer; then the next request is read, or the connection closed. head (transfer full). */
void annot_connection_answer (AnnotConnection *self, GString *head, GBytes *body, gboolean close);
/* Writes a piece of an answer; callback when the client has taken it. bytes (transfer full). */
typedef void (*AnnotDrainedFunc) (AnnotRequest *request);
void annot_connection_write (AnnotConnection *self, GBytes *bytes, AnnotDrainedFunc callback);
/* The answer begun with annot_connection_write() is whole. */
void annot_connection_end_answer (AnnotConnection *self, gboolean close);
/* Cuts the connection. */
void annot_connection_abort (AnnotConnection *self);
/* Writes the head of a 101, then gives the socket away. rest (nullable): bytes that came after the request. */
typedef void (*AnnotUpgradedFunc) (AnnotChannel *channel, GBytes *rest, gpointer user_data);
void annot_connection_upgrade (AnnotConnection *self, GString *head, AnnotUpgradedFunc callback, gpointer user_data,
                               GDestroyNotify destroy);
const AnnotPeer *annot_connection_get_peer (AnnotConnection *self);

G_END_DECLS
