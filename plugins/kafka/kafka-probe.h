/* SPDX-License-Identifier: Apache-2.0 */
/* Whether the cluster answers, asked in a thread; and the client's end, which waits for that thread. */
#pragma once

#include <annotationd/annotationd.h>
#include <librdkafka/rdkafka.h>

G_BEGIN_DECLS

typedef struct KafkaProbe KafkaProbe;

/* Takes the client. topic (nullable: nothing is asked): what the cluster is asked about. */
KafkaProbe *kafka_probe_new (rd_kafka_t *client, const char *topic, GMainContext *context);
/* Lets go of the probe and destroys the client, in a thread; then done (nullable) is called on the context. */
void kafka_probe_end (KafkaProbe *self, GSourceFunc done, gpointer user_data);

/* The cluster has answered something just now. */
void kafka_probe_note_answer (KafkaProbe *self);
/* ends: (transfer full) (nullable): partitions whose ends are wanted, too. Pointer: these (or %NULL), and the cluster
 * answers. ANNOT_ERROR_PERMANENT or _AUTH: it does, and says that the topic cannot be had. */
void kafka_probe_ask (KafkaProbe *self, rd_kafka_topic_partition_list_t *ends, GTask *task);

G_END_DECLS
