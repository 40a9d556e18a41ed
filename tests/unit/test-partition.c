/* SPDX-License-Identifier: Apache-2.0 */
/* Partitions: copies of their own, the sum of what is behind, and what operators are told. */
#include <annotationd/annotationd.h>

static AnnotPartition *
make (const char *topic, int number, gint64 offset, gint64 end)
{
  AnnotPartition *partition = annot_partition_new (topic, number);

  partition->offset = offset;
  partition->end = end;
  partition->lag = offset < 0 || end < 0 ? -1 : end - offset;
  return partition;
}

static void
test_lag (void)
{
  g_autoptr (GPtrArray) partitions = annot_partitions_new ();

  g_assert_cmpint (annot_partitions_sum_lag (partitions), ==, 0);
  g_ptr_array_add (partitions, make ("a", 0, 3, 10));
  g_ptr_array_add (partitions, make ("a", 1, 10, 10));
  g_assert_cmpint (annot_partitions_sum_lag (partitions), ==, 7);
  /* A sum of what is known would say less than the truth. */
  g_ptr_array_add (partitions, make ("b", 0, -1, -1));
  g_assert_cmpint (annot_partitions_sum_lag (partitions), ==, -1);
}

static void
test_copy (void)
{
  g_autoptr (GPtrArray) partitions = annot_partitions_new ();
  g_autoptr (GPtrArray) copy = NULL;
  const AnnotPartition *partition = NULL;

  g_ptr_array_add (partitions, make ("a", 2, 3, 10));
  copy = annot_partitions_copy (partitions);
  g_ptr_array_set_size (partitions, 0);
  g_assert_cmpuint (copy->len, ==, 1);
  partition = g_ptr_array_index (copy, 0);
  g_assert_cmpstr (partition->topic, ==, "a");
  g_assert_cmpint (partition->partition, ==, 2);
  g_assert_cmpint (partition->lag, ==, 7);
}

static void
test_description (void)
{
  g_autoptr (GPtrArray) partitions = annot_partitions_new ();
  g_autoptr (JsonNode) node = json_node_new (JSON_NODE_ARRAY);
  g_autofree char *text = NULL;

  g_ptr_array_add (partitions, make ("a", 2, 3, 10));
  g_ptr_array_add (partitions, annot_partition_new ("b", 0));
  json_node_take_array (node, annot_partitions_describe (partitions));
  text = json_to_string (node, FALSE);
  g_assert_cmpstr (text, ==,
                   "[{\"topic\":\"a\",\"partition\":2,\"offset\":3,\"end\":10,\"lag\":7},"
                   "{\"topic\":\"b\",\"partition\":0,\"offset\":-1,\"end\":-1,\"lag\":-1}]");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/partition/lag", test_lag);
  g_test_add_func ("/partition/copy", test_copy);
  g_test_add_func ("/partition/description", test_description);
  return g_test_run ();
}
