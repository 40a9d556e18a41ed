/* SPDX-License-Identifier: Apache-2.0 */
/* Where people work: leases, skips, removals. Submitting is in annot-desk-submit.c. */
#include "annot-desk-private.h"

#include "model/annot-labeled-example.h"

#define EXPIRY_INTERVAL_MILLISECONDS 1000
#define EXPIRY_SLICE 500

G_DEFINE_FINAL_TYPE (AnnotDesk, annot_desk, G_TYPE_OBJECT)

static void
annot_desk_dispose (GObject *object)
{
  AnnotDesk *self = ANNOT_DESK (object);

  annot_desk_stop (self);
  g_clear_object (&self->cancellable);
  g_clear_object (&self->store);
  g_clear_object (&self->notifier);
  g_clear_object (&self->relay);
  G_OBJECT_CLASS (annot_desk_parent_class)->dispose (object);
}

static void
annot_desk_finalize (GObject *object)
{
  AnnotDesk *self = ANNOT_DESK (object);

  g_free (self->labeled_topic);
  g_free (self->events_topic);
  G_OBJECT_CLASS (annot_desk_parent_class)->finalize (object);
}

static void
annot_desk_class_init (AnnotDeskClass *klass)
{
  G_OBJECT_CLASS (klass)->dispose = annot_desk_dispose;
  G_OBJECT_CLASS (klass)->finalize = annot_desk_finalize;
}

static void
annot_desk_init (AnnotDesk *self)
{
}

AnnotDesk *
annot_desk_new (AnnotConfig *config, AnnotStore *store, AnnotNotifier *notifier, AnnotRelay *relay)
{
  AnnotDesk *self = g_object_new (ANNOT_TYPE_DESK, NULL);

  self->store = g_object_ref (store);
  self->notifier = g_object_ref (notifier);
  self->relay = g_object_ref (relay);
  self->labeled_topic = g_strdup (annot_config_get_string (config, "broker", "labeled-examples-topic"));
  self->events_topic = g_strdup (annot_config_get_string (config, "broker", "events-topic"));
  self->lease_seconds = (guint) annot_config_get_integer (config, "annotation", "lease-seconds");
  self->max_skips = (guint) annot_config_get_integer (config, "annotation", "max-skips");
  self->inline_frames = g_strcmp0 (annot_config_get_string (config, "annotation", "publish-frames"), "reference") != 0;
  return self;
}

/* Expired leases */

static void expire_leases (AnnotDesk *self);

static void
on_expired (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (AnnotDesk) self = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) leases = annot_store_expire_leases_finish (ANNOT_STORE (source), result, &error);

  self->expiring = FALSE;
  if (!leases) {
    if (!g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
      annot_log_limited (&self->log_limit, 60, G_LOG_LEVEL_WARNING, "desk: expired leases were not given back: %s",
                         error->message);
    return;
  }
  for (guint i = 0; i < leases->len; i++) {
    const AnnotLease *lease = g_ptr_array_index (leases, i);

    annot_notifier_announce (self->notifier, "example_released", lease->event_id);
    annot_notifier_announce_expired (self->notifier, lease->annotator, lease->event_id);
  }
  if (leases->len == EXPIRY_SLICE && self->timer)
    expire_leases (self);
}

static void
expire_leases (AnnotDesk *self)
{
  if (self->expiring)
    return;
  self->expiring = TRUE;
  annot_store_expire_leases (self->store, EXPIRY_SLICE, self->cancellable, on_expired, g_object_ref (self));
}

static gboolean
on_timer (gpointer user_data)
{
  expire_leases (user_data);
  return G_SOURCE_CONTINUE;
}

void
annot_desk_start (AnnotDesk *self)
{
  g_return_if_fail (ANNOT_IS_DESK (self));

  if (self->timer)
    return;
  g_clear_object (&self->cancellable);
  self->cancellable = g_cancellable_new ();
  self->timer = g_timeout_add (EXPIRY_INTERVAL_MILLISECONDS, on_timer, self);
}

void
annot_desk_stop (AnnotDesk *self)
{
  g_clear_handle_id (&self->timer, g_source_remove);
  if (self->cancellable)
    g_cancellable_cancel (self->cancellable);
}

/* Leases */

