/* SPDX-License-Identifier: Apache-2.0 */
/* Tells every page of every instance what happened, in order and without gaps. Filling gaps is in annot-notifier-gap.c,
 * publishing in annot-notifier-announce.c, replaying in annot-notifier-replay.c. */
#include "annot-notifier-private.h"

#define RING_MESSAGES ANNOT_NOTIFIER_MAX_GAP
#define RING_BYTES (16 * 1024 * 1024)
#define HELD_BYTES (16 * 1024 * 1024)
#define TURN_MILLISECONDS 1000

enum {
  SIGNAL_EVENT,
  SIGNAL_PERSONAL,
  N_SIGNALS,
};

static guint signals[N_SIGNALS];

G_DEFINE_FINAL_TYPE (AnnotNotifier, annot_notifier, G_TYPE_OBJECT)

static void
annot_notifier_dispose (GObject *object)
{
  AnnotNotifier *self = ANNOT_NOTIFIER (object);

  annot_notifier_stop (self);
  g_clear_object (&self->cancellable);
  g_clear_object (&self->state);
  g_clear_object (&self->store);
  G_OBJECT_CLASS (annot_notifier_parent_class)->dispose (object);
}

static void
annot_notifier_finalize (GObject *object)
{
  AnnotNotifier *self = ANNOT_NOTIFIER (object);

  g_free (self->epoch);
  g_hash_table_unref (self->held);
  annot_notification_ring_free (self->ring);
  G_OBJECT_CLASS (annot_notifier_parent_class)->finalize (object);
}

static void
annot_notifier_class_init (AnnotNotifierClass *klass)
{
  G_OBJECT_CLASS (klass)->dispose = annot_notifier_dispose;
  G_OBJECT_CLASS (klass)->finalize = annot_notifier_finalize;
  signals[SIGNAL_EVENT] = g_signal_new ("event", G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
                                        G_TYPE_NONE, 1, G_TYPE_BYTES | G_SIGNAL_TYPE_STATIC_SCOPE);
  signals[SIGNAL_PERSONAL] = g_signal_new ("personal", G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST, 0, NULL, NULL,
                                           NULL, G_TYPE_NONE, 2, G_TYPE_STRING, G_TYPE_BYTES);
}

static void
annot_notifier_init (AnnotNotifier *self)
{
  self->cancellable = g_cancellable_new ();
  self->held = g_hash_table_new_full (g_int64_hash, g_int64_equal, g_free, (GDestroyNotify) g_bytes_unref);
  self->ring = annot_notification_ring_new (RING_MESSAGES, RING_BYTES);
  self->told_pending = -1;
}

AnnotNotifier *
annot_notifier_new (AnnotStore *store, AnnotState *state)
{
  AnnotNotifier *self = g_object_new (ANNOT_TYPE_NOTIFIER, NULL);

  self->store = g_object_ref (store);
  self->state = g_object_ref (state);
  return self;
}

void
annot_notifier_report (AnnotNotifier *self, const char *what, const GError *error)
{
  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    return;
  annot_log_limited (&self->log_limit, 30, G_LOG_LEVEL_WARNING, "notifier: %s: %s", what, error->message);
}

void
annot_notifier_emit (AnnotNotifier *self, GBytes *text)
{
  g_signal_emit (self, signals[SIGNAL_EVENT], 0, text);
}

void
annot_notifier_emit_example (AnnotNotifier *self, gint64 seq, GBytes *text)
{
  g_autoptr (GBytes) kept = g_bytes_ref (text);

  self->last = seq;
  self->target = MAX (self->target, seq);
  self->changed = TRUE;
  annot_notification_ring_push (self->ring, seq, kept);
  annot_notifier_emit (self, kept);
}

static void
drop_held (AnnotNotifier *self)
{
  g_hash_table_remove_all (self->held);
  self->held_bytes = 0;
}

/* What is held and is not to be told any more: told already, or overtaken by a resync. */
static void
drop_held_until (AnnotNotifier *self, gint64 seq)
{
  GHashTableIter iter;
  gpointer key;
  gpointer text;

  g_hash_table_iter_init (&iter, self->held);
  while (g_hash_table_iter_next (&iter, &key, &text)) {
    if (*(const gint64 *) key <= seq) {
      self->held_bytes -= g_bytes_get_size (text);
      g_hash_table_iter_remove (&iter);
    }
  }
}

