/* SPDX-License-Identifier: Apache-2.0 */
/* What the keyfile says of the cluster, as librdkafka wants it. */
#include "kafka-settings.h"

#include <errno.h>
#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

#define LONGEST_TOPIC 249
#define EVENTS                                                                                                         \
  (RD_KAFKA_EVENT_REBALANCE | RD_KAFKA_EVENT_OFFSET_COMMIT | RD_KAFKA_EVENT_FETCH | RD_KAFKA_EVENT_ERROR               \
   | RD_KAFKA_EVENT_STATS | RD_KAFKA_EVENT_LOG | RD_KAFKA_EVENT_DR)

/* Options that are a property each. */
typedef struct {
  const char *key;
  const char *property;
} Pair;

static const Pair texts[] = {
  { "security-protocol", "security.protocol" },
  { "sasl-mechanism", "sasl.mechanism" },
  { "sasl-username", "sasl.username" },
  { "ssl-ca-file", "ssl.ca.location" },
  { "ssl-certificate-file", "ssl.certificate.location" },
  { "ssl-key-file", "ssl.key.location" },
};
static const Pair consumer_texts[] = {
  { "group-id", "group.id" },
  { "group-instance-id", "group.instance.id" },
  { "auto-offset-reset", "auto.offset.reset" },
};
static const Pair consumer_numbers[] = {
  { "session-timeout-ms", "session.timeout.ms" },
  { "heartbeat-interval-ms", "heartbeat.interval.ms" },
  { "max-poll-interval-ms", "max.poll.interval.ms" },
};

gboolean
kafka_is_topic_name (const char *name)
{
  gsize length = strlen (name);

  return length > 0 && length <= LONGEST_TOPIC && !g_str_equal (name, ".") && !g_str_equal (name, "..")
         && strspn (name, G_CSET_A_2_Z G_CSET_a_2_z G_CSET_DIGITS "._-") == length;
}

static gboolean
refuse (AnnotConfig *config, const char *group, const char *key, GError **error, const char *reason)
{
  g_propagate_error (error, annot_config_error (config, group, key, "%s", reason));
  return FALSE;
}

static gboolean
check_topics (AnnotConfig *config, GError **error)
{
  static const char *const keys[]
      = { "hard-examples-topic", "labeled-examples-topic", "events-topic", "dead-letter-topic" };

  for (gsize i = 0; i < G_N_ELEMENTS (keys); i++) {
    if (!kafka_is_topic_name (annot_config_get_string (config, "broker", keys[i])))
      return refuse (config, "broker", keys[i], error,
                     "a Kafka topic is 1 to 249 letters, digits, dots, underscores or dashes");
  }
  return TRUE;
}

/* A key whose effect depends on another one is an oversight when that says otherwise. */
static gboolean
check_unused (AnnotConfig *config, const char *const *keys, const char *remedy, GError **error)
{
  for (gsize i = 0; keys[i]; i++) {
    if (annot_config_get_string (config, "kafka", keys[i]))
      return refuse (config, "kafka", keys[i], error, remedy);
  }
  return TRUE;
}

/* OpenSSL's own words for a file that is not there name neither the file nor what is wrong with it. */
static gboolean
check_files (AnnotConfig *config, GError **error)
{
  static const char *const keys[] = { "ssl-ca-file", "ssl-certificate-file", "ssl-key-file" };

  for (gsize i = 0; i < G_N_ELEMENTS (keys); i++) {
    const char *path = annot_config_get_string (config, "kafka", keys[i]);

    if (!path || g_access (path, R_OK) == 0)
      continue;
    g_propagate_error (error, annot_config_error (config, "kafka", keys[i], "%s: %s; make it readable for the service",
                                                  path, g_strerror (errno)));
    return FALSE;
  }
  return TRUE;
}

static gboolean
check_security (AnnotConfig *config, GError **error)
{
  static const char *const sasl[] = { "sasl-mechanism", "sasl-username", "sasl-password", "sasl-password-file", NULL };
  static const char *const ssl[]
      = { "ssl-ca-file", "ssl-certificate-file", "ssl-key-file", "ssl-key-password", "ssl-key-password-file", NULL };
  const char *protocol = annot_config_get_string (config, "kafka", "security-protocol");

  if (!g_str_has_prefix (protocol, "SASL_")
      && !check_unused (config, sasl, "of no effect; set security-protocol=SASL_SSL (or SASL_PLAINTEXT)", error))
    return FALSE;
  if (!g_str_has_suffix (protocol, "SSL")
      && !check_unused (config, ssl, "of no effect; set security-protocol=SSL (or SASL_SSL)", error))
    return FALSE;
  if (g_str_has_prefix (protocol, "SASL_")) {
    if (!annot_config_get_string (config, "kafka", "sasl-mechanism"))
      return refuse (config, "kafka", "sasl-mechanism", error, "has to be set with this security-protocol");
    if (!annot_config_get_string (config, "kafka", "sasl-username"))
      return refuse (config, "kafka", "sasl-username", error, "has to be set with this security-protocol");
    if (!annot_config_get_string (config, "kafka", "sasl-password-file")
        && !annot_config_get_string (config, "kafka", "sasl-password"))
      return refuse (config, "kafka", "sasl-password-file", error, "has to be set with this security-protocol");
  }
  if (!annot_config_get_string (config, "kafka", "ssl-certificate-file")
      != !annot_config_get_string (config, "kafka", "ssl-key-file"))
    return refuse (config, "kafka", "ssl-certificate-file", error, "goes together with ssl-key-file; set both");
  return check_files (config, error);
}

