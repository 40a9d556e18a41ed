/* SPDX-License-Identifier: Apache-2.0 */
/* From the outbox to the broker, with back-off by the retry schedule. */
#pragma once

#include <annotationd/annotationd.h>

G_BEGIN_DECLS

#define ANNOT_TYPE_RELAY (annot_relay_get_type ())
G_DECLARE_FINAL_TYPE (AnnotRelay, annot_relay, ANNOT, RELAY, GObject)

typedef struct {
  guint64 published;
  guint64 failed;
  guint in_flight;
} AnnotRelayCounters;

AnnotRelay *annot_relay_new (AnnotConfig *config, AnnotStore *store, AnnotState *state, AnnotBroker *broker);
void annot_relay_start (AnnotRelay *self);
/* Something was written to the outbox here: look at once. */
void annot_relay_wake (AnnotRelay *self);
/* Publishes for two seconds more what is due, takes nothing after that, and answers when what is in flight is confirmed;
 * on cancellation it is given back. Boolean. */
void annot_relay_drain (AnnotRelay *self, GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data);
gboolean annot_relay_drain_finish (AnnotRelay *self, GAsyncResult *result, GError **error);
void annot_relay_get_counters (AnnotRelay *self, AnnotRelayCounters *counters);

G_END_DECLS
