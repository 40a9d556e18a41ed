/* SPDX-License-Identifier: Apache-2.0 */
/* Batches into the store: the next while one is under way, retried while the store is away, bisected to the row it cannot
 * take. */
#include "annot-backoff.h"
#include "annot-ingest-private.h"

#define RETRY_BASE_MILLISECONDS 100
#define RETRY_CAP_MILLISECONDS 1500
#define RETRY_JITTER 0.3
/* A batch is ended by this, too: rows with large frames are not gathered by the hundred. */
#define BATCH_BYTES (4 * 1024 * 1024)
/* While one commits, the store has the next at hand. They may end in either order. */
#define BATCHES_IN_STORE 2

/* A run of the batch's units. */
typedef struct {
  guint first;
  guint count;
} Range;

/* A put that is under way. */
typedef struct {
  AnnotIngest *ingest;
  AnnotIngestBatch *batch;
  Range range;
} Put;

/* Stored units whose notifications are going out; only then are they done. */
typedef struct {
  AnnotIngest *ingest;
  GPtrArray *units;
} Announced;

static void put_next (AnnotIngest *self, AnnotIngestBatch *batch);

void
annot_ingest_batch_free (AnnotIngestBatch *batch)
{
  g_ptr_array_unref (batch->units);
  g_array_unref (batch->ranges);
  g_free (batch);
}

static void
push_range (AnnotIngestBatch *batch, guint first, guint count)
{
  Range range = {first, count};

  if (count > 0)
    g_array_append_val (batch->ranges, range);
}

/* Notifications */

static void
finish_units (AnnotIngest *self, GPtrArray *units)
{
  for (guint i = 0; i < units->len; i++) {
    AnnotIngestUnit *unit = g_ptr_array_index (units, i);

    if (unit->entry)
      annot_offset_tracker_finish (self->tracker, g_steal_pointer (&unit->entry));
    annot_ingest_retire (self, unit);
  }
}

static void
on_announced (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Announced *announced = user_data;
  g_autoptr (AnnotIngest) self = announced->ingest;

  /* TRUE also when the state is away: the gap is found by the others. */
  annot_notifier_announce_examples_finish (ANNOT_NOTIFIER (source), result, NULL);
  ANNOT_FAULT_POINT ("after_notify");
  self->announcing--;
  finish_units (self, announced->units);
  g_ptr_array_unref (announced->units);
  g_free (announced);
  annot_ingest_settle (self);
}

static int
by_seq (gconstpointer a, gconstpointer b)
{
  const AnnotExample *left = *(const AnnotExample *const *) a;
  const AnnotExample *right = *(const AnnotExample *const *) b;

  return left->seq < right->seq ? -1 : left->seq > right->seq;
}

/* Takes the unit's results, of the answer from @at on. */
static void
take_results (AnnotIngest *self, AnnotIngestUnit *unit, GArray *results, guint at, GPtrArray *fresh)
{
  for (guint i = 0; i < unit->rows; i++) {
    const AnnotPutResult *result = &g_array_index (results, AnnotPutResult, at + i);
    AnnotExample *example = unit->examples ? g_ptr_array_index (unit->examples, i) : unit->example;

    if (result->known) {
      self->counters.known++;
      continue;
    }
    self->counters.stored++;
    example->seq = result->seq;
    if (!example->received_at)
      example->received_at = g_get_real_time ();
    g_ptr_array_add (fresh, annot_example_ref (example));
  }
}

static void
answer_task (AnnotIngestUnit *unit, GArray *results, guint at)
{
  GArray *own = g_array_sized_new (FALSE, FALSE, sizeof (AnnotPutResult), unit->rows);

  g_array_append_vals (own, &g_array_index (results, AnnotPutResult, at), unit->rows);
  g_task_return_pointer (unit->task, own, (GDestroyNotify) g_array_unref);
}