static void
on_claimed (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  AnnotDesk *self = g_task_get_source_object (task);
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) leases = annot_store_claim_finish (ANNOT_STORE (source), result, &error);

  if (!leases) {
    g_task_return_error (task, g_steal_pointer (&error));
    return;
  }
  for (guint i = 0; i < leases->len; i++)
    annot_notifier_announce (self->notifier, "example_taken",
                             ((const AnnotLease *) g_ptr_array_index (leases, i))->event_id);
  g_task_return_pointer (task, g_steal_pointer (&leases), (GDestroyNotify) g_ptr_array_unref);
}

void
annot_desk_claim (AnnotDesk *self, const char *annotator, guint count, GCancellable *cancellable,
                  GAsyncReadyCallback callback, gpointer user_data)
{
  g_autoptr (GTask) task = g_task_new (self, cancellable, callback, user_data);

  g_task_set_check_cancellable (task, FALSE);
  annot_store_claim (self->store, annotator, count, self->lease_seconds, cancellable, on_claimed,
                     g_object_ref (task));
}

GPtrArray *
annot_desk_claim_finish (AnnotDesk *self, GAsyncResult *result, GError **error)
{
  return g_task_propagate_pointer (G_TASK (result), error);
}

static void
on_renewed (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) leases = annot_store_renew_finish (ANNOT_STORE (source), result, &error);

  if (!leases) {
    g_task_return_error (task, g_steal_pointer (&error));
    return;
  }
  g_task_return_pointer (task, g_steal_pointer (&leases), (GDestroyNotify) g_ptr_array_unref);
}

void
annot_desk_renew (AnnotDesk *self, const char *annotator, GArray *tokens, GCancellable *cancellable,
                  GAsyncReadyCallback callback, gpointer user_data)
{
  g_autoptr (GTask) task = g_task_new (self, cancellable, callback, user_data);

  g_task_set_check_cancellable (task, FALSE);
  annot_store_renew (self->store, annotator, tokens, self->lease_seconds, cancellable, on_renewed,
                     g_object_ref (task));
}

GPtrArray *
annot_desk_renew_finish (AnnotDesk *self, GAsyncResult *result, GError **error)
{
  return g_task_propagate_pointer (G_TASK (result), error);
}

static void
on_released (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  AnnotDesk *self = g_task_get_source_object (task);
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) leases = annot_store_release_finish (ANNOT_STORE (source), result, &error);

  if (!leases) {
    g_task_return_error (task, g_steal_pointer (&error));
    return;
  }
  for (guint i = 0; i < leases->len; i++) {
    const AnnotLease *lease = g_ptr_array_index (leases, i);

    annot_notifier_announce (self->notifier, "example_released", lease->event_id);
  }
  g_task_return_pointer (task, g_steal_pointer (&leases), (GDestroyNotify) g_ptr_array_unref);
}

void
annot_desk_release (AnnotDesk *self, const char *annotator, GArray *tokens, GCancellable *cancellable,
                    GAsyncReadyCallback callback, gpointer user_data)
{
  g_autoptr (GTask) task = g_task_new (self, cancellable, callback, user_data);

  g_task_set_check_cancellable (task, FALSE);
  annot_store_release (self->store, annotator, tokens, cancellable, on_released, g_object_ref (task));
}

GPtrArray *
annot_desk_release_finish (AnnotDesk *self, GAsyncResult *result, GError **error)
{
  return g_task_propagate_pointer (G_TASK (result), error);
}

/* Skips, removals, erasures: each writes its event in the same transaction. */

typedef struct {
  char *event_id;
  char *annotator;
  char *reason;
  AnnotLeaseToken token;
  AnnotOutgoing *outgoing;
  AnnotSkip skip;
} Change;

static void
change_free (Change *self)
{
  g_free (self->event_id);
  g_free (self->annotator);
  g_free (self->reason);
  g_clear_pointer (&self->outgoing, annot_outgoing_free);
  g_free (self);
}

/* Returns: (transfer none): lives as long as the task */
static Change *
change_begin (GTask *task, const char *event_type, const char *event_id, const char *by, const char *reason)
{
  AnnotDesk *self = g_task_get_source_object (task);
  Change *change = g_new0 (Change, 1);

  g_task_set_check_cancellable (task, FALSE);
  g_task_set_task_data (task, change, (GDestroyNotify) change_free);
  change->event_id = g_strdup (event_id);
  change->annotator = g_strdup (by);
  change->reason = g_strdup (reason);
  change->outgoing = annot_event_new (self->events_topic, event_type, event_id, by, reason);
  return change;
}

