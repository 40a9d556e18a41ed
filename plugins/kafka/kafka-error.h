/* SPDX-License-Identifier: Apache-2.0 */
/* librdkafka's errors as what the core should do about them, with a remedy. */
#pragma once

#include <annotationd/annotationd.h>
#include <librdkafka/rdkafka.h>

G_BEGIN_DECLS

/* reason: (nullable): what librdkafka says of this very case; else its text for the code.
 * Returns: (transfer full): "kafka: WHAT: REASON: REMEDY" */
GError *kafka_error_new (rd_kafka_resp_err_t code, const char *what, const char *reason);

G_END_DECLS