static gboolean
check_times (AnnotConfig *config, GError **error)
{
  gint64 session = annot_config_get_integer (config, "kafka", "session-timeout-ms");

  if (annot_config_get_integer (config, "kafka", "heartbeat-interval-ms") * 3 > session)
    return refuse (config, "kafka", "heartbeat-interval-ms", error, "more than a third of session-timeout-ms");
  if (annot_config_get_integer (config, "kafka", "max-poll-interval-ms") < session)
    return refuse (config, "kafka", "max-poll-interval-ms", error, "less than session-timeout-ms");
  return TRUE;
}

static gboolean
is_server (const char *text)
{
  const char *colon = strrchr (text, ':');
  guint64 port = 0;

  return colon && colon != text && !strpbrk (text, "/ ")
         && g_ascii_string_to_unsigned (colon + 1, 10, 1, 65535, &port, NULL);
}

/* Returns: (transfer full) (nullable): `a:9092,b:9092` */
static char *
get_servers (AnnotConfig *config, GError **error)
{
  const char *const *items = annot_config_get_list (config, "kafka", "bootstrap-servers");
  /* A list of the keyfile is separated by semicolons; Kafka's own habit is the comma. */
  g_autofree char *joined = g_strjoinv (",", (char **) items);
  g_auto (GStrv) servers = g_strsplit (joined, ",", -1);

  if (!*joined) {
    refuse (config, "kafka", "bootstrap-servers", error, "has to be set, such as kafka-1:9092;kafka-2:9092");
    return NULL;
  }
  for (gsize i = 0; servers[i]; i++) {
    if (is_server (g_strstrip (servers[i])))
      continue;
    /* It may have a password in it, where none belongs. */
    g_propagate_error (error, annot_config_error (config, "kafka", "bootstrap-servers",
                                                  "entry %" G_GSIZE_FORMAT " is not HOST:PORT; how to speak to the "
                                                  "brokers and as whom is said by security-protocol and the sasl keys",
                                                  i + 1));
    return NULL;
  }
  return g_strjoinv (",", servers);
}

static gboolean
set_texts (rd_kafka_conf_t *conf, AnnotConfig *config, const Pair *pairs, gsize count, GError **error)
{
  for (gsize i = 0; i < count; i++) {
    const char *text = annot_config_get_string (config, "kafka", pairs[i].key);

    if (text && !kafka_set_property (conf, config, pairs[i].key, pairs[i].property, text, error))
      return FALSE;
  }
  return TRUE;
}

static gboolean
set_number (rd_kafka_conf_t *conf, AnnotConfig *config, const char *key, const char *property, gint64 number,
            GError **error)
{
  g_autofree char *text = g_strdup_printf ("%" G_GINT64_FORMAT, number);

  return kafka_set_property (conf, config, key, property, text, error);
}

static gboolean
set_secret (rd_kafka_conf_t *conf, AnnotConfig *config, const char *key, const char *file_key, const char *property,
            GError **error)
{
  g_autoptr (GError) failed = NULL;
  g_autofree char *secret = annot_config_get_secret (config, "kafka", key, file_key, &failed);
  gboolean good = FALSE;

  if (failed) {
    g_propagate_error (error, g_steal_pointer (&failed));
    return FALSE;
  }
  good = !secret || kafka_set_property (conf, config, file_key, property, secret, error);
  if (secret)
    explicit_bzero (secret, strlen (secret));
  return good;
}

static gboolean
set_consumer (rd_kafka_conf_t *conf, AnnotConfig *config, GError **error)
{
  for (gsize i = 0; i < G_N_ELEMENTS (consumer_numbers); i++) {
    const Pair *pair = &consumer_numbers[i];

    if (!set_number (conf, config, pair->key, pair->property, annot_config_get_integer (config, "kafka", pair->key),
                     error))
      return FALSE;
  }
  return set_texts (conf, config, consumer_texts, G_N_ELEMENTS (consumer_texts), error);
}

