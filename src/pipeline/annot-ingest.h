/* SPDX-License-Identifier: Apache-2.0 */
/* From broker or HTTP into the store: batches, back-pressure, dead letters. */
#pragma once

#include <annotationd/annotationd.h>
#include "annot-notifier.h"
#include "model/annot-limits.h"

G_BEGIN_DECLS

#define ANNOT_TYPE_INGEST (annot_ingest_get_type ())
G_DECLARE_FINAL_TYPE (AnnotIngest, annot_ingest, ANNOT, INGEST, GObject)

/* Since the start of this instance. */
typedef struct {
  guint64 consumed;
  guint64 stored;
  guint64 known;
  guint64 dead_lettered;
  guint64 batches;
  guint64 store_retries;
  guint in_flight;
  gboolean paused;
} AnnotIngestCounters;

AnnotIngest *annot_ingest_new (AnnotConfig *config, AnnotStore *store, AnnotBroker *broker, AnnotNotifier *notifier);
/* Sets the broker's listener and consumes the hard-examples topic. Boolean. */
void annot_ingest_start (AnnotIngest *self, GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data);
gboolean annot_ingest_start_finish (AnnotIngest *self, GAsyncResult *result, GError **error);
/* Takes nothing more, and answers when what was taken is durable and its offsets are stored. Boolean. */
void annot_ingest_drain (AnnotIngest *self, GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data);
gboolean annot_ingest_drain_finish (AnnotIngest *self, GAsyncResult *result, GError **error);
/* For HTTP: stores and announces. Pointer: GArray of AnnotPutResult, in order. */
void annot_ingest_put (AnnotIngest *self, GPtrArray *examples, GCancellable *cancellable, GAsyncReadyCallback callback,
                       gpointer user_data);
GArray *annot_ingest_put_finish (AnnotIngest *self, GAsyncResult *result, GError **error);
void annot_ingest_get_counters (AnnotIngest *self, AnnotIngestCounters *counters);
const AnnotLimits *annot_ingest_get_limits (AnnotIngest *self);

G_END_DECLS
