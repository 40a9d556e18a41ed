/* SPDX-License-Identifier: Apache-2.0 */
/* The state that instances share and may lose: notifications, presence, the retry schedule, rate limits. */
#pragma once

#if !defined(ANNOTATIOND_INSIDE) && !defined(ANNOTATIOND_COMPILATION)
#error "Include <annotationd/annotationd.h>"
#endif

#include <gio/gio.h>

#include <annotationd/annot-config.h>
#include <annotationd/annot-health.h>
#include <annotationd/annot-option.h>

G_BEGIN_DECLS

#define ANNOT_TYPE_STATE (annot_state_get_type ())
ANNOT_API
G_DECLARE_DERIVABLE_TYPE (AnnotState, annot_state, ANNOT, STATE, GObject)

    /**
     * AnnotInstance:
     * @id: instance id, unique among the living
     * @host: host name
     * @version: of the daemon
     * @started_at: microseconds since 1970 UTC
     * @connections: open WebSockets
     * @partitions: partitions that its consumer holds
     */
    typedef struct {
  char *id;
  char *host;
  char *version;
  gint64 started_at;
  guint connections;
  guint partitions;
} AnnotInstance;

ANNOT_API AnnotInstance *annot_instance_new (const char *id);
ANNOT_API AnnotInstance *annot_instance_copy (const AnnotInstance *self);
ANNOT_API void annot_instance_free (AnnotInstance *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (AnnotInstance, annot_instance_free)

/**
 * AnnotRateVerdict:
 * @allowed: whether it may go on
 * @remaining: how many more at once
 * @retry_after: microseconds until one would be allowed, 0 when @allowed
 * @reset_after: microseconds until all of it is free again
 */
typedef struct {
  gboolean allowed;
  guint remaining;
  gint64 retry_after;
  gint64 reset_after;
} AnnotRateVerdict;

/**
 * AnnotRetry:
 * @id: id of the outgoing message
 * @due_at: microseconds since 1970 UTC
 */
typedef struct {
  char *id;
  gint64 due_at;
} AnnotRetry;

ANNOT_API AnnotRetry *annot_retry_new (const char *id, gint64 due_at);
ANNOT_API void annot_retry_free (AnnotRetry *self);

/**
 * AnnotStateClass:
 *
 * As in #AnnotStoreClass: every method but @configure gets a task (transfer full) to answer once.
 *
 * A server that is away fails neither @open nor @subscribe, for the core can do without: the plugin goes on trying,
 * @health says why it is not healthy, and the other methods fail at once (%ANNOT_ERROR_NOT_CONNECTED). What a person has
 * to put right (%ANNOT_ERROR_AUTH, %ANNOT_ERROR_CONFIG) fails @open.
 *
 * Signals, emitted on the main context: `message::<channel>` (AnnotState *self, const char *channel, GBytes *data) for
 * every message of a subscribed channel, the instance's own too, in the publisher's order; `gap` (AnnotState *self)
 * after an interrupted subscription is back: messages may be missing.
 */
struct _AnnotStateClass {
  GObjectClass parent_class;

  gboolean (*configure) (AnnotState *self, AnnotConfig *config, GError **error);
  void (*open) (AnnotState *self, GTask *task);
  void (*close) (AnnotState *self, GTask *task);
  void (*health) (AnnotState *self, GTask *task);

  void (*publish) (AnnotState *self, const char *channel, GBytes *data, GTask *task);
  void (*subscribe) (AnnotState *self, const char *channel, GTask *task);

  void (*announce) (AnnotState *self, const AnnotInstance *instance, guint deadline_seconds, GTask *task);
  void (*withdraw) (AnnotState *self, const char *instance_id, GTask *task);
  void (*list_instances) (AnnotState *self, GTask *task);

  void (*add_retry) (AnnotState *self, const char *id, gint64 due_at, GTask *task);
  void (*take_retries) (AnnotState *self, guint limit, guint visibility_seconds, GTask *task);
  void (*confirm_retry) (AnnotState *self, const char *id, GTask *task);

  void (*take_rate) (AnnotState *self, const char *key, AnnotRate rate, guint count, GTask *task);
  void (*revoke) (AnnotState *self, const char *jti, gint64 until, GTask *task);

  gpointer reserved[8];
};

#define ANNOT_STATE_ARGS GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data

ANNOT_API gboolean annot_state_configure (AnnotState *self, AnnotConfig *config, GError **error);
/* Boolean. */
ANNOT_API void annot_state_open (AnnotState *self, ANNOT_STATE_ARGS);
ANNOT_API gboolean annot_state_open_finish (AnnotState *self, GAsyncResult *result, GError **error);
/* Boolean. */
ANNOT_API void annot_state_close (AnnotState *self, ANNOT_STATE_ARGS);
ANNOT_API gboolean annot_state_close_finish (AnnotState *self, GAsyncResult *result, GError **error);
/* Pointer: AnnotHealth. */
ANNOT_API void annot_state_health (AnnotState *self, ANNOT_STATE_ARGS);
ANNOT_API AnnotHealth *annot_state_health_finish (AnnotState *self, GAsyncResult *result, GError **error);

/* At most once to every subscriber, in order. Boolean. */
ANNOT_API void annot_state_publish (AnnotState *self, const char *channel, GBytes *data, ANNOT_STATE_ARGS);
ANNOT_API gboolean annot_state_publish_finish (AnnotState *self, GAsyncResult *result, GError **error);
/* From when it answers, messages of the channel are emitted as #AnnotState::message::<channel>. While a server is away it
 * answers at once: the channel is remembered, and a gap reported when it is heard. Boolean. */
ANNOT_API void annot_state_subscribe (AnnotState *self, const char *channel, ANNOT_STATE_ARGS);
ANNOT_API gboolean annot_state_subscribe_finish (AnnotState *self, GAsyncResult *result, GError **error);
/* For plugins, on the main context: hands a received message to the subscribers. */
ANNOT_API void annot_state_deliver (AnnotState *self, const char *channel, GBytes *data);
/* For plugins, on the main context: a subscription is back after a gap. */
ANNOT_API void annot_state_report_gap (AnnotState *self);

/* Registers the instance, or refreshes its numbers, until the deadline. Boolean. */
ANNOT_API void annot_state_announce (AnnotState *self, const AnnotInstance *instance, guint deadline_seconds,
                                     ANNOT_STATE_ARGS);
ANNOT_API gboolean annot_state_announce_finish (AnnotState *self, GAsyncResult *result, GError **error);
/* Boolean. */
ANNOT_API void annot_state_withdraw (AnnotState *self, const char *instance_id, ANNOT_STATE_ARGS);
ANNOT_API gboolean annot_state_withdraw_finish (AnnotState *self, GAsyncResult *result, GError **error);
/* Pointer: GPtrArray of the living AnnotInstance, by started_at then id. The total of WebSockets is their sum. */
ANNOT_API void annot_state_list_instances (AnnotState *self, ANNOT_STATE_ARGS);
ANNOT_API GPtrArray *annot_state_list_instances_finish (AnnotState *self, GAsyncResult *result, GError **error);

/* Schedules, or reschedules. Boolean. */
ANNOT_API void annot_state_add_retry (AnnotState *self, const char *id, gint64 due_at, ANNOT_STATE_ARGS);
ANNOT_API gboolean annot_state_add_retry_finish (AnnotState *self, GAsyncResult *result, GError **error);
/* Takes what is due; what is not confirmed within the visibility deadline becomes due again. Pointer: GPtrArray of
 * AnnotRetry. */
ANNOT_API void annot_state_take_retries (AnnotState *self, guint limit, guint visibility_seconds, ANNOT_STATE_ARGS);
ANNOT_API GPtrArray *annot_state_take_retries_finish (AnnotState *self, GAsyncResult *result, GError **error);
/* Removes it from the schedule, taken or not. Boolean. */
ANNOT_API void annot_state_confirm_retry (AnnotState *self, const char *id, ANNOT_STATE_ARGS);
ANNOT_API gboolean annot_state_confirm_retry_finish (AnnotState *self, GAsyncResult *result, GError **error);

/* Takes count from the bucket of key (GCRA: rate.count as burst, refilled over rate.period). Pointer: AnnotRateVerdict
 * (g_free). */
ANNOT_API void annot_state_take_rate (AnnotState *self, const char *key, AnnotRate rate, guint count, ANNOT_STATE_ARGS);
ANNOT_API AnnotRateVerdict *annot_state_take_rate_finish (AnnotState *self, GAsyncResult *result, GError **error);
/* Keeps the mark of a revoked signed token until it would have expired (microseconds since 1970 UTC). Boolean. */
ANNOT_API void annot_state_revoke (AnnotState *self, const char *jti, gint64 until, ANNOT_STATE_ARGS);
ANNOT_API gboolean annot_state_revoke_finish (AnnotState *self, GAsyncResult *result, GError **error);

G_END_DECLS
