/* SPDX-License-Identifier: Apache-2.0 */
/* librdkafka's properties: what every client has, and what a keyfile may add. */
#include "kafka-settings.h"

#include <string.h>

typedef struct {
  const char *name;
  const char *value;
} Property;

/* A connection that is silent for socket.timeout.ms is taken for dead; the cluster is looked for each second, so that
 * it is found soon after it is back. So are topics: one that was removed and made again has to be noticed between the
 * two, or reading would go on at the old one's offsets; one that is missing is told after five seconds, well before the
 * delivery timeout. Health is read from the statistics. */
static const Property common[] = {
  { "log.queue", "true" },
  { "statistics.interval.ms", "500" },
  { "socket.timeout.ms", "10000" },
  { "socket.keepalive.enable", "true" },
  { "reconnect.backoff.max.ms", "1000" },
  { "topic.metadata.refresh.interval.ms", "1000" },
  { "topic.metadata.propagation.max.ms", "5000" },
  { "allow.auto.create.topics", "false" },
};

/* Offsets are stored by the core alone, when messages are durable, and what is stored is committed each second.
 * Whenever the queue is full the fetcher of 2.0 sleeps, up to a second, whatever is taken out meanwhile: the queue has
 * to last that long, of small messages and of such with frames. */
static const Property consumer[] = {
  { "partition.assignment.strategy", "range,roundrobin" },
  { "enable.auto.commit", "true" },
  { "enable.auto.offset.store", "false" },
  { "auto.commit.interval.ms", "1000" },
  { "queued.min.messages", "100000" },
  { "queued.max.messages.kbytes", "131072" },
  { "fetch.max.bytes", "16777216" },
  { "fetch.wait.max.ms", "100" },
  { "check.crcs", "true" },
};

/* The largest message is the topic's to say, not the client's. murmur2_random puts a key where Java's producers put it.
 */
static const Property producer[] = {
  { "enable.idempotence", "true" },
  { "linger.ms", "5" },
  { "batch.size", "262144" },
  { "message.max.bytes", "67108864" },
  { "queue.buffering.max.messages", "10000" },
  { "queue.buffering.max.kbytes", "131072" },
  { "partitioner", "murmur2_random" },
};

/* Options of our own, and what librdkafka calls them. */
static const Property named[] = {
  { "bootstrap.servers", "bootstrap-servers" },
  { "metadata.broker.list", "bootstrap-servers" },
  { "group.id", "group-id" },
  { "group.instance.id", "group-instance-id" },
  { "session.timeout.ms", "session-timeout-ms" },
  { "heartbeat.interval.ms", "heartbeat-interval-ms" },
  { "max.poll.interval.ms", "max-poll-interval-ms" },
  { "auto.offset.reset", "auto-offset-reset" },
  { "security.protocol", "security-protocol" },
  { "sasl.mechanism", "sasl-mechanism" },
  { "sasl.mechanisms", "sasl-mechanism" },
  { "sasl.username", "sasl-username" },
  { "sasl.password", "sasl-password-file" },
  { "ssl.ca.location", "ssl-ca-file" },
  { "ssl.certificate.location", "ssl-certificate-file" },
  { "ssl.key.location", "ssl-key-file" },
  { "ssl.key.password", "ssl-key-password-file" },
  { "delivery.timeout.ms", "delivery-timeout" },
  { "message.timeout.ms", "delivery-timeout" },
  { "compression.type", "compression" },
  { "compression.codec", "compression" },
};

/* Properties that may have one value only, or none. */
static const struct {
  const char *name;
  const char *value; /* NULL: it may not be set */
  const char *reason;
} guarded[] = {
  { "enable.auto.offset.store", "false", "or messages that are not durable yet would be skipped after a crash" },
  { "enable.auto.commit", "true", "or offsets would never be committed" },
  { "auto.commit.enable", "true", "or offsets would never be committed" },
  { "enable.idempotence", "true", "or a retry could change the order of an example's messages" },
  { "group.protocol", "classic", "the partitions are handed over as that protocol does" },
  { "log.queue", "true", "log lines go through the daemon" },
  { "enable.partition.eof", "false", "the end of a partition is not looked at" },
  { "offset.store.method", "broker", "offsets belong to the group" },
  { "client.id", NULL, "it is made from [service] name and instance-id" },
  { "statistics.interval.ms", NULL, "health is read from the statistics" },
  { "plugin.library.paths", NULL, "no other code is loaded" },
  { "ssl.engine.location", NULL, "no other code is loaded" },
  { "ssl.providers", NULL, "no other code is loaded" },
  { "delivery.report.only.error", "false", "or nothing would ever be known to have arrived" },
  { "transactional.id", NULL, "messages are sent at least once, without transactions" },
  { "partitioner", "murmur2_random", "or keys would lie where Java's producers do not put them" },
  { "allow.auto.create.topics", "false", "topics are an operator's to make" },
  { "test.mock.num.brokers", NULL, "the cluster is that of bootstrap-servers" },
};

