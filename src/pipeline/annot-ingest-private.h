/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of the intake share. */
#pragma once

#include "annot-ingest.h"
#include "annot-log-limit.h"
#include "annot-offset-tracker.h"

G_BEGIN_DECLS

/* What is put together or not at all: one consumed message, or all examples of one HTTP request. */
typedef struct {
  AnnotExample *example;
  AnnotMessage *message;
  AnnotOffsetEntry *entry;

  GPtrArray *examples;
  GTask *task;

  guint rows;
  gsize bytes;
} AnnotIngestUnit;

/* Those units that are in the store now. ranges: what of them is still to be put, the next one last. stalled: it waits
 * to be tried again. */
typedef struct {
  GPtrArray *units;
  GArray *ranges;
  guint attempts;
  gboolean stalled;
} AnnotIngestBatch;

struct _AnnotIngest {
  GObject parent_instance;

  AnnotStore *store;
  AnnotBroker *broker;
  AnnotNotifier *notifier;
  AnnotLimits limits;
  char *topic;
  char *dead_letter_topic;
  guint batch_size;
  guint batch_milliseconds;
  GCancellable *cancellable;

  gboolean consuming;
  gboolean draining;
  gboolean aborted;
  GQueue queue;
  gsize queue_bytes;
  GPtrArray *batches;
  guint batch_timer;
  guint retry_timer;
  guint announcing;
  GHashTable *letters;
  guint rows;
  gsize bytes;
  gboolean paused;

  AnnotOffsetTracker *tracker;
  guint offsets_storing;
  guint offset_timer;
  GPtrArray *revoking;
  guint revoke_timer;

  GTask *drain_task;
  GSource *drain_cancelled;
  AnnotIngestCounters counters;
  AnnotLogLimit store_limit;
  AnnotLogLimit letter_limit;
  AnnotLogLimit letter_failure_limit;
  AnnotLogLimit offset_limit;
  AnnotLogLimit broker_limit;
};

/* annot-ingest.c */
/* The unit is done with: its entry (when it still has one) is abandoned. Frees it. */
void annot_ingest_retire (AnnotIngest *self, AnnotIngestUnit *unit);
/* Returns: (transfer full) (nullable): the first that waits for a batch */
AnnotIngestUnit *annot_ingest_pop (AnnotIngest *self);
/* Pauses or resumes the broker by what is under way. */
void annot_ingest_press (AnnotIngest *self);
/* Something has ended: what waited for that goes on. */
void annot_ingest_settle (AnnotIngest *self);

/* annot-ingest-store.c */
/* Starts the next batch when the store has none, or when there is a full one to follow it. */
void annot_ingest_flush (AnnotIngest *self);
/* Whether what waits is a full batch. */
gboolean annot_ingest_is_full (const AnnotIngest *self);
void annot_ingest_batch_free (AnnotIngestBatch *batch);

/* annot-ingest-letters.c */
/* Sends a consumed unit (transfer full) to the dead-letter topic, for as long as it takes. */
void annot_ingest_reject (AnnotIngest *self, AnnotIngestUnit *unit, const char *stage, const char *reason);
void annot_ingest_letters_stop (AnnotIngest *self);

/* annot-ingest-offsets.c */
void annot_ingest_store_offsets (AnnotIngest *self);
void annot_ingest_revoke (AnnotIngest *self, GPtrArray *partitions, gboolean lost);
/* Ends the hand-over of partitions when nothing of them is under way. */
void annot_ingest_check_revoked (AnnotIngest *self);

G_END_DECLS
