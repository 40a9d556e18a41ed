/* SPDX-License-Identifier: Apache-2.0 */
/* What the core is told to do about librdkafka's errors, and what an operator is. */
#include "kafka-error.h"

#include <string.h>

static const struct {
  rd_kafka_resp_err_t code;
  AnnotError meaning;
  gboolean transient;
  const char *remedy;
} cases[] = {
  { RD_KAFKA_RESP_ERR__MSG_TIMED_OUT, ANNOT_ERROR_TIMEOUT, TRUE, NULL },
  { RD_KAFKA_RESP_ERR__QUEUE_FULL, ANNOT_ERROR_TEMPORARY, TRUE, NULL },
  { RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION, ANNOT_ERROR_TEMPORARY, TRUE, NULL },
  { RD_KAFKA_RESP_ERR_OUT_OF_ORDER_SEQUENCE_NUMBER, ANNOT_ERROR_TEMPORARY, TRUE, NULL },
  { RD_KAFKA_RESP_ERR_KAFKA_STORAGE_ERROR, ANNOT_ERROR_TEMPORARY, TRUE, NULL },
  { RD_KAFKA_RESP_ERR__TRANSPORT, ANNOT_ERROR_NOT_CONNECTED, TRUE, "bootstrap-servers" },
  { RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE, ANNOT_ERROR_PERMANENT, FALSE, "max.message.bytes" },
  { RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC, ANNOT_ERROR_PERMANENT, FALSE, "create the topic" },
  { RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART, ANNOT_ERROR_PERMANENT, FALSE, "create the topic" },
  { RD_KAFKA_RESP_ERR__AUTHENTICATION, ANNOT_ERROR_AUTH, FALSE, "sasl-password-file" },
  { RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED, ANNOT_ERROR_AUTH, FALSE, "grant" },
  { RD_KAFKA_RESP_ERR_FENCED_INSTANCE_ID, ANNOT_ERROR_CONFIG, FALSE, "group-instance-id" },
  { RD_KAFKA_RESP_ERR__STATE, ANNOT_ERROR_STALE, FALSE, NULL },
};

static void
test_meanings (void)
{
  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autoptr (GError) error = kafka_error_new (cases[i].code, "topic t", NULL);

    g_assert_error (error, ANNOT_ERROR, (int) cases[i].meaning);
    g_assert_cmpint (annot_error_is_transient (error), ==, cases[i].transient);
    g_assert_true (g_str_has_prefix (error->message, "kafka: topic t: "));
    g_assert_nonnull (strstr (error->message, rd_kafka_err2str (cases[i].code)));
    if (cases[i].remedy)
      g_assert_nonnull (strstr (error->message, cases[i].remedy));
  }
}

static void
test_reason (void)
{
  g_autoptr (GError) error = kafka_error_new (RD_KAFKA_RESP_ERR__RESOLVE, "consumer", "no.such.host: unknown");

  g_assert_cmpstr (error->message, ==,
                   "kafka: consumer: no.such.host: unknown; check [kafka] bootstrap-servers and the brokers");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/kafka-error/meanings", test_meanings);
  g_test_add_func ("/kafka-error/reason", test_reason);
  return g_test_run ();
}
