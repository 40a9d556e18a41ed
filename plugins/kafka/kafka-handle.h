/* SPDX-License-Identifier: Apache-2.0 */
/* One client of librdkafka, a consumer or a producer: its events, its health, its end. */
#pragma once

#include "kafka-settings.h"
#include "kafka-statistics.h"

G_BEGIN_DECLS

typedef struct KafkaHandle KafkaHandle;

/**
 * KafkaHandleListener:
 * @event: messages, delivery reports, rebalances, commits: what is not common to all clients
 * @failed: the client has a problem, and goes on trying
 * @fatal: the client is of no use any more: it has to be let go, and another one made. Called once, not from within an
 *  event
 */
typedef struct {
  void (*event) (rd_kafka_event_t *event, gpointer user_data);
  void (*failed) (const GError *error, gpointer user_data);
  void (*fatal) (const GError *error, gpointer user_data);
} KafkaHandleListener;

/* topic (nullable): what the cluster is asked about. alive: kept while the listener is called.
 * Returns: (transfer full) (nullable) */
KafkaHandle *kafka_handle_new (rd_kafka_type_t type, const KafkaSettings *settings, const char *topic, GObject *alive,
                               GMainContext *context, const KafkaHandleListener *listener, gpointer user_data,
                               GError **error);
/* Lets go of the client: the listener is called no more, and a thread ends it, which may take a while. done
 * (nullable): is called on the context when it has ended. */
void kafka_handle_free (KafkaHandle *self, GSourceFunc done, gpointer user_data);

rd_kafka_t *kafka_handle_get_client (KafkaHandle *self);
/* Returns: (transfer none): where all of its events go */
rd_kafka_queue_t *kafka_handle_get_queue (KafkaHandle *self);
void kafka_handle_set_held (KafkaHandle *self, gboolean held);
/* Returns: (transfer none) (nullable): as of half a second ago at most, while events are taken */
const KafkaStatistics *kafka_handle_get_statistics (KafkaHandle *self);

/* Asks the cluster something now, and for the ends of partitions: (transfer full) (nullable). Pointer: these (or %NULL),
 * and it has answered; ANNOT_ERROR_PERMANENT or _AUTH: that the topic cannot be had. */
void kafka_handle_ask (KafkaHandle *self, rd_kafka_topic_partition_list_t *ends, GTask *task);
/* Returns: (transfer none) (nullable): the last error, until it is known to be over */
const GError *kafka_handle_get_problem (KafkaHandle *self);
/* The cluster answers and has the topic; assigned: and partitions have been assigned. Only the latter ends that the
 * group is refused, which is told once, whatever else goes wrong meanwhile. */
void kafka_handle_clear_problem (KafkaHandle *self, gboolean assigned);

G_END_DECLS
