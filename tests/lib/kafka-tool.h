/* SPDX-License-Identifier: Apache-2.0 */
/* What the commands of kafka-tool share. */
#pragma once

#include <glib.h>
#include <librdkafka/rdkafka.h>

G_BEGIN_DECLS

#define KAFKA_TOOL_ERROR (kafka_tool_error_quark ())

typedef struct {
  char *bootstrap;
  char **topic_config;
  int timeout; /* seconds */
  rd_kafka_t *handle;
  rd_kafka_queue_t *queue;
} KafkaTool;

GQuark kafka_tool_error_quark (void);
/* Returns: FALSE */
gboolean kafka_tool_fail (GError **error, const char *format, ...) G_GNUC_PRINTF (2, 3);
gboolean kafka_tool_number (const char *text, gint64 least, gint64 *number, GError **error);

/* kafka-tool-admin.c: of a cluster */
gboolean kafka_tool_create (KafkaTool *self, char **arguments, GError **error);
gboolean kafka_tool_add_partitions (KafkaTool *self, char **arguments, GError **error);
gboolean kafka_tool_delete (KafkaTool *self, char **arguments, GError **error);
gboolean kafka_tool_brokers (KafkaTool *self, char **arguments, GError **error);
gboolean kafka_tool_partitions (KafkaTool *self, char **arguments, GError **error);

/* kafka-tool-group.c: of a consumer group */
gboolean kafka_tool_group (KafkaTool *self, char **arguments, GError **error);
gboolean kafka_tool_offsets (KafkaTool *self, char **arguments, GError **error);
gboolean kafka_tool_set_offset (KafkaTool *self, char **arguments, GError **error);
/* Waits for the answer to an administrative request. Returns: (transfer full) (nullable): its event */
rd_kafka_event_t *kafka_tool_wait (KafkaTool *self, GError **error);

/* kafka-tool-mock.c: a cluster of its own */
gboolean kafka_tool_mock (KafkaTool *self, char **arguments, GError **error);

G_END_DECLS
