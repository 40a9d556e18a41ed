/* SPDX-License-Identifier: Apache-2.0 */
/* After producing: confirmed messages leave the outbox, failed ones wait for their time. */
#include "annot-backoff.h"
#include "annot-relay-private.h"

#define CONFIRM_BASE_MILLISECONDS 200
#define CONFIRM_CAP_MILLISECONDS 5000
#define RETRY_JITTER 0.1
#define RETRIES_LIMIT 100
#define RETRIES_VISIBILITY_SECONDS 60
#define LIST_LIMIT 1000
#define ALARMS_REMEMBERED 1000

static void
on_schedule_told (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (AnnotRelay) self = user_data;
  g_autoptr (GError) error = NULL;

  /* Both answer a boolean. The schedule may be lost: the outbox has the times, too. */
  if (!g_task_propagate_boolean (G_TASK (result), &error))
    annot_relay_report (self, "the retry schedule was not told", error);
}

/* Confirming */

static void send_confirmations (AnnotRelay *self);

typedef struct {
  AnnotRelay *relay;
  GStrv ids;
} Confirmation;

static gboolean
on_confirm_timer (gpointer user_data)
{
  g_autoptr (AnnotRelay) self = g_object_ref (user_data);

  self->confirm_timer = 0;
  send_confirmations (self);
  return G_SOURCE_REMOVE;
}

static void
confirmations_failed (AnnotRelay *self, GStrv ids, const GError *error)
{
  annot_relay_report (self, "published messages were not removed from the outbox", error);
  for (char **id = ids; *id; id++)
    g_ptr_array_add (self->confirmed, g_strdup (*id));
  if (!self->stopped && !self->confirm_timer)
    self->confirm_timer =
        g_timeout_add ((guint) annot_backoff_delay (++self->confirm_failures, CONFIRM_BASE_MILLISECONDS,
                                                    CONFIRM_CAP_MILLISECONDS, RETRY_JITTER),
                       on_confirm_timer, self);
}

static void
on_confirmed (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autofree Confirmation *confirmation = user_data;
  g_autoptr (AnnotRelay) self = confirmation->relay;
  g_auto (GStrv) ids = confirmation->ids;
  g_autoptr (GError) error = NULL;

  self->confirming = FALSE;
  if (!annot_store_confirm_outgoing_finish (ANNOT_STORE (source), result, &error)) {
    confirmations_failed (self, ids, error);
    annot_relay_settle (self);
    return;
  }
  ANNOT_FAULT_POINT ("after_confirm");
  self->confirm_failures = 0;
  for (char **id = ids; *id; id++) {
    const AnnotOutgoing *outgoing = g_hash_table_lookup (self->flying, *id);

    if (outgoing && outgoing->attempts > 0 && self->state)
      annot_state_confirm_retry (self->state, *id, NULL, on_schedule_told, g_object_ref (self));
    g_hash_table_remove (self->alarmed, *id);
    annot_relay_land (self, *id);
  }
  /* The next message of these examples may go now. */
  self->wanted = TRUE;
  send_confirmations (self);
  annot_relay_settle (self);
}

/* All that has gathered while the last ones were being removed goes in one call. */
static void
send_confirmations (AnnotRelay *self)
{
  Confirmation *confirmation;

  if (self->confirming || self->confirm_timer || self->confirmed->len == 0 || !self->store)
    return;
  confirmation = g_new0 (Confirmation, 1);
  confirmation->relay = g_object_ref (self);
  g_ptr_array_add (self->confirmed, NULL);
  confirmation->ids = (GStrv) g_ptr_array_free (self->confirmed, FALSE);
  self->confirmed = g_ptr_array_new_with_free_func (g_free);
  self->confirming = TRUE;
  annot_store_confirm_outgoing (self->store, (const char *const *) confirmation->ids, NULL, on_confirmed,
                                confirmation);
}

void
annot_relay_confirm (AnnotRelay *self, const AnnotOutgoing *outgoing)
{
  g_ptr_array_add (self->confirmed, g_strdup (outgoing->id));
  send_confirmations (self);
}

/* Postponing */

typedef struct {
  AnnotRelay *relay;
  char *id;
  gint64 due_at;
} Postponement;

static void
on_postponed (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autofree Postponement *postponement = user_data;
  g_autoptr (AnnotRelay) self = postponement->relay;
  g_autofree char *id = postponement->id;
  g_autoptr (GError) error = NULL;

  self->postponing--;
  if (annot_store_postpone_outgoing_finish (ANNOT_STORE (source), result, &error)) {
    if (self->state)
      annot_state_add_retry (self->state, id, postponement->due_at, NULL, on_schedule_told, g_object_ref (self));
  } else if (!g_error_matches (error, ANNOT_ERROR, ANNOT_ERROR_NOT_FOUND)) {
    /* Its claim runs out by itself. */
    annot_relay_report (self, "a message was not postponed", error);
  }
  annot_relay_land (self, id);
  annot_relay_settle (self);
}

