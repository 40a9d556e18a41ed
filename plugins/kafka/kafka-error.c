/* SPDX-License-Identifier: Apache-2.0 */
/* librdkafka's errors as what the core should do about them, with a remedy. */
#include "kafka-error.h"

#include <string.h>

#define CONNECT "check [kafka] bootstrap-servers and the brokers"
#define GRANT "grant it to this user (kafka-acls)"
#define SIZE "raise max.message.bytes of the topic (or message.max.bytes of the brokers)"
#define TLS "check [kafka] ssl-ca-file and security-protocol"
#define TOPIC "create the topic, or name another one in [broker]"
#define SIGN_IN "check [kafka] sasl-mechanism, sasl-username and sasl-password-file"

/* What is not listed is worth another try. */
static const struct {
  rd_kafka_resp_err_t code;
  AnnotError meaning;
  const char *remedy;
} meanings[] = {
  { RD_KAFKA_RESP_ERR__MSG_TIMED_OUT, ANNOT_ERROR_TIMEOUT, NULL },
  { RD_KAFKA_RESP_ERR__TIMED_OUT, ANNOT_ERROR_TIMEOUT, NULL },
  { RD_KAFKA_RESP_ERR__TIMED_OUT_QUEUE, ANNOT_ERROR_TIMEOUT, NULL },
  { RD_KAFKA_RESP_ERR_REQUEST_TIMED_OUT, ANNOT_ERROR_TIMEOUT, NULL },

  { RD_KAFKA_RESP_ERR__TRANSPORT, ANNOT_ERROR_NOT_CONNECTED, CONNECT },
  { RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN, ANNOT_ERROR_NOT_CONNECTED, CONNECT },
  { RD_KAFKA_RESP_ERR__RESOLVE, ANNOT_ERROR_NOT_CONNECTED, CONNECT },
  { RD_KAFKA_RESP_ERR__SSL, ANNOT_ERROR_NOT_CONNECTED, TLS },

  { RD_KAFKA_RESP_ERR__AUTHENTICATION, ANNOT_ERROR_AUTH, SIGN_IN },
  { RD_KAFKA_RESP_ERR_SASL_AUTHENTICATION_FAILED, ANNOT_ERROR_AUTH, SIGN_IN },
  { RD_KAFKA_RESP_ERR_UNSUPPORTED_SASL_MECHANISM, ANNOT_ERROR_AUTH, SIGN_IN },
  { RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED, ANNOT_ERROR_AUTH, GRANT },
  { RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED, ANNOT_ERROR_AUTH, GRANT },
  { RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED, ANNOT_ERROR_AUTH, GRANT "; before Kafka 2.8 IdempotentWrite on it" },
  { RD_KAFKA_RESP_ERR_SECURITY_DISABLED, ANNOT_ERROR_AUTH, SIGN_IN },

  { RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE, ANNOT_ERROR_PERMANENT, SIZE },
  { RD_KAFKA_RESP_ERR_RECORD_LIST_TOO_LARGE, ANNOT_ERROR_PERMANENT, SIZE },
  { RD_KAFKA_RESP_ERR_INVALID_MSG_SIZE, ANNOT_ERROR_PERMANENT, SIZE },
  { RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC, ANNOT_ERROR_PERMANENT, TOPIC },
  { RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART, ANNOT_ERROR_PERMANENT, TOPIC },
  { RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION, ANNOT_ERROR_PERMANENT, TOPIC },
  { RD_KAFKA_RESP_ERR_TOPIC_EXCEPTION, ANNOT_ERROR_PERMANENT, TOPIC },
  { RD_KAFKA_RESP_ERR_INVALID_RECORD, ANNOT_ERROR_PERMANENT, "the topic's own rules refuse the message" },
  { RD_KAFKA_RESP_ERR_POLICY_VIOLATION, ANNOT_ERROR_PERMANENT, "the cluster's own rules refuse the message" },
  { RD_KAFKA_RESP_ERR__INVALID_ARG, ANNOT_ERROR_PERMANENT, NULL },

  { RD_KAFKA_RESP_ERR_FENCED_INSTANCE_ID, ANNOT_ERROR_CONFIG,
    "another instance has the same [kafka] group-instance-id; give each its own" },
  { RD_KAFKA_RESP_ERR__STATE, ANNOT_ERROR_STALE, NULL },
};

/* What the code alone does not tell. With Kafka 4.0 servers refuse the nonce that librdkafka had in SCRAM before 2.6.1.
 */
static const char *
find_remedy (rd_kafka_resp_err_t code, const char *reason, const char *remedy)
{
  if (code == RD_KAFKA_RESP_ERR__TRANSPORT && strstr (reason, "SSL"))
    return TLS;
  if (code == RD_KAFKA_RESP_ERR__AUTHENTICATION && strstr (reason, "SCRAM") && rd_kafka_version () < 0x02060100)
    return SIGN_IN "; SCRAM needs librdkafka 2.6.1 with Kafka 4.0 and later";
  return remedy;
}

GError *
kafka_error_new (rd_kafka_resp_err_t code, const char *what, const char *reason)
{
  const char *text = reason ? reason : rd_kafka_err2str (code);
  AnnotError meaning = ANNOT_ERROR_TEMPORARY;
  const char *remedy = NULL;

  for (gsize i = 0; i < G_N_ELEMENTS (meanings); i++) {
    if (meanings[i].code != code)
      continue;
    meaning = meanings[i].meaning;
    remedy = meanings[i].remedy;
  }
  remedy = find_remedy (code, text, remedy);
  return g_error_new (ANNOT_ERROR, meaning, "kafka: %s: %s%s%s", what, text, remedy ? "; " : "", remedy ? remedy : "");
}
