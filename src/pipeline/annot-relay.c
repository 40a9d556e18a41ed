/* SPDX-License-Identifier: Apache-2.0 */
/* From the outbox to the broker: taking and producing. What comes after is in annot-relay-confirm.c. */
#include "annot-relay-private.h"

#include <string.h>

#include "annot-backoff.h"
#include "model/annot-labeled-example.h"

#define POLL_MILLISECONDS 500
#define CLAIM_SECONDS 30
#define TAKE_LIMIT 100
#define FLYING_LIMIT 400
#define FLYING_BYTES (32 * 1024 * 1024)
#define AWAY_BASE (1 * G_USEC_PER_SEC)
#define AWAY_CAP (30 * G_USEC_PER_SEC)
#define DRAIN_TAKES_FOR (2 * G_USEC_PER_SEC)

G_DEFINE_FINAL_TYPE (AnnotRelay, annot_relay, G_TYPE_OBJECT)

static void
annot_relay_dispose (GObject *object)
{
  AnnotRelay *self = ANNOT_RELAY (object);

  self->stopped = TRUE;
  g_cancellable_cancel (self->cancellable);
  g_clear_handle_id (&self->poll_timer, g_source_remove);
  g_clear_handle_id (&self->confirm_timer, g_source_remove);
  g_clear_object (&self->broker);
  g_clear_object (&self->state);
  g_clear_object (&self->store);
  G_OBJECT_CLASS (annot_relay_parent_class)->dispose (object);
}

static void
annot_relay_finalize (GObject *object)
{
  AnnotRelay *self = ANNOT_RELAY (object);

  g_hash_table_unref (self->flying);
  g_hash_table_unref (self->alarmed);
  g_ptr_array_unref (self->confirmed);
  g_clear_object (&self->cancellable);
  G_OBJECT_CLASS (annot_relay_parent_class)->finalize (object);
}

static void
annot_relay_class_init (AnnotRelayClass *klass)
{
  G_OBJECT_CLASS (klass)->dispose = annot_relay_dispose;
  G_OBJECT_CLASS (klass)->finalize = annot_relay_finalize;
}

static void
annot_relay_init (AnnotRelay *self)
{
  self->cancellable = g_cancellable_new ();
  self->flying = g_hash_table_new_full (g_str_hash, g_str_equal, NULL, (GDestroyNotify) annot_outgoing_free);
  self->alarmed = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  self->confirmed = g_ptr_array_new_with_free_func (g_free);
}

AnnotRelay *
annot_relay_new (AnnotConfig *config, AnnotStore *store, AnnotState *state, AnnotBroker *broker)
{
  AnnotRelay *self = g_object_new (ANNOT_TYPE_RELAY, NULL);

  self->store = g_object_ref (store);
  self->state = g_object_ref (state);
  self->broker = g_object_ref (broker);
  self->retry_seconds = MAX (1, annot_config_get_integer (config, "annotation", "retry-interval"));
  self->retry_attempts = (guint) MAX (1, annot_config_get_integer (config, "annotation", "retry-attempts"));
  return self;
}

void
annot_relay_report (AnnotRelay *self, const char *what, const GError *error)
{
  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    return;
  annot_log_limited (&self->store_limit, 30, G_LOG_LEVEL_WARNING, "relay: %s: %s", what, error->message);
}

/* Producing */

typedef struct {
  AnnotRelay *relay;
  char *id;
} Flight;

static gsize
outgoing_bytes (const AnnotOutgoing *outgoing)
{
  /* The frame goes out in base64. */
  return strlen (outgoing->payload) + (outgoing->frame ? g_bytes_get_size (outgoing->frame) * 4 / 3 : 0);
}

void
annot_relay_land (AnnotRelay *self, const char *id)
{
  const AnnotOutgoing *outgoing = g_hash_table_lookup (self->flying, id);

  if (!outgoing)
    return;
  self->flying_bytes -= outgoing_bytes (outgoing);
  g_hash_table_remove (self->flying, id);
}

/* One success ends a time of failures; each failure in a row makes the pause before the next probe longer. */
static void
note_outcome (AnnotRelay *self, const GError *error)
{
  if (!error || !annot_error_is_transient (error)) {
    self->failures = 0;
    self->away_until = 0;
    return;
  }
  /* Those that were under way together fail together: that is one failure. */
  if (g_get_monotonic_time () < self->away_until)
    return;
  self->away_until =
      g_get_monotonic_time () + annot_backoff_delay (++self->failures, AWAY_BASE, AWAY_CAP, 0.1);
}

