/* SPDX-License-Identifier: Apache-2.0 */
/* One WebSocket: what it still gets, its limits and deadlines, and how it closes. */
#pragma once

#include <annotationd/annotationd.h>

#include "annot-broadcast.h"
#include "annot-channel.h"
#include "annot-identity.h"
#include "annot-poller.h"

G_BEGIN_DECLS

/* Close codes: 3000 … 3499 ask the page to connect again, 3500 … 3999 not to. */
typedef enum {
  ANNOT_CLOSE_MOVED = 3000,
  ANNOT_CLOSE_SHUTDOWN = 3001,
  ANNOT_CLOSE_SLOW = 3008,
  ANNOT_CLOSE_NO_PONG = 3012,
  ANNOT_CLOSE_TOO_MANY_REQUESTS = 3013,
  ANNOT_CLOSE_INVALID_TOKEN = 3500,
  ANNOT_CLOSE_BAD_REQUEST = 3501,
} AnnotCloseCode;

/* Who may have a WebSocket. */
#define ANNOT_WEBSOCKET_ROLES (ANNOT_ROLE_ANNOTATOR | ANNOT_ROLE_ADMIN)

typedef struct _AnnotWebSocket AnnotWebSocket;

/**
 * AnnotWebSocketShared:
 * @message: a text message has come; the socket may be closed by it
 * @gone: the socket is about to be freed
 * @pinged: (nullable): another ping interval has passed
 * @message_limit: largest message of a client, bytes
 * @queue_limit: most bytes that may wait to be sent
 * @ping_interval, @pong_timeout: microseconds
 *
 * What all sockets of a hub share.
 */
typedef struct {
  AnnotPoller *poller;
  AnnotBroadcast broadcast;
  void (*message) (AnnotWebSocket *socket, const char *text, gsize length, gpointer user_data);
  void (*gone) (AnnotWebSocket *socket, gpointer user_data);
  void (*pinged) (AnnotWebSocket *socket, gpointer user_data);
  gpointer user_data;
  gsize message_limit;
  gsize queue_limit;
  gint64 ping_interval;
  gint64 pong_timeout;
  guint64 sent_bytes;
  guint64 closed_slow;
  guint64 closed_no_pong;
} AnnotWebSocketShared;

/* channel, caller (transfer full); caller and rest may be NULL. The socket frees itself when it has ended. */
AnnotWebSocket *annot_websocket_new (AnnotWebSocketShared *shared, AnnotChannel *channel, AnnotCaller *caller,
                                     GBytes *rest);
const AnnotCaller *annot_websocket_get_caller (AnnotWebSocket *self);
/* For the owner's list. */
guint annot_websocket_get_index (AnnotWebSocket *self);
void annot_websocket_set_index (AnnotWebSocket *self, guint index);
/* Work on behalf of the socket holds it by this handle; the pointer in it becomes NULL with the socket's end. */
typedef struct {
  grefcount refs;
  AnnotWebSocket *socket;
} AnnotWebSocketHandle;
AnnotWebSocketHandle *annot_websocket_get_handle (AnnotWebSocket *self);
void annot_websocket_handle_unref (AnnotWebSocketHandle *handle);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (AnnotWebSocketHandle, annot_websocket_handle_unref)
/* Requests under way, for a bound. */
guint8 *annot_websocket_get_pending (AnnotWebSocket *self);

/* A message for this page alone, after what was broadcast before. Goes out at the end of the turn. */
void annot_websocket_send (AnnotWebSocket *self, const void *text, gsize length);
/* So many bytes were asked for by the page: they do not count as slowness until all is sent. */
void annot_websocket_allow (AnnotWebSocket *self, gsize bytes);
/* While it is held, what is broadcast waits, and what is sent goes ahead of it. */
/* FALSE: it is held already. */
gboolean annot_websocket_hold (AnnotWebSocket *self);
void annot_websocket_release (AnnotWebSocket *self);
/* Writes what there is to write, unless the socket waits for room. May free the socket. */
void annot_websocket_flush (AnnotWebSocket *self);
/* Sends what is queued and the close frame, and ends when the peer has answered, or 5 s later. Idempotent. */
void annot_websocket_close (AnnotWebSocket *self, AnnotCloseCode code, const char *reason);
/* As annot_websocket_close() for the end of the service. FALSE: it was closing already. */
gboolean annot_websocket_begin_shutdown (AnnotWebSocket *self);
/* Ends now. */
void annot_websocket_cut (AnnotWebSocket *self);

G_END_DECLS
