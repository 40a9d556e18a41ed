/* SPDX-License-Identifier: Apache-2.0 */
/* WebSockets after their handshake: one epoll, frames by wslay, broadcasts shared by reference. */
#pragma once

#include <annotationd/annotationd.h>
#include "annot-channel.h"
#include "annot-identity.h"
#include "annot-poller.h"

G_BEGIN_DECLS

#define ANNOT_TYPE_HUB (annot_hub_get_type ())
G_DECLARE_FINAL_TYPE (AnnotHub, annot_hub, ANNOT, HUB, GObject)

typedef struct {
  guint connections;
  guint64 opened;
  guint64 sent_messages;
  guint64 sent_bytes;
  guint64 closed_slow;
  guint64 closed_no_pong;
} AnnotHubCounters;

AnnotHub *annot_hub_new (AnnotPipeline *pipeline, AnnotIdentity *identity, AnnotPoller *poller);
/* Takes over a socket after its 101. channel, caller (transfer full); rest (nullable): bytes that came after the request. */
void annot_hub_adopt (AnnotHub *self, AnnotChannel *channel, AnnotCaller *caller, GBytes *rest);
/* For the older path: says that it has moved, and closes with 3000. channel (transfer full). */
void annot_hub_turn_away (AnnotHub *self, AnnotChannel *channel);
/* Closes all with 3001 in jittered batches; answers when they are gone, 5 s at most. Boolean. */
void annot_hub_drain (AnnotHub *self, GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data);
gboolean annot_hub_drain_finish (AnnotHub *self, GAsyncResult *result, GError **error);
/* Cuts every socket, at the end of the server. */
void annot_hub_close_all (AnnotHub *self);
void annot_hub_get_counters (AnnotHub *self, AnnotHubCounters *counters);

G_END_DECLS
