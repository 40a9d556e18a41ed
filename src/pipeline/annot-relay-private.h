/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of the relay share. */
#pragma once

#include "annot-log-limit.h"
#include "annot-relay.h"

G_BEGIN_DECLS

/*
 * @flying: id → #AnnotOutgoing: taken and neither confirmed nor given back
 * @confirmed: ids that the broker has, to be deleted from the outbox; of these @confirming are being deleted now
 * @away_until: monotonic; before this nothing is taken, then one message as a probe, until one succeeds
 */
struct _AnnotRelay {
  GObject parent_instance;

  AnnotStore *store;
  AnnotState *state;
  AnnotBroker *broker;
  gint64 retry_seconds;
  guint retry_attempts;
  GCancellable *cancellable;

  gboolean started;
  gboolean stopped;
  guint poll_timer;
  guint turn;
  gboolean taking;
  gint64 taking_since;
  gboolean wanted;
  gsize flying_bytes;
  GHashTable *flying;

  guint producing;
  GPtrArray *confirmed;
  gboolean confirming;
  guint confirm_failures;
  guint confirm_timer;
  guint postponing;

  guint failures;
  gint64 away_until;
  gsize typical_bytes;
  GHashTable *alarmed;
  gboolean checking_retries;

  GTask *drain_task;
  GSource *drain_cancelled;
  gint64 take_until;
  AnnotRelayCounters counters;
  AnnotLogLimit produce_limit;
  AnnotLogLimit store_limit;
};

/* annot-relay.c */
void annot_relay_pump (AnnotRelay *self);
/* The message is neither in flight nor waiting for its confirmation any more. */
void annot_relay_land (AnnotRelay *self, const char *id);
/* Something has ended: what waited for that goes on. */
void annot_relay_settle (AnnotRelay *self);
void annot_relay_report (AnnotRelay *self, const char *what, const GError *error);

/* annot-relay-confirm.c */
/* The broker has the message: it goes from the outbox, soon and with others. */
void annot_relay_confirm (AnnotRelay *self, const AnnotOutgoing *outgoing);
/* Publishing has failed: due again later. */
void annot_relay_postpone (AnnotRelay *self, const AnnotOutgoing *outgoing, const GError *error);
/* Takes what is due from the shared schedule. */
void annot_relay_check_retries (AnnotRelay *self);

G_END_DECLS
