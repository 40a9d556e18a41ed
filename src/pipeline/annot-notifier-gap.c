/* SPDX-License-Identifier: Apache-2.0 */
/* Finding what was not told and telling it from the store. */
#include "annot-notifier-private.h"

/* Instances commit in order but publish side by side: what seems missing is mostly just about to come. */
#define PATIENCE_MILLISECONDS 50

static void fill (AnnotNotifier *self);

/* Tells the rows in order. Returns: whether no seq was missing among them */
static gboolean
tell_rows (AnnotNotifier *self, GPtrArray *rows)
{
  for (guint i = 0; i < rows->len && self->started; i++) {
    const AnnotExample *example = g_ptr_array_index (rows, i);
    g_autoptr (GBytes) text = NULL;

    if (example->seq <= self->last)
      continue;
    if (example->seq != self->last + 1)
      return FALSE;
    text = annot_notification_new_example (self->epoch, example);
    annot_notifier_emit_example (self, example->seq, text);
  }
  return TRUE;
}

static void
on_filled (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (AnnotNotifier) self = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (AnnotExamplePage) page = annot_store_list_examples_finish (ANNOT_STORE (source), result, &error);
  gboolean whole;
  gboolean more;

  self->filling = FALSE;
  if (!self->started)
    return;
  if (!page) {
    /* The next turn of the poll finds it again. */
    annot_notifier_report (self, "missed notifications were not read", error);
    return;
  }
  if (self->outdated) {
    self->outdated = FALSE;
    fill (self);
    return;
  }
  whole = tell_rows (self, page->examples);
  annot_notifier_release_held (self);
  more = whole && page->examples->len == ANNOT_NOTIFIER_PAGE;
  /* Rows that were removed cannot be told, and a page must not wait for them. */
  if (!more && self->last < self->fill_until)
    annot_notifier_jump (self, self->epoch, self->fill_until);
  annot_notifier_release_held (self);
  if (more)
    fill (self);
  else
    annot_notifier_expect (self, self->target);
}

static void
fill (AnnotNotifier *self)
{
  AnnotExampleQuery query = {.order = ANNOT_ORDER_OLDEST, .any_status = TRUE, .limit = ANNOT_NOTIFIER_PAGE};

  if (self->filling || !self->started || self->last >= self->target)
    return;
  if (self->target - self->last > ANNOT_NOTIFIER_MAX_GAP) {
    annot_notifier_jump (self, self->epoch, self->target);
    annot_notifier_release_held (self);
    return;
  }
  self->filling = TRUE;
  self->outdated = FALSE;
  self->fill_until = self->target;
  query.after_seq = self->last;
  annot_store_list_examples (self->store, &query, self->cancellable, on_filled, g_object_ref (self));
}

static gboolean
on_patience_over (gpointer user_data)
{
  AnnotNotifier *self = user_data;

  self->gap_timer = 0;
  if (self->last < self->target && !self->filling) {
    self->gaps++;
    fill (self);
  }
  return G_SOURCE_REMOVE;
}

void
annot_notifier_expect (AnnotNotifier *self, gint64 seq)
{
  self->target = MAX (self->target, seq);
  if (self->last >= self->target || self->filling || self->gap_timer || !self->started)
    return;
  self->gap_timer = g_timeout_add (PATIENCE_MILLISECONDS, on_patience_over, self);
}

static void
tell_pending (AnnotNotifier *self, gint64 pending)
{
  g_autoptr (GBytes) text = NULL;
  gint64 now = g_get_monotonic_time ();

  self->pending = pending;
  if (pending == self->told_pending)
    return;
  if (self->told_at && now - self->told_at < G_USEC_PER_SEC * 9 / 10) {
    /* Too soon for another: the next turn tells it. */
    self->changed = TRUE;
    return;
  }
  self->told_at = now;
  self->told_pending = pending;
  text = annot_notification_pending (pending);
  annot_notifier_emit (self, text);
}

static void
on_position (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (AnnotNotifier) self = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (AnnotPosition) position = annot_store_get_position_finish (ANNOT_STORE (source), result, &error);

  self->polling = FALSE;
  if (!self->started)
    return;
  if (!position) {
    annot_notifier_report (self, "the store's position was not read", error);
    return;
  }
  /* Another epoch is another database; a seq that went back is an older copy of this one. */
  if (g_strcmp0 (position->epoch, self->epoch) != 0 || position->seq < self->polled_from)
    annot_notifier_jump (self, position->epoch, position->seq);
  else
    annot_notifier_expect (self, position->seq);
  tell_pending (self, position->pending);
}

void
annot_notifier_poll (AnnotNotifier *self)
{
  if (self->polling || !self->started)
    return;
  self->polling = TRUE;
  self->changed = FALSE;
  self->polled_from = self->last;
  annot_store_get_position (self->store, self->cancellable, on_position, g_object_ref (self));
}
