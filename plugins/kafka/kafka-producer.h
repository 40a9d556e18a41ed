/* SPDX-License-Identifier: Apache-2.0 */
/* Producing: each message is answered by its delivery report. */
#pragma once

#include "kafka-handle.h"

G_BEGIN_DECLS

typedef struct KafkaProducer KafkaProducer;

/* Returns: (transfer full) (nullable) */
KafkaProducer *kafka_producer_new (AnnotBroker *broker, const KafkaSettings *settings, GMainContext *context,
                                   GError **error);
void kafka_producer_free (KafkaProducer *self);
/* Boolean. */
void kafka_producer_add (KafkaProducer *self, AnnotMessage *message, GTask *task);
/* Boolean: everything that was added before has been answered. */
void kafka_producer_flush (KafkaProducer *self, GTask *task);
/* Waits for what is under way, for a while. Boolean. */
void kafka_producer_close (KafkaProducer *self, GTask *task);
/* Returns: (transfer none) (nullable): %NULL while there is none */
KafkaHandle *kafka_producer_get_handle (KafkaProducer *self);
/* How many messages are under way. */
guint kafka_producer_get_pending (KafkaProducer *self);
guint64 kafka_producer_get_produced (KafkaProducer *self);

G_END_DECLS
