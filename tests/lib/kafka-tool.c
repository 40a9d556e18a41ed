/* SPDX-License-Identifier: Apache-2.0 */
/* What tests ask of a Kafka cluster beside messages: topics and groups; and a small cluster of its own for them. */
#include "kafka-tool.h"

#include <stdlib.h>
#include <sysexits.h>

static const char summary[]
    = "Commands (of a cluster, -b HOST:PORT):\n"
      "  create TOPIC PARTITIONS [TOPIC PARTITIONS]...  makes topics (-c NAME=VALUE: with this configuration)\n"
      "  add-partitions TOPIC TOTAL                     gives a topic more partitions\n"
      "  delete TOPIC...                                removes topics\n"
      "  brokers                                        prints how many brokers answer\n"
      "  partitions TOPIC                               prints how many a topic has; fails when there is none\n"
      "  group NAME                                     prints a group's state and members, one JSON object\n"
      "  offsets GROUP                                  prints TOPIC PARTITION OFFSET, one a line\n"
      "  set-offset GROUP TOPIC PARTITION OFFSET        the group has to be empty\n"
      "Commands (without a cluster):\n"
      "  version                                        prints librdkafka's\n"
      "  mock BROKERS [TOPIC PARTITIONS]...             a cluster of its own, until standard input is closed\n"
      "\n"
      "mock prints its bootstrap servers, one line, then answers each line of standard input with \"ok\" or \"error "
      "WHY\":\n"
      "  topic NAME PARTITIONS                          makes a topic\n"
      "  down BROKER, up BROKER                         cuts a broker off (1, 2, ...) and lets it come back\n"
      "  rtt BROKER MILLISECONDS                        delays each of its answers\n"
      "  fail API ERROR...                              the next requests of that kind (a number) fail so; ERROR is a\n"
      "                                                 name such as NOT_COORDINATOR, NO_ERROR lets one pass\n"
      "  clear API                                      forgets those failures\n"
      "  topic-error NAME ERROR                         what is said of a topic; NO_ERROR ends it\n"
      "  leader TOPIC PARTITION BROKER                  moves a partition\n"
      "  coordinator GROUP BROKER                       moves a group\n"
      "\n"
      "Exit status: 0; 1 when the cluster refused (the reason is on standard error); 64 wrong usage.";

static gboolean
print_version (KafkaTool *self, char **arguments, GError **error)
{
  g_print ("%s\n", rd_kafka_version_str ());
  return TRUE;
}

static const struct {
  const char *name;
  int arguments; /* at least */
  gboolean (*run) (KafkaTool *self, char **arguments, GError **error);
} commands[] = {
  { "create", 2, kafka_tool_create },
  { "add-partitions", 2, kafka_tool_add_partitions },
  { "delete", 1, kafka_tool_delete },
  { "brokers", 0, kafka_tool_brokers },
  { "partitions", 1, kafka_tool_partitions },
  { "group", 1, kafka_tool_group },
  { "offsets", 1, kafka_tool_offsets },
  { "set-offset", 4, kafka_tool_set_offset },
  { "version", 0, print_version },            { "mock", 1, kafka_tool_mock },
};

G_DEFINE_QUARK (kafka - tool - error, kafka_tool_error)

gboolean
kafka_tool_fail (GError **error, const char *format, ...)
{
  va_list args;

  va_start (args, format);
  if (error)
    *error = g_error_new_valist (KAFKA_TOOL_ERROR, EXIT_FAILURE, format, args);
  va_end (args);
  return FALSE;
}

gboolean
kafka_tool_number (const char *text, gint64 least, gint64 *number, GError **error)
{
  return g_ascii_string_to_signed (text, 10, least, G_MAXINT64, number, error);
}

