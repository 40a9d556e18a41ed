/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The state of a single instance. Everything happens on the main context, so there are no locks. Deadlines are kept by
 * the monotonic clock, so that a jump of the wall clock neither loses an instance nor hurries a retry.
 */
#include "memory-state.h"

#include "memory-rate.h"
#include "memory-timetable.h"

#define QUEUE_BOUND 100000
#define REVOKED_BOUND 1000000

typedef struct {
  char *channel;
  GBytes *data;
} Publication;

struct _MemoryState {
  AnnotState parent_instance;

  guint rate_bound;
  guint retry_bound;
  GHashTable *channels;       /* subscribed channel names */
  GQueue publications;        /* Publication, waiting for delivery */
  GSource *delivery;          /* set while publications wait */
  MemoryTimetable *instances; /* by deadline; AnnotInstance */
  MemoryTimetable *retries;   /* by monotonic due time; AnnotRetry */
  MemoryTimetable *buckets;   /* see memory-rate.h */
  MemoryTimetable *revoked;   /* by monotonic end */
};

G_DEFINE_FINAL_TYPE (MemoryState, memory_state, ANNOT_TYPE_STATE)

static void
publication_free (Publication *self)
{
  g_free (self->channel);
  g_bytes_unref (self->data);
  g_free (self);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Publication, publication_free)

/* A time of the wall clock as a time of the monotonic one, as the two stand now. */
static gint64
monotonic_of (gint64 wall)
{
  return g_get_monotonic_time () + (wall - g_get_real_time ());
}

static gboolean
memory_state_configure (AnnotState *state, AnnotConfig *config, GError **error)
{
  MemoryState *self = MEMORY_STATE (state);

  self->rate_bound = (guint) annot_config_get_integer (config, "memory", "rate-keys");
  self->retry_bound = (guint) annot_config_get_integer (config, "memory", "retries");
  return TRUE;
}

static void
memory_state_open (AnnotState *state, GTask *task_owned)
{
  g_autoptr (GTask) task = task_owned;

  g_task_return_boolean (task, TRUE);
}

static void
forget_all (MemoryState *self)
{
  if (self->delivery) {
    g_source_destroy (self->delivery);
    g_clear_pointer (&self->delivery, g_source_unref);
  }
  g_queue_clear_full (&self->publications, (GDestroyNotify) publication_free);
  g_hash_table_remove_all (self->channels);
  memory_timetable_clear (self->instances);
  memory_timetable_clear (self->retries);
  memory_timetable_clear (self->buckets);
  memory_timetable_clear (self->revoked);
}

static void
memory_state_close (AnnotState *state, GTask *task_owned)
{
  g_autoptr (GTask) task = task_owned;

  forget_all (MEMORY_STATE (state));
  g_task_return_boolean (task, TRUE);
}

static void
memory_state_health (AnnotState *state, GTask *task_owned)
{
  MemoryState *self = MEMORY_STATE (state);
  g_autoptr (GTask) task = task_owned;
  JsonObject *details = json_object_new ();
  gint64 now = g_get_monotonic_time ();

  memory_timetable_expire (self->instances, now, 0);
  memory_timetable_expire (self->buckets, now, 0);
  memory_timetable_expire (self->revoked, now, 0);
  json_object_set_int_member (details, "keys", memory_timetable_get_size (self->buckets));
  json_object_set_int_member (details, "subscriptions", g_hash_table_size (self->channels));
  json_object_set_int_member (details, "instances", memory_timetable_get_size (self->instances));
  json_object_set_int_member (details, "retries", memory_timetable_get_size (self->retries));
  json_object_set_int_member (details, "revoked", memory_timetable_get_size (self->revoked));
  g_task_return_pointer (task, annot_health_new (TRUE, details), (GDestroyNotify) annot_health_free);
}

static gboolean
deliver_all (gpointer user_data)
{
  g_autoptr (MemoryState) self = g_object_ref (MEMORY_STATE (user_data));
  guint count = g_queue_get_length (&self->publications);

  /* Only what waits now: a subscriber that publishes again must not keep the loop here. */
  for (guint i = 0; i < count; i++) {
    g_autoptr (Publication) publication = g_queue_pop_head (&self->publications);

    if (!publication)
      break;
    annot_state_deliver (ANNOT_STATE (self), publication->channel, publication->data);
  }
  if (!g_queue_is_empty (&self->publications))
    return G_SOURCE_CONTINUE;
  g_clear_pointer (&self->delivery, g_source_unref);
  return G_SOURCE_REMOVE;
}

