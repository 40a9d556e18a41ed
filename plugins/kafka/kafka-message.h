/* SPDX-License-Identifier: Apache-2.0 */
/* Messages between librdkafka and the core. */
#pragma once

#include <annotationd/annotationd.h>
#include <librdkafka/rdkafka.h>

G_BEGIN_DECLS

/* Returns: (transfer full): a copy */
AnnotMessage *kafka_message_new (const rd_kafka_message_t *message);
/* Hands a copy of the message to the producer; opaque comes back with its delivery report. */
gboolean kafka_message_produce (rd_kafka_t *producer, AnnotMessage *message, gpointer opaque, GError **error);

G_END_DECLS
