/* SPDX-License-Identifier: Apache-2.0 */
/* Rate limits shared by all instances through the state, and kept here while the state is away. */
#include "annot-rate-limit.h"

/* Keys that are remembered; beyond it the table starts afresh, rather than grow. */
#define MAX_KEYS 20000
/* How long a request waits for the state. */
#define PATIENCE_MICROSECONDS (250 * 1000)

struct _AnnotRateTable {
  GHashTable *keys; /* to gint64: theoretical arrival time */
};

struct _AnnotRateLimit {
  grefcount refs;
  AnnotConfig *config;
  AnnotState *state;
  AnnotPoller *poller;
  AnnotRateTable *table;
};

typedef struct {
  AnnotTimer patience;
  AnnotRateLimit *limit;
  char *key;
  AnnotRate rate;
  AnnotRateTaken taken;
  gpointer user_data;
} Call;

static const char *const class_keys[] = {
  [ANNOT_RATE_LOGIN] = "login",
  [ANNOT_RATE_LABEL] = "label",
  [ANNOT_RATE_DELETION] = "deletion",
  [ANNOT_RATE_DEFAULT] = "default",
};

AnnotRateTable *
annot_rate_table_new (void)
{
  AnnotRateTable *self = g_new0 (AnnotRateTable, 1);
  self->keys = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  return self;
}

void
annot_rate_table_free (AnnotRateTable *self)
{
  g_hash_table_unref (self->keys);
  g_free (self);
}

static gboolean
is_past (gpointer key, gpointer value, gpointer user_data)
{
  return *(gint64 *)value <= *(gint64 *)user_data;
}

static void
make_room (AnnotRateTable *self, gint64 now)
{
  if (g_hash_table_size (self->keys) >= MAX_KEYS) {
    g_hash_table_foreach_remove (self->keys, is_past, &now);
  }
  if (g_hash_table_size (self->keys) >= MAX_KEYS) {
    g_hash_table_remove_all (self->keys);
  }
}

AnnotRateVerdict
annot_rate_table_take (AnnotRateTable *self, const char *key, AnnotRate rate, gint64 now)
{
  /* Each request moves the arrival time on by one interval, which the clock can tell; it may run ahead of the clock by
   * one period. */
  gint64 interval = MAX (rate.period / rate.count, 1);
  gint64 *arrival = g_hash_table_lookup (self->keys, key);
  gint64 base = arrival != NULL ? MAX (*arrival, now) : now;
  gint64 next = base + interval;
  if (next - now > rate.period) {
    return (AnnotRateVerdict){ FALSE, 0, next - now - rate.period, base - now };
  }
  if (arrival == NULL) {
    make_room (self, now);
    arrival = g_new (gint64, 1);
    g_hash_table_insert (self->keys, g_strdup (key), arrival);
  }
  *arrival = next;
  double left = (double)(rate.period - (next - now)) * rate.count / (double)rate.period;
  return (AnnotRateVerdict){ TRUE, (guint)left, 0, next - now };
}

AnnotRateLimit *
annot_rate_limit_new (AnnotConfig *config, AnnotState *state, AnnotPoller *poller)
{
  AnnotRateLimit *self = g_new0 (AnnotRateLimit, 1);
  g_ref_count_init (&self->refs);
  self->config = g_object_ref (config);
  self->state = g_object_ref (state);
  self->poller = annot_poller_ref (poller);
  self->table = annot_rate_table_new ();
  return self;
}

void
annot_rate_limit_free (AnnotRateLimit *self)
{
  if (g_ref_count_dec (&self->refs)) {
    annot_rate_table_free (self->table);
    g_object_unref (self->config);
    g_object_unref (self->state);
    annot_poller_unref (self->poller);
    g_free (self);
  }
}

AnnotRate
annot_rate_limit_get (AnnotRateLimit *self, AnnotRateClass rate_class)
{
  return annot_config_get_rate (self->config, "limits", class_keys[rate_class]);
}

static void
take_locally (Call *call)
{
  AnnotRateTaken taken = g_steal_pointer (&call->taken);
  AnnotRateVerdict verdict = annot_rate_table_take (call->limit->table, call->key, call->rate, g_get_monotonic_time ());
  taken (&verdict, call->user_data);
}

/* The call itself ends when the state answers. */
static void
patience_ended (AnnotTimer *timer)
{
  take_locally ((Call *)timer);
}

static void
state_answered (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Call *call = user_data;
  g_autofree AnnotRateVerdict *verdict = annot_state_take_rate_finish (ANNOT_STATE (source), result, NULL);
  annot_poller_disarm (call->limit->poller, &call->patience);
  if (call->taken != NULL && verdict != NULL) {
    call->taken (verdict, call->user_data);
  } else if (call->taken != NULL) {
    take_locally (call);
  }
  annot_rate_limit_free (call->limit);
  g_free (call->key);
  g_free (call);
}

void
annot_rate_limit_take (AnnotRateLimit *self, AnnotRateClass rate_class, const char *whose, AnnotRateTaken taken,
                       gpointer user_data)
{
  Call *call = g_new0 (Call, 1);
  g_ref_count_inc (&self->refs);
  call->limit = self;
  call->key = g_strdup_printf ("%s:%s", class_keys[rate_class], whose);
  call->rate = annot_rate_limit_get (self, rate_class);
  call->taken = taken;
  call->user_data = user_data;
  call->patience.func = patience_ended;
  annot_poller_arm (self->poller, &call->patience, g_get_monotonic_time () + PATIENCE_MICROSECONDS);
  annot_state_take_rate (self->state, call->key, call->rate, 1, NULL, state_answered, call);
}
