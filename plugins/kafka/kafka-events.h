/* SPDX-License-Identifier: Apache-2.0 */
/* librdkafka's events on the main context: one queue, woken by an eventfd. */
#pragma once

#include <annotationd/annotationd.h>
#include <librdkafka/rdkafka.h>

G_BEGIN_DECLS

typedef struct KafkaEvents KafkaEvents;
/* The event is the caller's and is destroyed after the call. */
typedef void (*KafkaEventFunc) (rd_kafka_event_t *event, gpointer user_data);

/* turn: most events handed on before other sources of the loop get theirs. alive is kept while events are handed on.
 * Returns: (transfer full) (nullable): takes the queue (transfer full); ANNOT_ERROR_TEMPORARY without a descriptor */
KafkaEvents *kafka_events_new (rd_kafka_queue_t *queue, GMainContext *context, guint turn, GObject *alive,
                               KafkaEventFunc function, gpointer user_data, GError **error);
/* Also from within the function. */
void kafka_events_free (KafkaEvents *self);
/* While held no event is taken from the queue; not for long, for some of them the group waits. */
void kafka_events_set_held (KafkaEvents *self, gboolean held);

G_END_DECLS