void
annot_notifier_jump (AnnotNotifier *self, const char *epoch, gint64 seq)
{
  g_autoptr (GBytes) text = annot_notification_position ("resync", epoch, seq, -1);

  if (g_strcmp0 (epoch, self->epoch) != 0 || seq < self->last) {
    g_autofree char *kept = g_strdup (epoch);

    drop_held (self);
    g_free (self->epoch);
    self->epoch = g_steal_pointer (&kept);
    self->target = seq;
  }
  drop_held_until (self, seq);
  annot_notification_ring_clear (self->ring);
  self->last = seq;
  self->target = MAX (self->target, seq);
  self->changed = TRUE;
  annot_notifier_emit (self, text);
}

void
annot_notifier_release_held (AnnotNotifier *self)
{
  while (g_hash_table_size (self->held) > 0) {
    gint64 next = self->last + 1;
    GBytes *found = g_hash_table_lookup (self->held, &next);
    g_autoptr (GBytes) text = found ? g_bytes_ref (found) : NULL;

    if (!text)
      break;
    self->held_bytes -= g_bytes_get_size (text);
    g_hash_table_remove (self->held, &next);
    annot_notifier_emit_example (self, next, text);
  }
}

static void
hold (AnnotNotifier *self, gint64 seq, GBytes *text)
{
  if (g_hash_table_contains (self->held, &seq))
    return;
  /* At either bound it is let go: the store has it. */
  if (g_hash_table_size (self->held) >= ANNOT_NOTIFIER_MAX_GAP ||
      self->held_bytes + g_bytes_get_size (text) > HELD_BYTES)
    return;
  self->held_bytes += g_bytes_get_size (text);
  g_hash_table_insert (self->held, g_memdup2 (&seq, sizeof seq), g_bytes_ref (text));
}

void
annot_notifier_receive_example (AnnotNotifier *self, GBytes *text)
{
  g_autoptr (AnnotNotification) notification = annot_notification_parse (text);

  if (!notification || g_strcmp0 (notification->type, "new_example") != 0 || !notification->epoch ||
      notification->seq < 1) {
    g_debug ("notifier: a message of %s is not a notification", ANNOT_CHANNEL_NEW_EXAMPLE);
    return;
  }
  if (g_strcmp0 (notification->epoch, self->epoch) != 0) {
    /* A new database, or somebody else's: the store knows. */
    annot_notifier_poll (self);
    return;
  }
  if (notification->seq <= self->last)
    return;
  if (notification->seq == self->last + 1) {
    annot_notifier_emit_example (self, notification->seq, text);
    annot_notifier_release_held (self);
    return;
  }
  hold (self, notification->seq, text);
  annot_notifier_expect (self, notification->seq);
}

/* What is gone must be told no more, neither from the ring nor from what is held back or being read: the store knows
 * what is left. */
static void
forget_removed (AnnotNotifier *self)
{
  annot_notification_ring_clear (self->ring);
  drop_held (self);
  self->outdated = self->filling;
  self->removals++;
  annot_notifier_expect (self, self->target);
}

void
annot_notifier_receive_event (AnnotNotifier *self, GBytes *text)
{
  static const char *const plain[] = {"example_taken", "example_done", "example_released", NULL};
  g_autoptr (AnnotNotification) notification = annot_notification_parse (text);

  self->changed = TRUE;
  if (!notification)
    return;
  if (g_str_equal (notification->type, "lease_expired")) {
    g_autoptr (GBytes) own = annot_notification_event ("lease_expired", notification->example_id, NULL);

    if (notification->account && notification->example_id)
      g_signal_emit (self, signals[SIGNAL_PERSONAL], 0, notification->account, own);
  } else if (g_str_equal (notification->type, "resync")) {
    forget_removed (self);
    annot_notifier_jump (self, self->epoch, self->last);
  } else if (g_str_equal (notification->type, "example_removed")) {
    forget_removed (self);
    annot_notifier_emit (self, text);
  } else if (g_strv_contains (plain, notification->type)) {
    annot_notifier_emit (self, text);
  }
}

static void
on_example_message (AnnotState *state, const char *channel, GBytes *data, gpointer user_data)
{
  g_autoptr (AnnotNotifier) self = g_object_ref (user_data);

  annot_notifier_receive_example (self, data);
}

static void
on_event_message (AnnotState *state, const char *channel, GBytes *data, gpointer user_data)
{
  g_autoptr (AnnotNotifier) self = g_object_ref (user_data);

  annot_notifier_receive_event (self, data);
}

