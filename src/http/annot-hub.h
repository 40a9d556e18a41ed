/* SPDX-License-Identifier: Apache-2.0 */
/* WebSockets after their handshake: one epoll, frames by wslay, broadcasts shared by reference. */
#pragma once

#include <annotationd/annotationd.h>
#include "annot-identity.h"

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

AnnotHub *annot_hub_new (AnnotPipeline *pipeline, AnnotIdentity *identity);
/* Takes over an upgraded socket: the stream was stolen from libsoup after its 101. caller (transfer full). */
void annot_hub_adopt (AnnotHub *self, GIOStream *stream, AnnotCaller *caller, const char *client);
/* Closes all with 3001 in jittered batches; answers when they are gone, 5 s at most. Boolean. */
void annot_hub_drain (AnnotHub *self, GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data);
gboolean annot_hub_drain_finish (AnnotHub *self, GAsyncResult *result, GError **error);
void annot_hub_get_counters (AnnotHub *self, AnnotHubCounters *counters);

G_END_DECLS