static void
on_produced (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autofree Flight *flight = user_data;
  g_autofree char *id = flight->id;
  g_autoptr (AnnotRelay) self = flight->relay;
  g_autoptr (GError) error = NULL;
  const AnnotOutgoing *outgoing = g_hash_table_lookup (self->flying, id);
  gboolean ok = annot_broker_produce_finish (ANNOT_BROKER (source), result, &error);

  self->producing--;
  if (outgoing) {
    if (ok) {
      ANNOT_FAULT_POINT ("after_produce");
      self->counters.published++;
      annot_relay_confirm (self, outgoing);
    } else {
      self->counters.failed++;
      annot_relay_postpone (self, outgoing, error);
    }
    note_outcome (self, error);
  }
  annot_relay_settle (self);
}

static void
produce (AnnotRelay *self, AnnotOutgoing *outgoing)
{
  g_autoptr (GBytes) key = outgoing->key ? g_bytes_new (outgoing->key, strlen (outgoing->key)) : NULL;
  g_autoptr (GBytes) value = annot_outgoing_to_bytes (outgoing);
  g_autoptr (AnnotMessage) message = annot_message_new (outgoing->topic, key, value);
  Flight *flight = g_new0 (Flight, 1);

  annot_message_add_header (message, "id", outgoing->id);
  annot_message_add_header (message, "content-type", "application/json");
  message->timestamp = outgoing->created_at;
  flight->relay = g_object_ref (self);
  flight->id = g_strdup (outgoing->id);
  self->producing++;
  ANNOT_FAULT_POINT ("before_produce");
  annot_broker_produce (self->broker, message, NULL, on_produced, flight);
}

/* Taking */

static guint
take_limit (AnnotRelay *self)
{
  guint flying = g_hash_table_size (self->flying);
  gsize room;

  /* A broker that was away is asked with one message first. */
  if (self->failures > 0)
    return flying == 0 ? 1 : 0;
  if (flying >= FLYING_LIMIT || self->flying_bytes >= FLYING_BYTES)
    return 0;
  room = (FLYING_BYTES - self->flying_bytes) / MAX (self->typical_bytes, 1);
  return (guint) CLAMP (room, 1, (gsize) MIN (TAKE_LIMIT, FLYING_LIMIT - flying));
}

/* Others may take it at once, instead of when its claim runs out. */
static void
give_back (AnnotRelay *self, const char *id)
{
  annot_store_postpone_outgoing (self->store, id, 0, NULL, NULL, NULL, NULL);
}

static void
on_taken (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (AnnotRelay) self = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) taken = annot_store_take_outgoing_finish (ANNOT_STORE (source), result, &error);
  gsize bytes = 0;

  self->taking = FALSE;
  /* This process stood still meanwhile: others may have these by now, and what follows them. */
  if (taken && g_get_monotonic_time () - self->taking_since > CLAIM_SECONDS / 2 * G_USEC_PER_SEC)
    g_ptr_array_set_size (taken, 0);
  if (!taken) {
    annot_relay_report (self, "the outbox was not read", error);
    annot_relay_settle (self);
    return;
  }
  if (taken->len > 0)
    ANNOT_FAULT_POINT ("after_take_outgoing");
  /* The drain has been cut short in the meantime: nothing may be on its way when the broker is closed. */
  if (self->stopped) {
    for (guint i = 0; i < taken->len && self->store; i++)
      give_back (self, ((const AnnotOutgoing *) g_ptr_array_index (taken, i))->id);
    return;
  }
  g_ptr_array_set_free_func (taken, NULL);
  for (guint i = 0; i < taken->len; i++) {
    AnnotOutgoing *outgoing = g_ptr_array_index (taken, i);

    /* Its claim ran out here, while the broker was still asked: the first answer counts for both. */
    if (g_hash_table_contains (self->flying, outgoing->id)) {
      annot_outgoing_free (outgoing);
      continue;
    }
    bytes += outgoing_bytes (outgoing);
    self->flying_bytes += outgoing_bytes (outgoing);
    g_hash_table_insert (self->flying, outgoing->id, outgoing);
    produce (self, outgoing);
  }
  if (taken->len > 0) {
    self->typical_bytes = bytes / taken->len;
    self->wanted = TRUE;
  }
  annot_relay_settle (self);
}

