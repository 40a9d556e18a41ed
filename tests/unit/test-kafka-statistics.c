/* SPDX-License-Identifier: Apache-2.0 */
/* What is read from librdkafka's statistics: which brokers are there, and how far behind each partition is. */
#include "kafka-statistics.h"

#include <string.h>

static KafkaStatistics *
parse (const char *text)
{
  return kafka_statistics_parse (text, strlen (text));
}

static void
test_brokers (void)
{
  g_autoptr (KafkaStatistics) statistics
      = parse ("{\"msg_cnt\":7,\"brokers\":{"
               "\"a:1/bootstrap\":{\"source\":\"configured\",\"state\":\"UP\",\"rx\":10},"
               "\"b:1/2\":{\"source\":\"learned\",\"state\":\"DOWN\",\"rx\":3},"
               /* A role of one of the others: its answers count, but it is no broker more. */
               "\"GroupCoordinator\":{\"source\":\"logical\",\"state\":\"UP\",\"rx\":4}}}");

  g_assert_nonnull (statistics);
  g_assert_cmpuint (statistics->brokers, ==, 2);
  g_assert_cmpuint (statistics->brokers_up, ==, 1);
  g_assert_cmpint (statistics->received, ==, 17);
  g_assert_cmpint (statistics->queued, ==, 7);
}

typedef struct {
  const char *partition;
  gint64 offset;
  gint64 end;
  gint64 lag;
} Case;

static const Case cases[] = {
  /* Something has been stored: the library knows. */
  { "\"committed_offset\":3,\"hi_offset\":20,\"app_offset\":9,\"next_offset\":9,\"consumer_lag_stored\":13", 3, 20,
    13 },
  /* Committed by whoever had it before. */
  { "\"committed_offset\":5,\"hi_offset\":20,\"app_offset\":-1001,\"next_offset\":5,\"consumer_lag_stored\":-1", 5, 20,
    15 },
  /* Empty, and never committed. */
  { "\"committed_offset\":-1001,\"hi_offset\":0,\"app_offset\":-1001,\"next_offset\":0,\"consumer_lag_stored\":-1", -1,
    0, 0 },
  /* Read from the beginning, nothing handed on so far. */
  { "\"committed_offset\":-1001,\"hi_offset\":8,\"app_offset\":-1001,\"next_offset\":2,\"consumer_lag_stored\":-1", -1,
    8, 6 },
  /* Handed on, and nothing stored yet: where that began is not known any more. */
  { "\"committed_offset\":-1001,\"hi_offset\":8,\"app_offset\":4,\"next_offset\":4,\"consumer_lag_stored\":-1", -1, 8,
    -1 },
  /* Not asked for yet. */
  { "\"committed_offset\":-1001,\"hi_offset\":-1001,\"app_offset\":-1001,\"next_offset\":-1001,"
    "\"consumer_lag_stored\":-1",
    -1, -1, -1 },
  /* Made anew with fewer messages than were committed of the old one. */
  { "\"committed_offset\":9,\"hi_offset\":2,\"app_offset\":-1001,\"next_offset\":9,\"consumer_lag_stored\":-1", 9, 2,
    -1 },
};

/* What stands for a refusal in the end of a partition that is read. */
static void
test_unreadable (void)
{
  static const struct {
    const char *partition;
    gboolean unreadable;
  } some[] = {
    { "\"fetch_state\":\"active\",\"hi_offset\":-1", TRUE },
    { "\"fetch_state\":\"active\",\"hi_offset\":-1001", FALSE },
    { "\"fetch_state\":\"active\",\"hi_offset\":0", FALSE },
    { "\"fetch_state\":\"none\",\"hi_offset\":-1", FALSE },
    { "\"hi_offset\":-1", FALSE },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (some); i++) {
    g_autofree char *text = g_strdup_printf ("{\"topics\":{\"t\":{\"partitions\":{\"0\":{\"partition\":0,%s},"
                                             "\"1\":{\"partition\":1,\"fetch_state\":\"active\",\"hi_offset\":4}}}}}",
                                             some[i].partition);
    g_autoptr (KafkaStatistics) statistics = parse (text);

    g_assert_cmpint (statistics->unreadable, ==, some[i].unreadable);
  }
}

static void
test_lag (void)
{
  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autofree char *text
        = g_strdup_printf ("{\"topics\":{\"t\":{\"partitions\":{\"0\":{\"partition\":0,%s}}}}}", cases[i].partition);
    g_autoptr (KafkaStatistics) statistics = parse (text);
    const AnnotPartition *partition = g_hash_table_lookup (statistics->partitions, "t 0");

    g_assert_nonnull (partition);
    g_assert_cmpint (partition->offset, ==, cases[i].offset);
    g_assert_cmpint (partition->end, ==, cases[i].end);
    g_assert_cmpint (partition->lag, ==, cases[i].lag);
  }
}

static void
test_partitions (void)
{
  g_autoptr (KafkaStatistics) statistics
      = parse ("{\"topics\":{\"t\":{\"partitions\":{\"-1\":{\"partition\":-1},\"3\":{\"partition\":3}}},"
               "\"u\":{\"partitions\":{\"0\":{\"partition\":0}}},\"empty\":{}}}");
  g_autofree char *key = kafka_partition_key ("t", 3);

  g_assert_cmpuint (g_hash_table_size (statistics->partitions), ==, 2);
  g_assert_true (g_hash_table_contains (statistics->partitions, key));
  g_assert_true (g_hash_table_contains (statistics->partitions, "u 0"));
}

static void
test_garbage (void)
{
  const char *const texts[] = { "", "{", "[]", "null", "7" };

  for (gsize i = 0; i < G_N_ELEMENTS (texts); i++)
    g_assert_null (parse (texts[i]));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/kafka-statistics/brokers", test_brokers);
  g_test_add_func ("/kafka-statistics/lag", test_lag);
  g_test_add_func ("/kafka-statistics/unreadable", test_unreadable);
  g_test_add_func ("/kafka-statistics/partitions", test_partitions);
  g_test_add_func ("/kafka-statistics/garbage", test_garbage);
  return g_test_run ();
}