static void
log_failure (AnnotRelay *self, const AnnotOutgoing *outgoing, const GError *error, guint delay)
{
  if (!annot_error_is_transient (error)) {
    /* Somebody has to do something about this one: it is said once for each message. */
    if (g_hash_table_size (self->alarmed) < ALARMS_REMEMBERED &&
        g_hash_table_add (self->alarmed, g_strdup (outgoing->id)))
      g_warning ("relay: topic %s refuses message %s of example %s: %s; it stays in the outbox, is tried again in %u s "
                 "and then less and less often, until the broker takes it or an administrator drops it; "
                 "\"annotationctl retry now %s\" tries it at once",
                 outgoing->topic, outgoing->id, outgoing->event_id ? outgoing->event_id : "-", error->message, delay,
                 outgoing->id);
  } else {
    annot_log_limited (&self->produce_limit, 30, G_LOG_LEVEL_WARNING,
                       "relay: topic %s did not take message %s: %s; it is tried again in %u s", outgoing->topic,
                       outgoing->id, error->message, delay);
  }
}

void
annot_relay_postpone (AnnotRelay *self, const AnnotOutgoing *outgoing, const GError *error)
{
  /* Only refusals make it wait longer and longer, and before the first one the broker was away at most. */
  gboolean refused = !annot_error_is_transient (error) && g_hash_table_contains (self->alarmed, outgoing->id);
  guint attempts = refused ? MIN (outgoing->attempts + 1, self->retry_attempts) : 1;
  gint64 delay = annot_backoff_delay (attempts, self->retry_seconds * 1000, G_MAXINT32, RETRY_JITTER);
  guint seconds = (guint) MAX (1, (delay + 500) / 1000);
  Postponement *postponement = g_new0 (Postponement, 1);

  log_failure (self, outgoing, error, seconds);
  postponement->relay = g_object_ref (self);
  postponement->id = g_strdup (outgoing->id);
  postponement->due_at = g_get_real_time () + (gint64) seconds * G_USEC_PER_SEC;
  self->postponing++;
  annot_store_postpone_outgoing (self->store, outgoing->id, seconds, error->message, NULL, on_postponed, postponement);
}

/* The shared schedule: what is due wakes the relay; what is no longer in the outbox leaves the schedule. */

typedef struct {
  AnnotRelay *relay;
  GPtrArray *due;
} Check;

static void
on_listed (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autofree Check *check = user_data;
  g_autoptr (AnnotRelay) self = check->relay;
  g_autoptr (GPtrArray) due = check->due;
  g_autoptr (GPtrArray) failed = annot_store_list_outgoing_finish (ANNOT_STORE (source), result, NULL);
  g_autoptr (GHashTable) known = g_hash_table_new (g_str_hash, g_str_equal);

  self->checking_retries = FALSE;
  /* A list that was cut off does not say what is missing. */
  if (!failed || failed->len >= LIST_LIMIT || !self->state)
    return;
  for (guint i = 0; i < failed->len; i++)
    g_hash_table_add (known, ((AnnotOutgoing *) g_ptr_array_index (failed, i))->id);
  for (guint i = 0; i < due->len; i++) {
    const AnnotRetry *retry = g_ptr_array_index (due, i);

    if (!g_hash_table_contains (known, retry->id))
      annot_state_confirm_retry (self->state, retry->id, NULL, on_schedule_told, g_object_ref (self));
  }
}

static void
on_retries_taken (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (AnnotRelay) self = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) due = annot_state_take_retries_finish (ANNOT_STATE (source), result, &error);
  Check *check;

  if (!due || due->len == 0 || self->stopped) {
    self->checking_retries = FALSE;
    if (error)
      annot_relay_report (self, "the retry schedule was not read", error);
    return;
  }
  annot_relay_wake (self);
  check = g_new0 (Check, 1);
  check->relay = g_object_ref (self);
  check->due = g_ptr_array_ref (due);
  annot_store_list_outgoing (self->store, TRUE, LIST_LIMIT, self->cancellable, on_listed, check);
}

void
annot_relay_check_retries (AnnotRelay *self)
{
  if (self->checking_retries || self->stopped)
    return;
  self->checking_retries = TRUE;
  annot_state_take_retries (self->state, RETRIES_LIMIT, RETRIES_VISIBILITY_SECONDS, self->cancellable,
                            on_retries_taken, g_object_ref (self));
}