/* The store tells which examples are new, but not what became of those that pages know: they fetch anew. */
void
annot_notifier_refresh (AnnotNotifier *self)
{
  g_autoptr (AnnotNotifier) alive = g_object_ref (self);

  if (!self->started)
    return;
  forget_removed (self);
  annot_notifier_jump (self, self->epoch, self->last);
  annot_notifier_poll (self);
}

static void
on_gap (AnnotState *state, gpointer user_data)
{
  annot_notifier_refresh (user_data);
}

/* Start: subscribe first, then look where the store stands, so that nothing falls between the two. */

static gboolean
on_turn (gpointer user_data)
{
  AnnotNotifier *self = user_data;

  annot_notifier_settle_debt (self);
  /* Every other turn anyway, every turn when something has happened. */
  if (self->changed || ++self->turn % 2 == 0)
    annot_notifier_poll (self);
  return G_SOURCE_CONTINUE;
}

static void
on_first_position (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  AnnotNotifier *self = g_task_get_source_object (task);
  g_autoptr (GError) error = NULL;
  g_autoptr (AnnotPosition) position = annot_store_get_position_finish (ANNOT_STORE (source), result, &error);

  if (!position) {
    g_task_return_error (task, g_steal_pointer (&error));
    return;
  }
  g_free (self->epoch);
  self->epoch = g_strdup (position->epoch);
  self->last = position->seq;
  self->target = position->seq;
  self->pending = position->pending;
  self->started = TRUE;
  self->poll_timer = g_timeout_add (TURN_MILLISECONDS, on_turn, self);
  g_task_return_boolean (task, TRUE);
}

static void
on_events_subscribed (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  AnnotNotifier *self = g_task_get_source_object (task);
  g_autoptr (GError) error = NULL;

  if (!annot_state_subscribe_finish (ANNOT_STATE (source), result, &error)) {
    g_task_return_error (task, g_steal_pointer (&error));
    return;
  }
  annot_store_get_position (self->store, g_task_get_cancellable (task), on_first_position, g_object_ref (task));
}

static void
on_examples_subscribed (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  g_autoptr (GError) error = NULL;

  if (!annot_state_subscribe_finish (ANNOT_STATE (source), result, &error)) {
    g_task_return_error (task, g_steal_pointer (&error));
    return;
  }
  annot_state_subscribe (ANNOT_STATE (source), ANNOT_CHANNEL_EVENTS, g_task_get_cancellable (task),
                         on_events_subscribed, g_object_ref (task));
}

void
annot_notifier_start (AnnotNotifier *self, GCancellable *cancellable, GAsyncReadyCallback callback,
                      gpointer user_data)
{
  g_autoptr (GTask) task = g_task_new (self, cancellable, callback, user_data);

  if (!self->handlers[0]) {
    self->handlers[0] = g_signal_connect (self->state, "message::" ANNOT_CHANNEL_NEW_EXAMPLE,
                                          G_CALLBACK (on_example_message), self);
    self->handlers[1] =
        g_signal_connect (self->state, "message::" ANNOT_CHANNEL_EVENTS, G_CALLBACK (on_event_message), self);
    self->handlers[2] = g_signal_connect (self->state, "gap", G_CALLBACK (on_gap), self);
  }
  annot_state_subscribe (self->state, ANNOT_CHANNEL_NEW_EXAMPLE, cancellable, on_examples_subscribed,
                         g_object_ref (task));
}

gboolean
annot_notifier_start_finish (AnnotNotifier *self, GAsyncResult *result, GError **error)
{
  return g_task_propagate_boolean (G_TASK (result), error);
}

void
annot_notifier_stop (AnnotNotifier *self)
{
  self->started = FALSE;
  g_cancellable_cancel (self->cancellable);
  g_clear_handle_id (&self->poll_timer, g_source_remove);
  g_clear_handle_id (&self->gap_timer, g_source_remove);
  for (guint i = 0; i < G_N_ELEMENTS (self->handlers); i++) {
    if (self->handlers[i])
      g_signal_handler_disconnect (self->state, self->handlers[i]);
    self->handlers[i] = 0;
  }
}

GBytes *
annot_notifier_hello (AnnotNotifier *self)
{
  return annot_notification_position ("hello", self->epoch ? self->epoch : "", self->last, MAX (self->pending, 0));
}

gint64
annot_notifier_get_pending (AnnotNotifier *self)
{
  return self->pending;
}

guint64
annot_notifier_get_gaps (AnnotNotifier *self)
{
  return self->gaps;
}