static void
on_skipped (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  AnnotDesk *self = g_task_get_source_object (task);
  const Change *change = g_task_get_task_data (task);
  g_autoptr (GError) error = NULL;
  int status = annot_store_skip_finish (ANNOT_STORE (source), result, &error);

  if (error) {
    g_task_return_error (task, g_steal_pointer (&error));
    return;
  }
  /* Sent again, and somebody else has it by now: the answer is what it was, and there is no news for pages. */
  if (status == ANNOT_EXAMPLE_LEASED)
    status = ANNOT_EXAMPLE_PENDING;
  else
    annot_notifier_announce (self->notifier, status == ANNOT_EXAMPLE_PENDING ? "example_released" : "example_done",
                             change->event_id);
  annot_relay_wake (self->relay);
  g_task_return_int (task, status);
}

void
annot_desk_skip (AnnotDesk *self, const char *event_id, const char *annotator, const AnnotLeaseToken *token,
                 const char *reason, GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data)
{
  g_autoptr (GTask) task = g_task_new (self, cancellable, callback, user_data);
  Change *change = change_begin (task, "skipped", event_id, annotator, reason);

  if (token)
    change->token = *token;
  change->skip = (AnnotSkip){.event_id = change->event_id,
                             .annotator = change->annotator,
                             .token = token ? &change->token : NULL,
                             .reason = change->reason,
                             .max_skips = self->max_skips,
                             .outgoing = change->outgoing};
  annot_store_skip (self->store, &change->skip, cancellable, on_skipped, g_object_ref (task));
}

int
annot_desk_skip_finish (AnnotDesk *self, GAsyncResult *result, GError **error)
{
  return (int) g_task_propagate_int (G_TASK (result), error);
}

static void
on_removed (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  AnnotDesk *self = g_task_get_source_object (task);
  const Change *change = g_task_get_task_data (task);
  g_autoptr (GError) error = NULL;

  if (!annot_store_remove_finish (ANNOT_STORE (source), result, &error)) {
    g_task_return_error (task, g_steal_pointer (&error));
    return;
  }
  annot_notifier_announce (self->notifier, "example_removed", change->event_id);
  annot_relay_wake (self->relay);
  g_task_return_boolean (task, TRUE);
}

void
annot_desk_remove (AnnotDesk *self, const char *event_id, const char *actor, const char *reason,
                   GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data)
{
  g_autoptr (GTask) task = g_task_new (self, cancellable, callback, user_data);
  Change *change = change_begin (task, "deleted", event_id, actor, reason);

  annot_store_remove (self->store, change->event_id, change->outgoing, cancellable, on_removed, g_object_ref (task));
}

gboolean
annot_desk_remove_finish (AnnotDesk *self, GAsyncResult *result, GError **error)
{
  return g_task_propagate_boolean (G_TASK (result), error);
}

static void
on_erased (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  AnnotDesk *self = g_task_get_source_object (task);
  g_autoptr (GError) error = NULL;
  AnnotErasure *erasure = annot_store_erase_subject_finish (ANNOT_STORE (source), result, &error);

  if (!erasure) {
    g_task_return_error (task, g_steal_pointer (&error));
    return;
  }
  if (erasure->examples > 0)
    annot_notifier_announce_resync (self->notifier);
  annot_relay_wake (self->relay);
  g_task_return_pointer (task, erasure, g_free);
}

void
annot_desk_erase_subject (AnnotDesk *self, const char *face_hash, const char *actor, GCancellable *cancellable,
                          GAsyncReadyCallback callback, gpointer user_data)
{
  g_autoptr (GTask) task = g_task_new (self, cancellable, callback, user_data);
  Change *change = change_begin (task, "data_subject_deleted", NULL, actor, NULL);

  annot_store_erase_subject (self->store, face_hash, change->annotator, change->outgoing, cancellable, on_erased,
                             g_object_ref (task));
}

AnnotErasure *
annot_desk_erase_subject_finish (AnnotDesk *self, GAsyncResult *result, GError **error)
{
  return g_task_propagate_pointer (G_TASK (result), error);
}