void
annot_relay_pump (AnnotRelay *self)
{
  guint limit;

  if (!self->started || self->stopped || self->taking || !self->wanted)
    return;
  if (self->take_until && g_get_monotonic_time () >= self->take_until)
    return;
  if (g_get_monotonic_time () < self->away_until)
    return;
  limit = take_limit (self);
  if (limit == 0)
    return;
  self->taking = TRUE;
  self->taking_since = g_get_monotonic_time ();
  self->wanted = FALSE;
  annot_store_take_outgoing (self->store, limit, CLAIM_SECONDS, self->cancellable, on_taken, g_object_ref (self));
}

void
annot_relay_wake (AnnotRelay *self)
{
  self->wanted = TRUE;
  annot_relay_pump (self);
}

static gboolean
on_poll (gpointer user_data)
{
  g_autoptr (AnnotRelay) self = g_object_ref (user_data);

  if (++self->turn % 2 == 0 && !self->drain_task)
    annot_relay_check_retries (self);
  self->wanted = TRUE;
  annot_relay_settle (self);
  return G_SOURCE_CONTINUE;
}

void
annot_relay_start (AnnotRelay *self)
{
  g_return_if_fail (ANNOT_IS_RELAY (self));

  if (self->started)
    return;
  self->started = TRUE;
  self->poll_timer = g_timeout_add (POLL_MILLISECONDS, on_poll, self);
  annot_relay_wake (self);
}

/* The end */

static void
end_drain (AnnotRelay *self)
{
  if (self->drain_cancelled) {
    g_source_destroy (self->drain_cancelled);
    g_clear_pointer (&self->drain_cancelled, g_source_unref);
  }
  g_clear_handle_id (&self->poll_timer, g_source_remove);
  self->stopped = TRUE;
}

static gboolean
is_idle (AnnotRelay *self)
{
  gboolean may_take = self->wanted && g_get_monotonic_time () < self->take_until && self->failures == 0;

  return !may_take && !self->taking && self->producing == 0 && !self->confirming && self->confirmed->len == 0 &&
         self->postponing == 0;
}

void
annot_relay_settle (AnnotRelay *self)
{
  annot_relay_pump (self);
  if (self->drain_task && is_idle (self)) {
    g_autoptr (GTask) task = g_steal_pointer (&self->drain_task);

    end_drain (self);
    g_task_return_boolean (task, TRUE);
  }
}

static void
give_all_back (AnnotRelay *self)
{
  GHashTableIter iter;
  gpointer id;

  g_hash_table_iter_init (&iter, self->flying);
  while (g_hash_table_iter_next (&iter, &id, NULL)) {
    if (!g_ptr_array_find_with_equal_func (self->confirmed, id, g_str_equal, NULL))
      give_back (self, id);
  }
}

static gboolean
on_drain_cancelled (GCancellable *cancellable, gpointer user_data)
{
  g_autoptr (AnnotRelay) self = g_object_ref (user_data);
  g_autoptr (GTask) task = g_steal_pointer (&self->drain_task);

  end_drain (self);
  g_clear_handle_id (&self->confirm_timer, g_source_remove);
  give_all_back (self);
  g_cancellable_cancel (self->cancellable);
  if (task)
    g_task_return_new_error (task, ANNOT_ERROR, ANNOT_ERROR_TIMEOUT,
                             "%u messages stay in the outbox unconfirmed and are published again later",
                             g_hash_table_size (self->flying));
  return G_SOURCE_REMOVE;
}

void
annot_relay_drain (AnnotRelay *self, GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data)
{
  g_autoptr (GTask) task = g_task_new (self, cancellable, callback, user_data);

  g_return_if_fail (!self->drain_task);

  g_task_set_check_cancellable (task, FALSE);
  if (!self->started || self->stopped) {
    g_task_return_boolean (task, TRUE);
    return;
  }
  self->take_until = g_get_monotonic_time () + DRAIN_TAKES_FOR;
  self->wanted = TRUE;
  self->drain_task = g_object_ref (task);
  if (cancellable) {
    self->drain_cancelled = g_cancellable_source_new (cancellable);
    g_source_set_callback (self->drain_cancelled, G_SOURCE_FUNC (on_drain_cancelled), self, NULL);
    g_source_attach (self->drain_cancelled, g_main_context_get_thread_default ());
  }
  annot_relay_settle (self);
}

gboolean
annot_relay_drain_finish (AnnotRelay *self, GAsyncResult *result, GError **error)
{
  return g_task_propagate_boolean (G_TASK (result), error);
}

void
annot_relay_get_counters (AnnotRelay *self, AnnotRelayCounters *counters)
{
  *counters = self->counters;
  counters->in_flight = g_hash_table_size (self->flying);
}