static gboolean
set_properties (rd_kafka_conf_t *conf, char **properties, GError **error)
{
  for (char **property = properties; property && *property; property++) {
    g_auto (GStrv) parts = g_strsplit (*property, "=", 2);
    char reason[256];

    if (!parts[0] || !parts[1])
      return kafka_tool_fail (error, "-X %s: write NAME=VALUE", *property);
    if (rd_kafka_conf_set (conf, parts[0], parts[1], reason, sizeof reason) != RD_KAFKA_CONF_OK)
      return kafka_tool_fail (error, "-X %s: %s", *property, reason);
  }
  return TRUE;
}

static void
drop_log (const rd_kafka_t *handle, int level, const char *facility, const char *line)
{
  /* What matters is in the answers; of a cluster that is away on purpose there would be a line a second. */
}

static gboolean
connect_tool (KafkaTool *self, char **properties, GError **error)
{
  rd_kafka_conf_t *conf = rd_kafka_conf_new ();
  char reason[256];

  rd_kafka_conf_set_log_cb (conf, drop_log);
  if (!set_properties (conf, properties, error)
      || (self->bootstrap
          && rd_kafka_conf_set (conf, "bootstrap.servers", self->bootstrap, reason, sizeof reason)
                 != RD_KAFKA_CONF_OK)) {
    rd_kafka_conf_destroy (conf);
    return FALSE;
  }
  self->handle = rd_kafka_new (RD_KAFKA_PRODUCER, conf, reason, sizeof reason);
  if (!self->handle) {
    rd_kafka_conf_destroy (conf);
    return kafka_tool_fail (error, "%s", reason);
  }
  self->queue = rd_kafka_queue_new (self->handle);
  return TRUE;
}

static int
run (KafkaTool *self, char **properties, int count, char **arguments)
{
  g_autoptr (GError) error = NULL;

  for (gsize i = 0; i < G_N_ELEMENTS (commands); i++) {
    if (!g_str_equal (commands[i].name, arguments[0]))
      continue;
    if (count - 1 < commands[i].arguments)
      break;
    if (connect_tool (self, properties, &error) && commands[i].run (self, arguments + 1, &error))
      return EXIT_SUCCESS;
    g_printerr ("kafka-tool: %s\n", error->message);
    return EXIT_FAILURE;
  }
  g_printerr ("kafka-tool: unknown command, or arguments are missing; see --help\n");
  return EX_USAGE;
}

int
main (int argc, char **argv)
{
  KafkaTool tool = { .timeout = 15 };
  g_auto (GStrv) properties = NULL;
  const GOptionEntry entries[]
      = { { "bootstrap", 'b', 0, G_OPTION_ARG_STRING, &tool.bootstrap, "the cluster", "HOST:PORT" },
          { "property", 'X', 0, G_OPTION_ARG_STRING_ARRAY, &properties, "a librdkafka property", "NAME=VALUE" },
          { "config", 'c', 0, G_OPTION_ARG_STRING_ARRAY, &tool.topic_config, "of a new topic", "NAME=VALUE" },
          { "timeout", 't', 0, G_OPTION_ARG_INT, &tool.timeout, "for the answer [15]", "SECONDS" },
          { NULL } };
  g_autoptr (GOptionContext) context = g_option_context_new ("COMMAND [ARGUMENT]...");
  g_autoptr (GError) error = NULL;
  int status = EX_USAGE;

  g_option_context_add_main_entries (context, entries, NULL);
  g_option_context_set_summary (context, summary);
  if (!g_option_context_parse (context, &argc, &argv, &error))
    g_printerr ("kafka-tool: %s\n", error->message);
  else if (argc < 2)
    g_printerr ("kafka-tool: which command? see --help\n");
  else
    status = run (&tool, properties, argc - 1, argv + 1);
  g_clear_pointer (&tool.queue, rd_kafka_queue_destroy);
  g_clear_pointer (&tool.handle, rd_kafka_destroy);
  g_free (tool.bootstrap);
  g_strfreev (tool.topic_config);
  return status;
}
