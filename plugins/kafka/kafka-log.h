/* SPDX-License-Identifier: Apache-2.0 */
/* librdkafka's log lines in the daemon's log. */
#pragma once

#include <librdkafka/rdkafka.h>

#include <glib.h>

G_BEGIN_DECLS

/* How much was said lately; zero to begin with. */
typedef struct {
  gint64 since;
  guint said;
  guint suppressed;
} KafkaLog;

/* what: the client that says it */
void kafka_log_event (KafkaLog *self, const char *what, rd_kafka_event_t *event);

G_END_DECLS
