/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How much of librdkafka's own rate the plugin leaves: consuming and producing through it, each beside a bare loop of
 * the same library with the same properties, in the same run; and what twenty pauses a second cost. Run by
 * bench-kafka.py: bench-broker-kafka SERVERS CONSUMED-TOPIC PRODUCED-TOPIC. Fails below the targets.
 */
#include <annotationd/annotationd.h>
#include <librdkafka/rdkafka.h>

#include "annot-test-backend.h"
#include "annot-test-loop.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MESSAGES 600000
#define SENT 100000
#define VALUE_BYTES 500
#define FLYING 2000
#define RELAYED 400
#define STORE_EVERY 500
#define ROUNDS 4
#define PAUSE_EVERY_MILLISECONDS 50
#define PAUSE_MILLISECONDS 5
#define CONSUME_TARGET 0.6
#define PRODUCE_TARGET 0.4
#define PAUSE_TARGET 0.5

static const char *servers;
static char value[VALUE_BYTES];

/* What the plugin sets, too. */
static rd_kafka_t *
make_client (rd_kafka_type_t type, const char *group)
{
  static const char *const consumer[] = { "auto.offset.reset",
                                          "earliest",
                                          "enable.auto.offset.store",
                                          "false",
                                          "fetch.wait.max.ms",
                                          "100",
                                          "check.crcs",
                                          "true",
                                          "queued.min.messages",
                                          "100000",
                                          "queued.max.messages.kbytes",
                                          "131072",
                                          NULL };
  static const char *const producer[]
      = { "enable.idempotence",           "true",  "linger.ms", "5", "compression.type", "zstd", "batch.size", "262144",
          "queue.buffering.max.messages", "10000", NULL };
  const char *const *properties = type == RD_KAFKA_CONSUMER ? consumer : producer;
  rd_kafka_conf_t *conf = rd_kafka_conf_new ();
  char reason[256];
  rd_kafka_t *client = NULL;

  rd_kafka_conf_set (conf, "bootstrap.servers", servers, reason, sizeof reason);
  if (group)
    rd_kafka_conf_set (conf, "group.id", group, reason, sizeof reason);
  for (gsize i = 0; properties[i]; i += 2) {
    if (rd_kafka_conf_set (conf, properties[i], properties[i + 1], reason, sizeof reason) != RD_KAFKA_CONF_OK)
      g_error ("%s", reason);
  }
  client = rd_kafka_new (type, conf, reason, sizeof reason);
  if (!client)
    g_error ("%s", reason);
  return client;
}

static double
rate (guint count, gint64 start)
{
  return count / ((double) (g_get_monotonic_time () - start) / G_USEC_PER_SEC);
}

/* Bare */

/* Returns: messages a second */
static double
produce_bare (const char *topic, guint count)
{
  rd_kafka_t *client = make_client (RD_KAFKA_PRODUCER, NULL);
  gint64 start = g_get_monotonic_time ();
  double result;

  for (guint i = 0; i < count;) {
    rd_kafka_resp_err_t code
        = rd_kafka_producev (client, RD_KAFKA_V_TOPIC (topic), RD_KAFKA_V_VALUE (value, sizeof value),
                             RD_KAFKA_V_MSGFLAGS (RD_KAFKA_MSG_F_COPY), RD_KAFKA_V_END);

    if (code == RD_KAFKA_RESP_ERR__QUEUE_FULL)
      rd_kafka_poll (client, 10);
    else if (code)
      g_error ("%s", rd_kafka_err2str (code));
    else
      i++;
  }
  while (rd_kafka_flush (client, 1000) != RD_KAFKA_RESP_ERR_NO_ERROR)
    continue;
  result = rate (count, start);
  rd_kafka_destroy (client);
  return result;
}

static double
consume_bare (const char *topic)
{
  g_autofree char *group = g_uuid_string_random ();
  rd_kafka_t *client = make_client (RD_KAFKA_CONSUMER, group);
  rd_kafka_topic_partition_list_t *topics = rd_kafka_topic_partition_list_new (1);
  gint64 start = 0;
  double result;

  rd_kafka_poll_set_consumer (client);
  rd_kafka_topic_partition_list_add (topics, topic, RD_KAFKA_PARTITION_UA);
  rd_kafka_subscribe (client, topics);
  rd_kafka_topic_partition_list_destroy (topics);
  for (guint i = 0; i < MESSAGES;) {
    rd_kafka_message_t *message = rd_kafka_consumer_poll (client, 1000);

    if (message && !message->err && i++ == 0)
      start = g_get_monotonic_time ();
    if (message)
      rd_kafka_message_destroy (message);
  }
  result = rate (MESSAGES, start);
  rd_kafka_consumer_close (client);
  rd_kafka_destroy (client);
  return result;
}

/* Through the plugin */

static AnnotBroker *
open_broker (void)
{
  g_autofree char *directory = annot_test_make_directory ();
  g_autofree char *group = g_uuid_string_random ();
  g_autofree char *option = g_strconcat ("kafka.bootstrap-servers=", servers, NULL);
  g_autofree char *group_option = g_strconcat ("kafka.group-id=", group, NULL);
  const char *options[] = { option, group_option, NULL };
  AnnotBroker *broker = annot_test_backend_new (ANNOT_PLUGIN_BROKER, "kafka", directory, options);
  g_auto (AnnotTestCall) call = ANNOT_TEST_CALL_INIT;

  annot_broker_open (broker, NULL, annot_test_call_done, &call);
  g_assert_true (annot_broker_open_finish (broker, annot_test_call_wait (&call), NULL));
  annot_test_remove_tree (directory);
  return broker;
}

