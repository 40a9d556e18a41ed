/* SPDX-License-Identifier: Apache-2.0 */
/* A broker that is a Kafka cluster. */
#pragma once

#include "kafka-settings.h"

G_BEGIN_DECLS

#define KAFKA_TYPE_BROKER (kafka_broker_get_type ())
G_DECLARE_FINAL_TYPE (KafkaBroker, kafka_broker, KAFKA, BROKER, AnnotBroker)

G_END_DECLS