static void
memory_state_publish (AnnotState *state, const char *channel, GBytes *data, GTask *task_owned)
{
  MemoryState *self = MEMORY_STATE (state);
  g_autoptr (GTask) task = task_owned;
  Publication *publication = NULL;

  if (!g_hash_table_contains (self->channels, channel)) {
    g_task_return_boolean (task, TRUE);
    return;
  }
  if (g_queue_get_length (&self->publications) >= QUEUE_BOUND) {
    g_task_return_new_error (task, ANNOT_ERROR, ANNOT_ERROR_TEMPORARY, "memory: %d notifications wait for delivery",
                             QUEUE_BOUND);
    return;
  }
  publication = g_new (Publication, 1);
  publication->channel = g_strdup (channel);
  publication->data = g_bytes_ref (data);
  g_queue_push_tail (&self->publications, publication);
  if (!self->delivery) {
    self->delivery = g_idle_source_new ();
    g_source_set_priority (self->delivery, G_PRIORITY_DEFAULT);
    g_source_set_callback (self->delivery, deliver_all, self, NULL);
    g_source_set_static_name (self->delivery, "memory delivery");
    g_source_attach (self->delivery, g_task_get_context (task));
  }
  g_task_return_boolean (task, TRUE);
}

static void
memory_state_subscribe (AnnotState *state, const char *channel, GTask *task_owned)
{
  MemoryState *self = MEMORY_STATE (state);
  g_autoptr (GTask) task = task_owned;

  g_hash_table_add (self->channels, g_strdup (channel));
  g_task_return_boolean (task, TRUE);
}

static void
memory_state_announce (AnnotState *state, const AnnotInstance *instance, guint deadline_seconds, GTask *task_owned)
{
  MemoryState *self = MEMORY_STATE (state);
  g_autoptr (GTask) task = task_owned;

  memory_timetable_put (self->instances, instance->id,
                        g_get_monotonic_time () + (gint64) deadline_seconds * G_USEC_PER_SEC,
                        annot_instance_copy (instance));
  g_task_return_boolean (task, TRUE);
}

static void
memory_state_withdraw (AnnotState *state, const char *instance_id, GTask *task_owned)
{
  g_autoptr (GTask) task = task_owned;

  memory_timetable_remove (MEMORY_STATE (state)->instances, instance_id);
  g_task_return_boolean (task, TRUE);
}

static void
append_copy (gpointer instance, gpointer list)
{
  g_ptr_array_add (list, annot_instance_copy (instance));
}

static int
compare_instances (gconstpointer a, gconstpointer b)
{
  const AnnotInstance *x = *(const AnnotInstance *const *) a;
  const AnnotInstance *y = *(const AnnotInstance *const *) b;

  if (x->started_at != y->started_at)
    return x->started_at < y->started_at ? -1 : 1;
  return g_strcmp0 (x->id, y->id);
}

static void
memory_state_list_instances (AnnotState *state, GTask *task_owned)
{
  MemoryState *self = MEMORY_STATE (state);
  g_autoptr (GTask) task = task_owned;
  GPtrArray *list = g_ptr_array_new_with_free_func ((GDestroyNotify) annot_instance_free);

  memory_timetable_expire (self->instances, g_get_monotonic_time (), 0);
  memory_timetable_foreach (self->instances, append_copy, list);
  g_ptr_array_sort (list, compare_instances);
  g_task_return_pointer (task, list, (GDestroyNotify) g_ptr_array_unref);
}

static void
memory_state_add_retry (AnnotState *state, const char *id, gint64 due_at, GTask *task_owned)
{
  MemoryState *self = MEMORY_STATE (state);
  g_autoptr (GTask) task = task_owned;

  if (memory_timetable_get_size (self->retries) >= self->retry_bound
      && !memory_timetable_get (self->retries, id, NULL, NULL)) {
    g_task_return_new_error (task, ANNOT_ERROR, ANNOT_ERROR_TEMPORARY,
                             "memory: the retry schedule holds %u messages ([memory] retries)", self->retry_bound);
    return;
  }
  memory_timetable_put (self->retries, id, monotonic_of (due_at), annot_retry_new (id, due_at));
  g_task_return_boolean (task, TRUE);
}