static void
close_broker (AnnotBroker *broker)
{
  g_auto (AnnotTestCall) call = ANNOT_TEST_CALL_INIT;

  annot_broker_close (broker, NULL, annot_test_call_done, &call);
  g_assert_true (annot_broker_close_finish (broker, annot_test_call_wait (&call), NULL));
  g_object_unref (broker);
}

typedef struct {
  AnnotBroker *broker;
  guint count;
  gint64 start;
  gint64 offset; /* of the next message */
  guint pauses;
} Reading;

static void
on_message (AnnotBroker *broker, AnnotMessage *message, gpointer user_data)
{
  Reading *reading = user_data;

  if (reading->count++ == 0)
    reading->start = g_get_monotonic_time ();
  g_assert_cmpint (message->offset, ==, reading->offset);
  reading->offset = message->next_offset;
  if (reading->count % STORE_EVERY == 0)
    annot_broker_store_offset (broker, message->topic, message->partition, message->next_offset, NULL, NULL, NULL);
}

static const AnnotBrokerListener listener = { .message = on_message };

static gboolean
go_on (gpointer user_data)
{
  annot_broker_resume (((Reading *) user_data)->broker);
  return G_SOURCE_REMOVE;
}

static gboolean
hold_on (gpointer user_data)
{
  Reading *reading = user_data;

  annot_broker_pause (reading->broker);
  reading->pauses++;
  g_timeout_add (PAUSE_MILLISECONDS, go_on, reading);
  return G_SOURCE_CONTINUE;
}

static double
consume (const char *topic, gboolean pausing)
{
  const char *const topics[] = { topic, NULL };
  Reading reading = { .broker = open_broker () };
  g_auto (AnnotTestCall) call = ANNOT_TEST_CALL_INIT;
  guint timer = 0;
  double result;

  annot_broker_set_listener (reading.broker, &listener, &reading);
  annot_broker_consume (reading.broker, topics, NULL, annot_test_call_done, &call);
  g_assert_true (annot_broker_consume_finish (reading.broker, annot_test_call_wait (&call), NULL));
  if (pausing)
    timer = g_timeout_add (PAUSE_EVERY_MILLISECONDS, hold_on, &reading);
  while (reading.count < MESSAGES)
    g_main_context_iteration (NULL, TRUE);
  result = rate (MESSAGES, reading.start);
  if (timer)
    g_source_remove (timer);
  annot_test_wait_for (2 * PAUSE_MILLISECONDS);
  annot_broker_set_listener (reading.broker, NULL, NULL);
  close_broker (reading.broker);
  return result;
}

typedef struct {
  AnnotBroker *broker;
  const char *topic;
  guint sent;
  guint confirmed;
} Writing;

static void on_produced (GObject *source, GAsyncResult *result, gpointer user_data);

static void
send_one (Writing *writing)
{
  g_autoptr (GBytes) bytes = g_bytes_new_static (value, sizeof value);
  g_autoptr (AnnotMessage) message = annot_message_new (writing->topic, NULL, bytes);

  writing->sent++;
  annot_broker_produce (writing->broker, message, NULL, on_produced, writing);
}

static void
on_produced (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Writing *writing = user_data;
  g_autoptr (GError) error = NULL;

  annot_broker_produce_finish (ANNOT_BROKER (source), result, &error);
  g_assert_no_error (error);
  writing->confirmed++;
  if (writing->sent < SENT)
    send_one (writing);
}

/* So many at a time. */
static double
produce (const char *topic, guint flying)
{
  Writing writing = { .broker = open_broker (), .topic = topic };
  gint64 start = g_get_monotonic_time ();
  double result;

  while (writing.sent < flying)
    send_one (&writing);
  while (writing.confirmed < SENT)
    g_main_context_iteration (NULL, TRUE);
  result = rate (SENT, start);
  close_broker (writing.broker);
  return result;
}

static gboolean
judge (const char *what, double got, double of, double target)
{
  printf ("%s: %.0f/s, %.2f of %.0f/s (at least %.2f)\n", what, got, got / of, of, target);
  return got >= of * target;
}

int
main (int argc, char **argv)
{
  double bare = 0, plugin = 0, paused = 0, bare_sent = 0, sent = 0, relayed = 0;
  gboolean good = TRUE;

  if (argc != 4)
    g_error ("usage: bench-broker-kafka SERVERS CONSUMED-TOPIC PRODUCED-TOPIC");
  servers = argv[1];
  for (gsize i = 0; i < sizeof value; i++)
    value[i] = (char) ('a' + g_random_int_range (0, 26));
  produce_bare (argv[2], MESSAGES);
  for (guint i = 0; i < ROUNDS; i++) {
    bare = MAX (bare, consume_bare (argv[2]));
    plugin = MAX (plugin, consume (argv[2], FALSE));
    paused = MAX (paused, consume (argv[2], TRUE));
    bare_sent = MAX (bare_sent, produce_bare (argv[3], SENT));
    sent = MAX (sent, produce (argv[3], FLYING));
    relayed = MAX (relayed, produce (argv[3], RELAYED));
  }
  good = judge ("consume", plugin, bare, CONSUME_TARGET) && good;
  good = judge ("consume with 20 pauses of 5 ms a second", paused, plugin, PAUSE_TARGET) && good;
  good = judge ("produce", sent, bare_sent, PRODUCE_TARGET) && good;
  /* That is a matter of linger.ms. */
  printf ("produce, %d at a time as the relay does: %.0f/s\n", RELAYED, relayed);
  return good ? EXIT_SUCCESS : EXIT_FAILURE;
}
