/* SPDX-License-Identifier: Apache-2.0 */
/* What librdkafka counts: brokers, partitions, queues. */
#pragma once

#include <annotationd/annotationd.h>

G_BEGIN_DECLS

/**
 * KafkaStatistics:
 * @brokers: how many are known
 * @brokers_up: of these, connected to
 * @received: answers so far, of all brokers: it grows while any of them is alive
 * @queued: messages that wait to be sent or confirmed
 * @unreadable: whether the last answer to a fetch of any partition that is read was a refusal
 * @partitions: #AnnotPartition by "topic partition": offset is the committed one, lag is what is behind the end
 */
typedef struct {
  guint brokers;
  guint brokers_up;
  gint64 received;
  gint64 queued;
  gboolean unreadable;
  GHashTable *partitions;
} KafkaStatistics;

/* Returns: (transfer full) (nullable): NULL when the text is none that librdkafka writes */
KafkaStatistics *kafka_statistics_parse (const char *json, gsize length);
void kafka_statistics_free (KafkaStatistics *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (KafkaStatistics, kafka_statistics_free)

/* Returns: (transfer full): the key of a partition */
char *kafka_partition_key (const char *topic, int partition);

G_END_DECLS
