/* SPDX-License-Identifier: Apache-2.0 */
/* The broker: topics consumed in a group, and topics produced to. */
#pragma once

#if !defined(ANNOTATIOND_INSIDE) && !defined(ANNOTATIOND_COMPILATION)
#error "Include <annotationd/annotationd.h>"
#endif

#include <gio/gio.h>

#include <annotationd/annot-config.h>
#include <annotationd/annot-health.h>
#include <annotationd/annot-message.h>

G_BEGIN_DECLS

#define ANNOT_TYPE_BROKER (annot_broker_get_type ())
ANNOT_API G_DECLARE_DERIVABLE_TYPE (AnnotBroker, annot_broker, ANNOT, BROKER, GObject)

/**
 * AnnotPartition:
 * @topic: topic
 * @partition: partition
 * @offset: next offset to store, as last stored by this group, -1 when none was
 * @end: the end of the partition, -1 when unknown
 * @lag: messages (a broker without message numbers: -1 when unknown) between the two
 */
typedef struct {
  char *topic;
  int partition;
  gint64 offset;
  gint64 end;
  gint64 lag;
} AnnotPartition;

ANNOT_API AnnotPartition *annot_partition_new (const char *topic, int partition);
ANNOT_API AnnotPartition *annot_partition_copy (const AnnotPartition *self);
ANNOT_API void annot_partition_free (AnnotPartition *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (AnnotPartition, annot_partition_free)

/* Returns: (transfer full) (element-type AnnotPartition): an empty array that owns what it is given */
ANNOT_API GPtrArray *annot_partitions_new (void);
/* Returns: (transfer full) (element-type AnnotPartition): an array of its own */
ANNOT_API GPtrArray *annot_partitions_copy (GPtrArray *partitions);
/* Returns: the sum of the lags, -1 when one of them is unknown */
ANNOT_API gint64 annot_partitions_sum_lag (GPtrArray *partitions);
/* Returns: (transfer full): for annot_broker_get_metrics(): topic, partition, offset, end, lag of each */
ANNOT_API JsonArray *annot_partitions_describe (GPtrArray *partitions);

/**
 * AnnotBrokerListener:
 * @message: (transfer none): a consumed message, one call each, in order within a partition. Not called while paused
 *  (but for the few that were under way)
 * @assigned: (element-type AnnotPartition): these are now this consumer's
 * @revoked: (element-type AnnotPartition): these are going away; call annot_broker_revoke_done() once all that is in
 *  flight is durable and its offsets are stored. @lost: they are gone already, storing offsets is of no use
 * @failed: consuming has a problem that an operator should know of (the broker goes on trying)
 *
 * All are called on the main context.
 */
typedef struct {
  void (*message) (AnnotBroker *self, AnnotMessage *message, gpointer user_data);
  void (*assigned) (AnnotBroker *self, GPtrArray *partitions, gpointer user_data);
  void (*revoked) (AnnotBroker *self, GPtrArray *partitions, gboolean lost, gpointer user_data);
  void (*failed) (AnnotBroker *self, const GError *error, gpointer user_data);
} AnnotBrokerListener;

/**
 * AnnotBrokerClass:
 *
 * As in #AnnotStoreClass: methods with a task (transfer full) answer it once; the others return at once.
 */
struct _AnnotBrokerClass {
  GObjectClass parent_class;

  gboolean (*configure) (AnnotBroker *self, AnnotConfig *config, GError **error);
  void (*open) (AnnotBroker *self, GTask *task);
  void (*close) (AnnotBroker *self, GTask *task);
  void (*health) (AnnotBroker *self, GTask *task);

  void (*consume) (AnnotBroker *self, const char *const *topics, GTask *task);
  void (*store_offset) (AnnotBroker *self, const char *topic, int partition, gint64 next_offset, GTask *task);
  void (*pause) (AnnotBroker *self);
  void (*resume) (AnnotBroker *self);
  void (*revoke_done) (AnnotBroker *self);
  GPtrArray *(*get_assignment) (AnnotBroker *self);
  JsonObject *(*get_metrics) (AnnotBroker *self);

  void (*produce) (AnnotBroker *self, AnnotMessage *message, GTask *task);
  void (*flush) (AnnotBroker *self, GTask *task);

  gpointer reserved[8];
};

#define ANNOT_BROKER_ARGS GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data

ANNOT_API gboolean annot_broker_configure (AnnotBroker *self, AnnotConfig *config, GError **error);
/* Boolean. A cluster that is away is not an error here: it shows in health. */
ANNOT_API void annot_broker_open (AnnotBroker *self, ANNOT_BROKER_ARGS);
ANNOT_API gboolean annot_broker_open_finish (AnnotBroker *self, GAsyncResult *result, GError **error);
/* Leaves the group. Boolean. */
ANNOT_API void annot_broker_close (AnnotBroker *self, ANNOT_BROKER_ARGS);
ANNOT_API gboolean annot_broker_close_finish (AnnotBroker *self, GAsyncResult *result, GError **error);
/* Pointer: AnnotHealth; details: group_id, client_id, consumer_assigned, assigned_partitions, lag. */
ANNOT_API void annot_broker_health (AnnotBroker *self, ANNOT_BROKER_ARGS);
ANNOT_API AnnotHealth *annot_broker_health_finish (AnnotBroker *self, GAsyncResult *result, GError **error);

/* Sets who hears of messages and partitions; before consume. The listener is static. */
ANNOT_API void annot_broker_set_listener (AnnotBroker *self, const AnnotBrokerListener *listener, gpointer user_data);
/* Joins the group for these topics. Boolean: joining has begun; partitions come by the listener. */
ANNOT_API void annot_broker_consume (AnnotBroker *self, const char *const *topics, ANNOT_BROKER_ARGS);
ANNOT_API gboolean annot_broker_consume_finish (AnnotBroker *self, GAsyncResult *result, GError **error);
/* Everything before next_offset is done. Durable when it answers, or as soon as the broker's commit interval allows
 * (then a crash repeats messages, it never skips one). Boolean. */
ANNOT_API void annot_broker_store_offset (AnnotBroker *self, const char *topic, int partition, gint64 next_offset,
                                          ANNOT_BROKER_ARGS);
ANNOT_API gboolean annot_broker_store_offset_finish (AnnotBroker *self, GAsyncResult *result, GError **error);
/* Stops delivery for all partitions, now and to come, without leaving the group; and starts it again. */
ANNOT_API void annot_broker_pause (AnnotBroker *self);
ANNOT_API void annot_broker_resume (AnnotBroker *self);
ANNOT_API void annot_broker_revoke_done (AnnotBroker *self);
/* Returns: (transfer full) (element-type AnnotPartition): what this consumer holds, from what is known without asking */
ANNOT_API GPtrArray *annot_broker_get_assignment (AnnotBroker *self);
/* Returns: (transfer full): group, members, topics, lag and what else the broker knows, for /api/v1/kafka/metrics */
ANNOT_API JsonObject *annot_broker_get_metrics (AnnotBroker *self);

/* Produces one message; answers when the broker has confirmed it. Messages of one key keep their order. Boolean;
 * PERMANENT: this message can never be taken (too large, topic unknown and not to be made). */
ANNOT_API void annot_broker_produce (AnnotBroker *self, AnnotMessage *message, ANNOT_BROKER_ARGS);
ANNOT_API gboolean annot_broker_produce_finish (AnnotBroker *self, GAsyncResult *result, GError **error);
/* Answers when everything produced before has been confirmed or has failed. Boolean. */
ANNOT_API void annot_broker_flush (AnnotBroker *self, ANNOT_BROKER_ARGS);
ANNOT_API gboolean annot_broker_flush_finish (AnnotBroker *self, GAsyncResult *result, GError **error);

/* For plugins, on the main context: call the listener. */
ANNOT_API void annot_broker_deliver (AnnotBroker *self, AnnotMessage *message);
ANNOT_API void annot_broker_report_assigned (AnnotBroker *self, GPtrArray *partitions);
ANNOT_API void annot_broker_report_revoked (AnnotBroker *self, GPtrArray *partitions, gboolean lost);
ANNOT_API void annot_broker_report_failed (AnnotBroker *self, const GError *error);

G_END_DECLS
