/* SPDX-License-Identifier: Apache-2.0 */
/* librdkafka's own small cluster as a process: brokers that can be cut off, and requests that can be made to fail. */
#include "kafka-tool.h"

#include <librdkafka/rdkafka_mock.h>
#include <stdio.h>
#include <string.h>

#define LINE_BYTES 4096

static gboolean
find_error (const char *name, rd_kafka_resp_err_t *code, GError **error)
{
  const struct rd_kafka_err_desc *all = NULL;
  size_t count = 0;

  rd_kafka_get_err_descs (&all, &count);
  for (size_t i = 0; i < count; i++) {
    if (all[i].name && g_str_equal (all[i].name, name)) {
      *code = all[i].code;
      return TRUE;
    }
  }
  return kafka_tool_fail (error, "there is no error %s", name);
}

static gboolean
check_code (rd_kafka_resp_err_t code, GError **error)
{
  return code == RD_KAFKA_RESP_ERR_NO_ERROR || kafka_tool_fail (error, "%s", rd_kafka_err2str (code));
}

static gboolean
make_topic (rd_kafka_mock_cluster_t *cluster, char **words, GError **error)
{
  gint64 partitions = 0;

  return kafka_tool_number (words[1], 1, &partitions, error)
         && check_code (rd_kafka_mock_topic_create (cluster, words[0], (int) partitions, 1), error);
}

static gboolean
cut (rd_kafka_mock_cluster_t *cluster, char **words, GError **error)
{
  gint64 broker = 0;

  return kafka_tool_number (words[0], 1, &broker, error)
         && check_code (rd_kafka_mock_broker_set_down (cluster, (int) broker), error);
}

static gboolean
restore (rd_kafka_mock_cluster_t *cluster, char **words, GError **error)
{
  gint64 broker = 0;

  return kafka_tool_number (words[0], 1, &broker, error)
         && check_code (rd_kafka_mock_broker_set_up (cluster, (int) broker), error);
}

static gboolean
delay (rd_kafka_mock_cluster_t *cluster, char **words, GError **error)
{
  gint64 broker = 0;
  gint64 milliseconds = 0;

  return kafka_tool_number (words[0], 1, &broker, error) && kafka_tool_number (words[1], 0, &milliseconds, error)
         && check_code (rd_kafka_mock_broker_set_rtt (cluster, (int) broker, (int) milliseconds), error);
}

static gboolean
fail_requests (rd_kafka_mock_cluster_t *cluster, char **words, GError **error)
{
  g_autoptr (GArray) codes = g_array_new (FALSE, FALSE, sizeof (rd_kafka_resp_err_t));
  gint64 api = 0;

  if (!kafka_tool_number (words[0], 0, &api, error))
    return FALSE;
  for (char **name = words + 1; *name; name++) {
    rd_kafka_resp_err_t code;

    if (!find_error (*name, &code, error))
      return FALSE;
    g_array_append_val (codes, code);
  }
  rd_kafka_mock_push_request_errors_array (cluster, (gint16) api, codes->len, (rd_kafka_resp_err_t *) codes->data);
  return TRUE;
}

static gboolean
clear_failures (rd_kafka_mock_cluster_t *cluster, char **words, GError **error)
{
  gint64 api = 0;

  if (!kafka_tool_number (words[0], 0, &api, error))
    return FALSE;
  rd_kafka_mock_clear_request_errors (cluster, (gint16) api);
  return TRUE;
}

static gboolean
set_topic_error (rd_kafka_mock_cluster_t *cluster, char **words, GError **error)
{
  rd_kafka_resp_err_t code;

  if (!find_error (words[1], &code, error))
    return FALSE;
  rd_kafka_mock_topic_set_error (cluster, words[0], code);
  return TRUE;
}

static gboolean
move_partition (rd_kafka_mock_cluster_t *cluster, char **words, GError **error)
{
  gint64 partition = 0;
  gint64 broker = 0;

  return kafka_tool_number (words[1], 0, &partition, error) && kafka_tool_number (words[2], 1, &broker, error)
         && check_code (rd_kafka_mock_partition_set_leader (cluster, words[0], (int) partition, (int) broker), error);
}

static gboolean
move_group (rd_kafka_mock_cluster_t *cluster, char **words, GError **error)
{
  gint64 broker = 0;

  return kafka_tool_number (words[1], 1, &broker, error)
         && check_code (rd_kafka_mock_coordinator_set (cluster, "group", words[0], (int) broker), error);
}

static const struct {
  const char *name;
  guint words; /* at least */
  gboolean (*run) (rd_kafka_mock_cluster_t *cluster, char **words, GError **error);
} commands[] = {
  { "topic", 2, make_topic },
  { "down", 1, cut },
  { "up", 1, restore },
  { "rtt", 2, delay },
  { "fail", 2, fail_requests },
  { "clear", 1, clear_failures },
  { "topic-error", 2, set_topic_error },
  { "leader", 3, move_partition },
  { "coordinator", 2, move_group },
};

static gboolean
carry_out (rd_kafka_mock_cluster_t *cluster, const char *line, GError **error)
{
  g_auto (GStrv) words = g_strsplit (line, " ", -1);

  for (gsize i = 0; i < G_N_ELEMENTS (commands); i++) {
    if (words[0] && g_str_equal (words[0], commands[i].name) && g_strv_length (words) > commands[i].words)
      return commands[i].run (cluster, words + 1, error);
  }
  return kafka_tool_fail (error, "unknown command, or words are missing");
}

static void
serve (rd_kafka_mock_cluster_t *cluster)
{
  char line[LINE_BYTES];

  printf ("%s\n", rd_kafka_mock_cluster_bootstraps (cluster));
  fflush (stdout);
  while (fgets (line, sizeof line, stdin)) {
    g_autoptr (GError) error = NULL;

    if (carry_out (cluster, g_strchomp (line), &error))
      printf ("ok\n");
    else
      printf ("error %s\n", error->message);
    fflush (stdout);
  }
}

gboolean
kafka_tool_mock (KafkaTool *self, char **arguments, GError **error)
{
  rd_kafka_mock_cluster_t *cluster = NULL;
  gboolean good = TRUE;
  gint64 brokers = 0;

  if (!kafka_tool_number (arguments[0], 1, &brokers, error))
    return FALSE;
  cluster = rd_kafka_mock_cluster_new (self->handle, (int) brokers);
  if (!cluster)
    return kafka_tool_fail (error, "the cluster did not start");
  for (guint i = 1; good && arguments[i] && arguments[i + 1]; i += 2)
    good = make_topic (cluster, arguments + i, error);
  if (good)
    serve (cluster);
  rd_kafka_mock_cluster_destroy (cluster);
  return good;
}
