/* SPDX-License-Identifier: Apache-2.0 */
/* The hub's insides, for its parts and for measurements. */
#pragma once

#include "annot-hub.h"
#include "annot-websocket.h"

G_BEGIN_DECLS

struct _AnnotHub {
  GObject parent_instance;

  AnnotPoller *poller;
  AnnotNotifier *notifier; /* these four are NULL in a measurement */
  AnnotDesk *desk;
  AnnotPresence *presence;
  AnnotIdentity *identity;
  AnnotWebSocketShared shared;
  GPtrArray *sockets;
  GCancellable *cancellable;

  AnnotDeferred flushing;
  guint flush_next; /* index of the next socket to write to */
  guint flush_left; /* sockets that have not been written to since the last broadcast */

  AnnotTimer drain_timer;
  gint64 drain_deadline;
  guint drain_batch;
  GTask *drain;

  guint64 opened;
  guint64 sent_messages;
};

/* Writes one text message to every page, at the end of this turn of the loop. */
void annot_hub_broadcast (AnnotHub *self, GBytes *text);
/* What a page asks for. */
void annot_hub_handle_message (AnnotWebSocket *socket, const char *text, gsize length, gpointer user_data);

G_END_DECLS
