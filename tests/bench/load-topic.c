/* SPDX-License-Identifier: Apache-2.0 */
/* Fills a topic with hard examples, feeds it at a steady pace, or measures Kafka's own way from producer to consumer.
 */
#include <librdkafka/rdkafka.h>
#include <stdlib.h>
#include <string.h>

#include "load-message.h"

#define FLUSH_MILLISECONDS 60000
#define POLL_MILLISECONDS 10000

static void
set (rd_kafka_conf_t *conf, const char *name, const char *value)
{
  char text[256];

  if (rd_kafka_conf_set (conf, name, value, text, sizeof text) != RD_KAFKA_CONF_OK)
    g_error ("%s: %s", name, text);
}

static rd_kafka_t *
open_client (rd_kafka_type_t type, const char *bootstrap)
{
  rd_kafka_conf_t *conf = rd_kafka_conf_new ();
  char text[256];
  rd_kafka_t *client;

  set (conf, "bootstrap.servers", bootstrap);
  if (type == RD_KAFKA_PRODUCER) {
    set (conf, "linger.ms", "1");
    set (conf, "message.max.bytes", "16000000");
    set (conf, "queue.buffering.max.messages", "2000000");
    set (conf, "queue.buffering.max.kbytes", "1048576");
  } else {
    set (conf, "group.id", "round-trip");
    set (conf, "enable.auto.commit", "false");
    set (conf, "fetch.wait.max.ms", "50");
  }
  client = rd_kafka_new (type, conf, text, sizeof text);
  if (!client)
    g_error ("librdkafka: %s", text);
  return client;
}

static void
send_example (rd_kafka_t *producer, const char *topic, guint number, const char *frame)
{
  g_autofree char *key = g_strdup_printf ("cam-%u", number % LOAD_CAMERAS);
  GString *text = load_message_new (number, frame);
  rd_kafka_resp_err_t code;

  do {
    code = rd_kafka_producev (producer, RD_KAFKA_V_TOPIC (topic), RD_KAFKA_V_KEY (key, strlen (key)),
                              RD_KAFKA_V_VALUE (text->str, text->len), RD_KAFKA_V_MSGFLAGS (RD_KAFKA_MSG_F_COPY),
                              RD_KAFKA_V_END);
    rd_kafka_poll (producer, code == RD_KAFKA_RESP_ERR__QUEUE_FULL ? 10 : 0);
  } while (code == RD_KAFKA_RESP_ERR__QUEUE_FULL);
  if (code != RD_KAFKA_RESP_ERR_NO_ERROR)
    g_error ("produce: %s", rd_kafka_err2str (code));
  g_string_free (text, TRUE);
}

static void
end_producer (rd_kafka_t *producer)
{
  if (rd_kafka_flush (producer, FLUSH_MILLISECONDS) != RD_KAFKA_RESP_ERR_NO_ERROR)
    g_error ("not everything was confirmed");
  rd_kafka_destroy (producer);
}

static void
fill (const char *bootstrap, const char *topic, guint count, guint frame_bytes)
{
  g_autofree guint8 *bytes = load_message_frame (frame_bytes);
  g_autofree char *frame = frame_bytes > 0 ? g_base64_encode (bytes, frame_bytes) : NULL;
  rd_kafka_t *producer = open_client (RD_KAFKA_PRODUCER, bootstrap);

  for (guint i = 0; i < count; i++)
    send_example (producer, topic, i, frame);
  end_producer (producer);
}

/* Each message has its moment; one that is late is sent at once. */
static void
feed (const char *bootstrap, const char *topic, guint rate, guint seconds)
{
  rd_kafka_t *producer = open_client (RD_KAFKA_PRODUCER, bootstrap);
  gint64 start = g_get_monotonic_time ();

  for (guint i = 0; i < rate * seconds; i++) {
    gint64 wait = start + (gint64) i * G_USEC_PER_SEC / rate - g_get_monotonic_time ();

    if (wait > 0)
      g_usleep ((gulong) wait);
    send_example (producer, topic, i, NULL);
  }
  end_producer (producer);
}

/* The consumer stands at the end of partition 0 before anything is sent. */
static rd_kafka_t *
open_consumer (const char *bootstrap, const char *topic)
{
  rd_kafka_t *consumer = open_client (RD_KAFKA_CONSUMER, bootstrap);
  rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new (1);
  gint64 low;
  gint64 high;

  if (rd_kafka_query_watermark_offsets (consumer, topic, 0, &low, &high, POLL_MILLISECONDS) != 0)
    g_error ("%s: no watermarks", topic);
  rd_kafka_topic_partition_list_add (list, topic, 0)->offset = high;
  if (rd_kafka_assign (consumer, list) != 0)
    g_error ("%s: not assigned", topic);
  rd_kafka_topic_partition_list_destroy (list);
  rd_kafka_poll_set_consumer (consumer);
  return consumer;
}

static void
round_trip (const char *bootstrap, const char *topic, guint count)
{
  g_autoptr (GArray) times = g_array_new (FALSE, FALSE, sizeof (gint64));
  rd_kafka_t *consumer = open_consumer (bootstrap, topic);
  rd_kafka_t *producer = open_client (RD_KAFKA_PRODUCER, bootstrap);

  for (guint i = 0; i < count; i++) {
    gint64 start = g_get_monotonic_time ();
    rd_kafka_message_t *message;
    gint64 time;

    send_example (producer, topic, i, NULL);
    message = rd_kafka_consumer_poll (consumer, POLL_MILLISECONDS);
    if (!message || message->err)
      g_error ("%s: nothing came: %s", topic, message ? rd_kafka_message_errstr (message) : "timeout");
    rd_kafka_message_destroy (message);
    time = g_get_monotonic_time () - start;
    /* The first ones connect. */
    if (i >= count / 10)
      g_array_append_val (times, time);
  }
  load_print_times (times);
  end_producer (producer);
  rd_kafka_consumer_close (consumer);
  rd_kafka_destroy (consumer);
}

int
main (int argc, char **argv)
{
  if (argc == 6 && g_str_equal (argv[1], "fill")) {
    fill (argv[2], argv[3], load_number (argv[4]), load_number (argv[5]));
  } else if (argc == 6 && g_str_equal (argv[1], "feed")) {
    feed (argv[2], argv[3], load_number (argv[4]), load_number (argv[5]));
  } else if (argc == 5 && g_str_equal (argv[1], "round-trip")) {
    round_trip (argv[2], argv[3], load_number (argv[4]));
  } else {
    g_printerr ("load-topic fill BOOTSTRAP TOPIC COUNT FRAME-BYTES | feed BOOTSTRAP TOPIC RATE SECONDS | "
                "round-trip BOOTSTRAP TOPIC COUNT\n");
    return 64;
  }
  return 0;
}
