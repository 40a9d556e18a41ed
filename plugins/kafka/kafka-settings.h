/* SPDX-License-Identifier: Apache-2.0 */
/* What the keyfile says of the cluster, as librdkafka wants it. */
#pragma once

#include <annotationd/annotationd.h>
#include <librdkafka/rdkafka.h>

G_BEGIN_DECLS

/**
 * KafkaSettings:
 * @group: consumer group
 * @client: client.id of the consumer: what an operator sees of this instance
 * @turn: most events in one turn of the loop
 * @poll_interval: a consumer that polls less often is thrown out of its group, milliseconds
 * @batch_bytes: a message as large as this goes to the cluster on its own
 * @consumer: for a consumer
 * @producer: for a producer
 */
typedef struct {
  char *group;
  char *client;
  guint turn;
  guint poll_interval;
  gsize batch_bytes;
  rd_kafka_conf_t *consumer;
  rd_kafka_conf_t *producer;
} KafkaSettings;

extern const AnnotOption kafka_options[];

/* Returns: (transfer full) (nullable): ANNOT_ERROR_CONFIG with the key and the remedy, also for what librdkafka
 * refuses. Nothing is connected to. */
KafkaSettings *kafka_settings_new (AnnotConfig *config, GError **error);
void kafka_settings_free (KafkaSettings *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (KafkaSettings, kafka_settings_free)

/* 1 to 249 letters, digits, dots, underscores or dashes, and neither `.` nor `..`: what a cluster takes as a topic. */
gboolean kafka_is_topic_name (const char *name);

/* kafka-properties.c */

/* Sets one property for the option [kafka] key. Secret values are in no error. */
gboolean kafka_set_property (rd_kafka_conf_t *conf, AnnotConfig *config, const char *key, const char *property,
                             const char *value, GError **error);
/* What every consumer, or producer, has. */
gboolean kafka_set_defaults (rd_kafka_conf_t *conf, AnnotConfig *config, rd_kafka_type_t type, GError **error);
/* The rdkafka.* keys; those that would break a promise, or that have an option of their own, are refused. */
gboolean kafka_pass_through (rd_kafka_conf_t *conf, AnnotConfig *config, GError **error);
/* Returns: (transfer none): the option that a complaint of librdkafka is about */
const char *kafka_find_key (const char *complaint);

G_END_DECLS