/* The rows of the range are durable. Pages are told while the store is at work on the next batch already. */
static void
stored (AnnotIngest *self, AnnotIngestBatch *batch, Range range, GArray *results)
{
  g_autoptr (GPtrArray) fresh = g_ptr_array_new_with_free_func ((GDestroyNotify) annot_example_unref);
  Announced *announced = g_new0 (Announced, 1);
  guint at = 0;

  announced->ingest = g_object_ref (self);
  announced->units = g_ptr_array_new ();
  for (guint i = range.first; i < range.first + range.count; i++) {
    AnnotIngestUnit *unit = g_steal_pointer (&g_ptr_array_index (batch->units, i));

    if (!unit)
      continue;
    take_results (self, unit, results, at, fresh);
    if (unit->task)
      answer_task (unit, results, at);
    at += unit->rows;
    g_ptr_array_add (announced->units, unit);
  }
  g_ptr_array_sort (fresh, by_seq);
  self->announcing++;
  put_next (self, batch);
  annot_notifier_announce_examples (self->notifier, fresh, NULL, on_announced, announced);
}

/* Failures */

/* Those who wait at the other end of a request are told now. */
static void
fail_tasks (AnnotIngest *self, AnnotIngestBatch *batch, Range range, const GError *error)
{
  for (guint i = range.first; i < range.first + range.count; i++) {
    AnnotIngestUnit *unit = g_ptr_array_index (batch->units, i);

    if (unit && unit->task) {
      g_ptr_array_index (batch->units, i) = NULL;
      g_task_return_error (unit->task, g_error_copy (error));
      annot_ingest_retire (self, unit);
    }
  }
}

/* Those, too, who came while the batch was in the store. */
static void
fail_queued_tasks (AnnotIngest *self, const GError *error)
{
  for (guint left = self->queue.length; left > 0; left--) {
    AnnotIngestUnit *unit = annot_ingest_pop (self);

    if (unit->task) {
      g_task_return_error (unit->task, g_error_copy (error));
      annot_ingest_retire (self, unit);
    } else {
      g_queue_push_tail (&self->queue, unit);
      self->queue_bytes += unit->bytes;
    }
  }
}

static AnnotIngestBatch *
find_stalled (AnnotIngest *self)
{
  for (guint i = 0; i < self->batches->len; i++) {
    AnnotIngestBatch *batch = g_ptr_array_index (self->batches, i);

    if (batch->stalled)
      return batch;
  }
  return NULL;
}

static gboolean
on_retry_timer (gpointer user_data)
{
  g_autoptr (AnnotIngest) self = g_object_ref (user_data);
  AnnotIngestBatch *batch;

  self->retry_timer = 0;
  while ((batch = find_stalled (self))) {
    batch->stalled = FALSE;
    put_next (self, batch);
  }
  return G_SOURCE_REMOVE;
}

static void
retry_later (AnnotIngest *self, AnnotIngestBatch *batch, Range range, const GError *error)
{
  gint64 delay = annot_backoff_delay (++batch->attempts, RETRY_BASE_MILLISECONDS, RETRY_CAP_MILLISECONDS,
                                      RETRY_JITTER);

  annot_log_limited (&self->store_limit, 10, G_LOG_LEVEL_WARNING,
                     "intake: the store did not take a batch: %s; intake is paused and it is tried again",
                     error->message);
  self->counters.store_retries++;
  fail_tasks (self, batch, (Range){0, batch->units->len}, error);
  fail_queued_tasks (self, error);
  push_range (batch, range.first, range.count);
  batch->stalled = TRUE;
  if (!self->retry_timer)
    self->retry_timer = g_timeout_add ((guint) delay, on_retry_timer, self);
  annot_ingest_press (self);
}

/* One row of the range can never be stored: half of it at a time finds it. */
static void
bisect (AnnotIngest *self, AnnotIngestBatch *batch, Range range, const GError *error)
{
  if (range.count > 1) {
    push_range (batch, range.first + range.count / 2, range.count - range.count / 2);
    push_range (batch, range.first, range.count / 2);
    return;
  }
  fail_tasks (self, batch, range, error);
  if (g_ptr_array_index (batch->units, range.first))
    annot_ingest_reject (self, g_steal_pointer (&g_ptr_array_index (batch->units, range.first)), "store",
                         error->message);
}

static void
give_up (AnnotIngest *self, AnnotIngestBatch *batch)
{
  g_autoptr (GError) error =
      g_error_new_literal (ANNOT_ERROR, ANNOT_ERROR_TEMPORARY, "the service is shutting down");

  fail_tasks (self, batch, (Range){0, batch->units->len}, error);
  for (guint i = 0; i < batch->units->len; i++) {
    if (g_ptr_array_index (batch->units, i))
      annot_ingest_retire (self, g_ptr_array_index (batch->units, i));
  }
  g_ptr_array_remove (self->batches, batch);
}