static void
memory_state_take_retries (AnnotState *state, guint limit, guint visibility_seconds, GTask *task_owned)
{
  MemoryState *self = MEMORY_STATE (state);
  g_autoptr (GTask) task = task_owned;
  GPtrArray *taken = g_ptr_array_new_with_free_func ((GDestroyNotify) annot_retry_free);
  gint64 now = g_get_monotonic_time ();
  gint64 visible_at = now + MAX ((gint64) visibility_seconds * G_USEC_PER_SEC, 1);
  gint64 due = 0;
  gpointer value = NULL;

  while (taken->len < limit && memory_timetable_get_first (self->retries, &due, &value) && due <= now) {
    const AnnotRetry *retry = value;

    g_ptr_array_add (taken, annot_retry_new (retry->id, retry->due_at));
    memory_timetable_move (self->retries, retry->id, visible_at);
  }
  g_task_return_pointer (task, taken, (GDestroyNotify) g_ptr_array_unref);
}

static void
memory_state_confirm_retry (AnnotState *state, const char *id, GTask *task_owned)
{
  g_autoptr (GTask) task = task_owned;

  memory_timetable_remove (MEMORY_STATE (state)->retries, id);
  g_task_return_boolean (task, TRUE);
}

static void
memory_state_take_rate (AnnotState *state, const char *key, AnnotRate rate, guint count, GTask *task_owned)
{
  MemoryState *self = MEMORY_STATE (state);
  g_autoptr (GTask) task = task_owned;
  AnnotRateVerdict verdict
      = memory_rate_take (self->buckets, self->rate_bound, key, rate, count, g_get_monotonic_time ());

  g_task_return_pointer (task, g_memdup2 (&verdict, sizeof verdict), g_free);
}

static void
memory_state_revoke (AnnotState *state, const char *jti, gint64 until, GTask *task_owned)
{
  MemoryState *self = MEMORY_STATE (state);
  g_autoptr (GTask) task = task_owned;
  gint64 now = g_get_monotonic_time ();
  gint64 end = monotonic_of (until);

  memory_timetable_expire (self->revoked, now, 0);
  if (memory_timetable_get_size (self->revoked) >= REVOKED_BOUND) {
    g_task_return_new_error (task, ANNOT_ERROR, ANNOT_ERROR_TEMPORARY, "memory: %d revoked tokens are remembered",
                             REVOKED_BOUND);
    return;
  }
  if (end > now)
    memory_timetable_put (self->revoked, jti, end, NULL);
  g_task_return_boolean (task, TRUE);
}

static void
memory_state_finalize (GObject *object)
{
  MemoryState *self = MEMORY_STATE (object);

  forget_all (self);
  g_hash_table_unref (self->channels);
  memory_timetable_free (self->instances);
  memory_timetable_free (self->retries);
  memory_timetable_free (self->buckets);
  memory_timetable_free (self->revoked);
  G_OBJECT_CLASS (memory_state_parent_class)->finalize (object);
}

static void
memory_state_class_init (MemoryStateClass *klass)
{
  AnnotStateClass *state_class = ANNOT_STATE_CLASS (klass);

  G_OBJECT_CLASS (klass)->finalize = memory_state_finalize;
  state_class->configure = memory_state_configure;
  state_class->open = memory_state_open;
  state_class->close = memory_state_close;
  state_class->health = memory_state_health;
  state_class->publish = memory_state_publish;
  state_class->subscribe = memory_state_subscribe;
  state_class->announce = memory_state_announce;
  state_class->withdraw = memory_state_withdraw;
  state_class->list_instances = memory_state_list_instances;
  state_class->add_retry = memory_state_add_retry;
  state_class->take_retries = memory_state_take_retries;
  state_class->confirm_retry = memory_state_confirm_retry;
  state_class->take_rate = memory_state_take_rate;
  state_class->revoke = memory_state_revoke;
}

static void
memory_state_init (MemoryState *self)
{
  self->rate_bound = 100000;
  self->retry_bound = 1000000;
  self->channels = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  g_queue_init (&self->publications);
  self->instances = memory_timetable_new ((GDestroyNotify) annot_instance_free);
  self->retries = memory_timetable_new ((GDestroyNotify) annot_retry_free);
  self->buckets = memory_timetable_new (NULL);
  self->revoked = memory_timetable_new (NULL);
}
