/* SPDX-License-Identifier: Apache-2.0 */
/* Consuming: messages to the core, pauses, a new client when the old one is of no use, the end. */
#pragma once

#include "kafka-group.h"

G_BEGIN_DECLS

typedef struct KafkaConsumer KafkaConsumer;

KafkaConsumer *kafka_consumer_new (AnnotBroker *broker, const KafkaSettings *settings, GMainContext *context);
void kafka_consumer_free (KafkaConsumer *self);
/* Joins the group. */
gboolean kafka_consumer_start (KafkaConsumer *self, const char *const *topics, GError **error);
/* Leaves the group. Boolean. */
void kafka_consumer_close (KafkaConsumer *self, GTask *task);

void kafka_consumer_pause (KafkaConsumer *self);
void kafka_consumer_resume (KafkaConsumer *self);
/* Returns: (transfer none) */
KafkaGroup *kafka_consumer_get_group (KafkaConsumer *self);
/* Returns: (transfer none) (nullable): %NULL while there is none */
KafkaHandle *kafka_consumer_get_handle (KafkaConsumer *self);

G_END_DECLS