static void
on_put (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autofree Put *put = user_data;
  g_autoptr (AnnotIngest) self = put->ingest;
  g_autoptr (GError) error = NULL;
  g_autoptr (GArray) results = annot_store_put_examples_finish (ANNOT_STORE (source), result, &error);

  if (results) {
    ANNOT_FAULT_POINT ("after_store_commit");
    put->batch->attempts = 0;
    stored (self, put->batch, put->range, results);
  } else if (self->aborted || !self->store) {
    give_up (self, put->batch);
  } else if (g_error_matches (error, ANNOT_ERROR, ANNOT_ERROR_PERMANENT) ||
             g_error_matches (error, ANNOT_ERROR, ANNOT_ERROR_INVALID)) {
    bisect (self, put->batch, put->range, error);
    put_next (self, put->batch);
  } else {
    retry_later (self, put->batch, put->range, error);
  }
}

static GPtrArray *
collect_rows (AnnotIngestBatch *batch, Range range)
{
  GPtrArray *rows = g_ptr_array_new_full (range.count, (GDestroyNotify) annot_example_unref);

  for (guint i = range.first; i < range.first + range.count; i++) {
    const AnnotIngestUnit *unit = g_ptr_array_index (batch->units, i);

    if (!unit)
      continue;
    if (unit->example)
      g_ptr_array_add (rows, annot_example_ref (unit->example));
    for (guint j = 0; unit->examples && j < unit->examples->len; j++)
      g_ptr_array_add (rows, annot_example_ref (g_ptr_array_index (unit->examples, j)));
  }
  return rows;
}

/* Puts the batch's next range; at its end, the next batch. */
static void
put_next (AnnotIngest *self, AnnotIngestBatch *batch)
{
  while (batch->ranges->len > 0) {
    Range range = g_array_index (batch->ranges, Range, batch->ranges->len - 1);
    g_autoptr (GPtrArray) rows = collect_rows (batch, range);
    Put *put;

    g_array_set_size (batch->ranges, batch->ranges->len - 1);
    if (rows->len == 0)
      continue;
    put = g_new0 (Put, 1);
    put->ingest = g_object_ref (self);
    put->batch = batch;
    put->range = range;
    ANNOT_FAULT_POINT ("before_store_commit");
    annot_store_put_examples (self->store, rows, self->cancellable, on_put, put);
    return;
  }
  g_ptr_array_remove (self->batches, batch);
  self->counters.batches++;
  annot_ingest_flush (self);
  annot_ingest_settle (self);
}

static void
begin_batch (AnnotIngest *self)
{
  AnnotIngestBatch *batch = g_new0 (AnnotIngestBatch, 1);
  guint rows = 0;
  gsize bytes = 0;

  g_clear_handle_id (&self->batch_timer, g_source_remove);
  batch->units = g_ptr_array_new ();
  batch->ranges = g_array_new (FALSE, FALSE, sizeof (Range));
  while (self->queue.length > 0 && rows < self->batch_size && bytes < BATCH_BYTES) {
    AnnotIngestUnit *unit = annot_ingest_pop (self);

    rows += unit->rows;
    bytes += unit->bytes;
    g_ptr_array_add (batch->units, unit);
  }
  push_range (batch, 0, batch->units->len);
  g_ptr_array_add (self->batches, batch);
  put_next (self, batch);
}

gboolean
annot_ingest_is_full (const AnnotIngest *self)
{
  return self->queue.length >= self->batch_size || self->queue_bytes >= BATCH_BYTES;
}

/* What comes slowly gathers while a batch is in the store, and follows it at once. After a failure nothing new is tried
 * before what has failed. */
static gboolean
may_begin (const AnnotIngest *self)
{
  if (self->queue.length == 0 || self->retry_timer)
    return FALSE;
  return self->batches->len == 0 || (self->batches->len < BATCHES_IN_STORE && annot_ingest_is_full (self));
}

void
annot_ingest_flush (AnnotIngest *self)
{
  while (may_begin (self))
    begin_batch (self);
}
