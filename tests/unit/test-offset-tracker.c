/* SPDX-License-Identifier: Apache-2.0 */
/* Offsets never pass the first unfinished message of their partition. */
#include "pipeline/annot-offset-tracker.h"

static AnnotOffsetEntry *
begin (AnnotOffsetTracker *tracker, int partition, gint64 offset)
{
  g_autoptr (AnnotMessage) message = annot_message_new ("topic", NULL, NULL);

  message->partition = partition;
  message->offset = offset;
  message->next_offset = offset + 1;
  return annot_offset_tracker_begin (tracker, message);
}

/* Returns: the offset to store now, -1 for none */
static gint64
next (AnnotOffsetTracker *tracker, int expected_partition)
{
  g_autofree char *topic = NULL;
  int partition;
  gint64 offset;

  if (!annot_offset_tracker_next (tracker, &topic, &partition, &offset))
    return -1;
  g_assert_cmpstr (topic, ==, "topic");
  g_assert_cmpint (partition, ==, expected_partition);
  return offset;
}

static void
test_order (void)
{
  AnnotOffsetTracker *tracker = annot_offset_tracker_new ();
  AnnotOffsetEntry *first = begin (tracker, 0, 10);
  AnnotOffsetEntry *second = begin (tracker, 0, 11);
  AnnotOffsetEntry *third = begin (tracker, 0, 12);

  annot_offset_tracker_finish (tracker, second);
  g_assert_cmpint (next (tracker, 0), ==, -1);
  annot_offset_tracker_finish (tracker, first);
  g_assert_cmpint (next (tracker, 0), ==, 12);
  g_assert_false (annot_offset_tracker_is_idle (tracker, "topic", 0));
  annot_offset_tracker_stored (tracker, "topic", 0, 12, TRUE);
  g_assert_cmpint (next (tracker, 0), ==, -1);
  annot_offset_tracker_finish (tracker, third);
  g_assert_cmpint (next (tracker, 0), ==, 13);
  annot_offset_tracker_stored (tracker, "topic", 0, 13, TRUE);
  g_assert_true (annot_offset_tracker_all_idle (tracker));
  annot_offset_tracker_free (tracker);
}

static void
test_one_at_a_time (void)
{
  AnnotOffsetTracker *tracker = annot_offset_tracker_new ();

  annot_offset_tracker_finish (tracker, begin (tracker, 3, 1));
  g_assert_cmpint (next (tracker, 3), ==, 2);
  annot_offset_tracker_finish (tracker, begin (tracker, 3, 2));
  g_assert_cmpint (next (tracker, 3), ==, -1);
  /* It failed: the newest is tried next. */
  annot_offset_tracker_stored (tracker, "topic", 3, 2, FALSE);
  g_assert_cmpint (next (tracker, 3), ==, 3);
  annot_offset_tracker_free (tracker);
}

static void
test_partitions_apart (void)
{
  AnnotOffsetTracker *tracker = annot_offset_tracker_new ();
  AnnotOffsetEntry *stuck = begin (tracker, 0, 5);

  annot_offset_tracker_finish (tracker, begin (tracker, 1, 7));
  g_assert_cmpint (next (tracker, 1), ==, 8);
  annot_offset_tracker_stored (tracker, "topic", 1, 8, TRUE);
  g_assert_true (annot_offset_tracker_is_idle (tracker, "topic", 1));
  g_assert_false (annot_offset_tracker_is_idle (tracker, "topic", 0));
  g_assert_true (annot_offset_tracker_is_idle (tracker, "topic", 9));
  annot_offset_tracker_abandon (tracker, stuck);
  g_assert_cmpint (next (tracker, 0), ==, -1);
  g_assert_false (annot_offset_tracker_all_idle (tracker));
  annot_offset_tracker_free (tracker);
}

static void
test_dropped (void)
{
  AnnotOffsetTracker *tracker = annot_offset_tracker_new ();
  AnnotOffsetEntry *old = begin (tracker, 0, 5);
  AnnotOffsetEntry *given_up = begin (tracker, 0, 6);

  annot_offset_tracker_drop (tracker, "topic", 0);
  g_assert_true (annot_offset_tracker_all_idle (tracker));
  /* It is ours again, from elsewhere; what was under way before says nothing of it. */
  annot_offset_tracker_finish (tracker, begin (tracker, 0, 3));
  annot_offset_tracker_finish (tracker, old);
  annot_offset_tracker_abandon (tracker, given_up);
  g_assert_cmpint (next (tracker, 0), ==, 4);
  annot_offset_tracker_drop (tracker, "topic", 0);
  annot_offset_tracker_stored (tracker, "topic", 0, 4, TRUE);
  g_assert_true (annot_offset_tracker_all_idle (tracker));
  annot_offset_tracker_free (tracker);
}

static void
test_rewound (void)
{
  AnnotOffsetTracker *tracker = annot_offset_tracker_new ();

  annot_offset_tracker_finish (tracker, begin (tracker, 0, 100));
  g_assert_cmpint (next (tracker, 0), ==, 101);
  annot_offset_tracker_stored (tracker, "topic", 0, 101, TRUE);
  annot_offset_tracker_finish (tracker, begin (tracker, 0, 0));
  g_assert_cmpint (next (tracker, 0), ==, 1);
  annot_offset_tracker_free (tracker);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/offset-tracker/order", test_order);
  g_test_add_func ("/offset-tracker/one-at-a-time", test_one_at_a_time);
  g_test_add_func ("/offset-tracker/partitions-apart", test_partitions_apart);
  g_test_add_func ("/offset-tracker/dropped", test_dropped);
  g_test_add_func ("/offset-tracker/rewound", test_rewound);
  return g_test_run ();
}
