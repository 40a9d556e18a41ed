/* SPDX-License-Identifier: Apache-2.0 */
/* What the module `kafka` is. */
#include <glib/gi18n-lib.h>

#include "kafka-broker.h"

ANNOT_PLUGIN_DEFINE (ANNOT_PLUGIN_BROKER, "kafka", PACKAGE_VERSION, N_ ("topics of a Kafka cluster, by librdkafka"),
                     kafka_options, kafka_broker_get_type);
