/* SPDX-License-Identifier: Apache-2.0 */
/* This consumer's part of the group: which partitions it holds, and how they come and go. */
#pragma once

#include "kafka-handle.h"

G_BEGIN_DECLS

typedef struct KafkaGroup KafkaGroup;

KafkaGroup *kafka_group_new (AnnotBroker *broker, GMainContext *context);
void kafka_group_free (KafkaGroup *self);
/* A new client: it holds nothing yet. NULL: the client is gone, and with it what it held. */
void kafka_group_set_handle (KafkaGroup *self, KafkaHandle *handle);

/* A rebalance, or how a commit has ended. */
void kafka_group_take_event (KafkaGroup *self, rd_kafka_event_t *event);
/* Everything that was in flight is durable, and its offsets are stored. */
void kafka_group_revoke_done (KafkaGroup *self);

/* Fetching stops for all partitions, those to come as well, and goes on. */
void kafka_group_set_paused (KafkaGroup *self, gboolean paused);
/* What nobody fetches from has no end that is known: the partitions to ask the cluster about, with "the end" for an offset.
 * Returns: (transfer full) (nullable): NULL while they are fetched from */
rd_kafka_topic_partition_list_t *kafka_group_ask_ends (const KafkaGroup *self);
/* ends: (transfer full) (nullable): what the cluster has answered */
void kafka_group_take_ends (KafkaGroup *self, rd_kafka_topic_partition_list_t *ends);
/* Whether messages of the partition are to be handed on: it is held, and not about to go. */
gboolean kafka_group_is_consuming (KafkaGroup *self, const char *topic, int partition);
guint kafka_group_get_size (KafkaGroup *self);
/* Whether none of its partitions is about to go. */
gboolean kafka_group_is_steady (KafkaGroup *self);
/* ANNOT_ERROR_STALE: the partition is not this consumer's (any more). */
gboolean kafka_group_store (KafkaGroup *self, const char *topic, int partition, gint64 next_offset, GError **error);
/* Returns: (transfer full) (element-type AnnotPartition) */
GPtrArray *kafka_group_get_assignment (KafkaGroup *self);

G_END_DECLS