/* The longest time that what was stored may wait to be committed. */
#define COMMIT_INTERVAL_MOST 5000
/* Ways to sign in that sasl-mechanism does not have. */
static const char *const foreign[] = { "sasl.oauthbearer.", "sasl.kerberos.", "enable.sasl.oauthbearer." };

gboolean
kafka_set_property (rd_kafka_conf_t *conf, AnnotConfig *config, const char *key, const char *property,
                    const char *value, GError **error)
{
  char reason[512] = "";

  if (rd_kafka_conf_set (conf, property, value, reason, sizeof reason) == RD_KAFKA_CONF_OK)
    return TRUE;
  /* librdkafka may quote the value. */
  if (strstr (property, "pass") || strstr (property, "secret") || strstr (property, ".pem"))
    g_snprintf (reason, sizeof reason, "librdkafka does not take it");
  g_propagate_error (error, annot_config_error (config, "kafka", key, "%s", reason));
  return FALSE;
}

static gboolean
set_all (rd_kafka_conf_t *conf, AnnotConfig *config, const Property *properties, gsize count, GError **error)
{
  for (gsize i = 0; i < count; i++) {
    if (!kafka_set_property (conf, config, "rdkafka.*", properties[i].name, properties[i].value, error))
      return FALSE;
  }
  return TRUE;
}

gboolean
kafka_set_defaults (rd_kafka_conf_t *conf, AnnotConfig *config, rd_kafka_type_t type, GError **error)
{
  char ignored[256];

  /* Older ones know no other protocol. */
  rd_kafka_conf_set (conf, "group.protocol", "classic", ignored, sizeof ignored);
  if (!set_all (conf, config, common, G_N_ELEMENTS (common), error))
    return FALSE;
  if (type == RD_KAFKA_CONSUMER)
    return set_all (conf, config, consumer, G_N_ELEMENTS (consumer), error);
  return set_all (conf, config, producer, G_N_ELEMENTS (producer), error);
}

static gboolean refuse (AnnotConfig *config, const char *name, GError **error, const char *format, ...)
    G_GNUC_PRINTF (4, 5);

static gboolean
refuse (AnnotConfig *config, const char *name, GError **error, const char *format, ...)
{
  g_autofree char *key = g_strconcat ("rdkafka.", name, NULL);
  g_autofree char *reason = NULL;
  va_list arguments;

  va_start (arguments, format);
  reason = g_strdup_vprintf (format, arguments);
  va_end (arguments);
  g_propagate_error (error, annot_config_error (config, "kafka", key, "%s", reason));
  return FALSE;
}

static gboolean
check_passed (AnnotConfig *config, const char *name, const char *value, GError **error)
{
  for (gsize i = 0; i < G_N_ELEMENTS (named); i++) {
    if (g_str_equal (named[i].name, name))
      return refuse (config, name, error, "set %s instead", named[i].value);
  }
  for (gsize i = 0; i < G_N_ELEMENTS (guarded); i++) {
    if (g_str_equal (guarded[i].name, name) && g_strcmp0 (guarded[i].value, value) != 0)
      return refuse (config, name, error, "may not be %s: %s; remove it", guarded[i].value ? "changed" : "set",
                     guarded[i].reason);
  }
  for (gsize i = 0; i < G_N_ELEMENTS (foreign); i++) {
    if (g_str_has_prefix (name, foreign[i]))
      return refuse (config, name, error, "of no effect: sasl-mechanism is PLAIN or SCRAM; remove it");
  }
  if (g_str_equal (name, "auto.commit.interval.ms")
      && !g_ascii_string_to_unsigned (value, 10, 1, COMMIT_INTERVAL_MOST, NULL, NULL))
    return refuse (config, name, error, "must be 1 to %d, or a crash would leave much to do again",
                   COMMIT_INTERVAL_MOST);
  if (g_str_equal (name, "partition.assignment.strategy") && strstr (value, "cooperative"))
    return refuse (config, name, error,
                   "librdkafka loses partitions with cooperative strategies; take range or roundrobin");
  return TRUE;
}

gboolean
kafka_pass_through (rd_kafka_conf_t *conf, AnnotConfig *config, GError **error)
{
  g_autoptr (GHashTable) passed = annot_config_get_prefixed (config, "kafka", "rdkafka.*");
  g_autoptr (GList) names = g_list_sort (g_hash_table_get_keys (passed), (GCompareFunc) strcmp);

  for (GList *item = names; item; item = item->next) {
    const char *name = item->data;
    const char *value = g_hash_table_lookup (passed, name);
    g_autofree char *key = g_strconcat ("rdkafka.", name, NULL);

    if (!check_passed (config, name, value, error) || !kafka_set_property (conf, config, key, name, value, error))
      return FALSE;
  }
  return TRUE;
}

const char *
kafka_find_key (const char *complaint)
{
  for (gsize i = 0; i < G_N_ELEMENTS (named); i++) {
    if (strstr (complaint, named[i].name))
      return named[i].value;
  }
  return "rdkafka.*";
}