static gboolean
set_producer (rd_kafka_conf_t *conf, AnnotConfig *config, GError **error)
{
  gint64 seconds = annot_config_get_integer (config, "kafka", "delivery-timeout");

  return set_number (conf, config, "delivery-timeout", "delivery.timeout.ms", seconds * 1000, error)
         && kafka_set_property (conf, config, "compression", "compression.type",
                                annot_config_get_string (config, "kafka", "compression"), error);
}

static gboolean
set_all (rd_kafka_conf_t *conf, AnnotConfig *config, rd_kafka_type_t type, const char *client, GError **error)
{
  return kafka_set_defaults (conf, config, type, error)
         && kafka_set_property (conf, config, "group-id", "client.id", client, error)
         && set_texts (conf, config, texts, G_N_ELEMENTS (texts), error)
         && set_secret (conf, config, "sasl-password", "sasl-password-file", "sasl.password", error)
         && set_secret (conf, config, "ssl-key-password", "ssl-key-password-file", "ssl.key.password", error)
         && (type == RD_KAFKA_CONSUMER ? set_consumer : set_producer) (conf, config, error)
         && kafka_pass_through (conf, config, error);
}

/* What belongs together is looked at by rd_kafka_new() alone, and so are the certificates: one client is made and let
 * go, without a server to connect to. */
static gboolean
try_out (const rd_kafka_conf_t *conf, AnnotConfig *config, rd_kafka_type_t type, GError **error)
{
  rd_kafka_conf_t *copy = rd_kafka_conf_dup (conf);
  char reason[512] = "";
  rd_kafka_t *client = rd_kafka_new (type, copy, reason, sizeof reason);

  if (client) {
    rd_kafka_destroy_flags (client, RD_KAFKA_DESTROY_F_NO_CONSUMER_CLOSE);
    return TRUE;
  }
  rd_kafka_conf_destroy (copy);
  return refuse (config, "kafka", kafka_find_key (reason), error, reason);
}

static gsize
find_batch_bytes (rd_kafka_conf_t *producer)
{
  char text[32] = "";
  size_t size = sizeof text;

  rd_kafka_conf_get (producer, "batch.size", text, &size);
  return (gsize) g_ascii_strtoull (text, NULL, 10);
}

static rd_kafka_conf_t *
make_conf (AnnotConfig *config, rd_kafka_type_t type, const char *client, const char *servers, GError **error)
{
  rd_kafka_conf_t *conf = rd_kafka_conf_new ();

  if (set_all (conf, config, type, client, error) && try_out (conf, config, type, error)
      && kafka_set_property (conf, config, "bootstrap-servers", "bootstrap.servers", servers, error)) {
    rd_kafka_conf_set_events (conf, EVENTS);
    return conf;
  }
  rd_kafka_conf_destroy (conf);
  return NULL;
}

static char *
name_client (AnnotConfig *config, const char *role)
{
  /* The id is not there when a configuration is only checked. */
  return g_strjoin ("-", annot_config_get_string (config, "service", "name"), role,
                    annot_config_get_string (config, "service", "instance-id"), NULL);
}

KafkaSettings *
kafka_settings_new (AnnotConfig *config, GError **error)
{
  g_autoptr (KafkaSettings) self = g_new0 (KafkaSettings, 1);
  g_autofree char *producer = name_client (config, "producer");
  g_autofree char *servers = NULL;

  if (!check_topics (config, error) || !check_security (config, error) || !check_times (config, error))
    return NULL;
  servers = get_servers (config, error);
  if (!servers)
    return NULL;
  self->group = g_strdup (annot_config_get_string (config, "kafka", "group-id"));
  self->client = name_client (config, "consumer");
  self->turn = (guint) annot_config_get_integer (config, "kafka", "max-poll-records");
  self->poll_interval = (guint) annot_config_get_integer (config, "kafka", "max-poll-interval-ms");
  self->consumer = make_conf (config, RD_KAFKA_CONSUMER, self->client, servers, error);
  if (!self->consumer)
    return NULL;
  self->producer = make_conf (config, RD_KAFKA_PRODUCER, producer, servers, error);
  if (!self->producer)
    return NULL;
  self->batch_bytes = find_batch_bytes (self->producer);
  return g_steal_pointer (&self);
}

void
kafka_settings_free (KafkaSettings *self)
{
  g_free (self->group);
  g_free (self->client);
  g_clear_pointer (&self->consumer, rd_kafka_conf_destroy);
  g_clear_pointer (&self->producer, rd_kafka_conf_destroy);
  g_free (self);
}
