/* SPDX-License-Identifier: Apache-2.0 */
/* The rate limits of `memory`, by a clock of the test's own. */
#include "memory-rate.h"

#define SECOND ((gint64) G_USEC_PER_SEC)

static const AnnotRate rate = { .count = 20, .period = 60 * SECOND };

static AnnotRateVerdict
take (MemoryTimetable *buckets, const char *key, gint64 now)
{
  return memory_rate_take (buckets, 4, key, rate, 1, now);
}

static void
test_burst_then_even_pace (void)
{
  g_autoptr (MemoryTimetable) buckets = memory_timetable_new (NULL);
  AnnotRateVerdict verdict;

  for (guint i = 0; i < 20; i++)
    g_assert_true (take (buckets, "a", 1000).allowed);
  verdict = take (buckets, "a", 1000);
  g_assert_false (verdict.allowed);
  g_assert_cmpint (verdict.retry_after, ==, 3 * SECOND);
  g_assert_cmpint (verdict.reset_after, ==, 60 * SECOND);
  g_assert_false (take (buckets, "a", 1000 + 3 * SECOND - 1).allowed);
  g_assert_true (take (buckets, "a", 1000 + 3 * SECOND).allowed);
  g_assert_false (take (buckets, "a", 1000 + 3 * SECOND).allowed);
  /* Over ten minutes at most what the rate allows, however often it is tried. */
  {
    guint allowed = 0;

    for (gint64 now = 100 * SECOND; now < 700 * SECOND; now += SECOND / 2)
      allowed += take (buckets, "a", now).allowed;
    g_assert_cmpuint (allowed, >=, 200);
    g_assert_cmpuint (allowed, <=, 220);
  }
}

static void
test_edges (void)
{
  g_autoptr (MemoryTimetable) buckets = memory_timetable_new (NULL);
  const AnnotRate none = { .count = 0, .period = SECOND };
  const AnnotRate uneven = { .count = 7, .period = SECOND };
  AnnotRateVerdict verdict;

  g_assert_false (memory_rate_take (buckets, 4, "a", none, 1, 0).allowed);
  for (guint i = 0; i < 7; i++)
    g_assert_true (memory_rate_take (buckets, 4, "b", uneven, 1, 5).allowed);
  verdict = memory_rate_take (buckets, 4, "b", uneven, 1, 5);
  g_assert_false (verdict.allowed);
  g_assert_true (memory_rate_take (buckets, 4, "b", uneven, 1, 5 + verdict.retry_after).allowed);
  verdict = memory_rate_take (buckets, 4, "c", uneven, 8, 5);
  g_assert_false (verdict.allowed);
  g_assert_cmpuint (verdict.remaining, ==, 7);
  verdict = memory_rate_take (buckets, 4, "c", uneven, 0, 5);
  g_assert_true (verdict.allowed);
  g_assert_cmpuint (verdict.remaining, ==, 7);
}

/* At the bound the key that would be free first makes room; a busy one stays limited. */
static void
test_bound (void)
{
  g_autoptr (MemoryTimetable) buckets = memory_timetable_new (NULL);

  for (guint i = 0; i < 20; i++)
    take (buckets, "busy", 0);
  for (guint i = 0; i < 1000; i++) {
    g_autofree char *key = g_strdup_printf ("%u", i);

    take (buckets, key, 0);
    g_assert_cmpuint (memory_timetable_get_size (buckets), <=, 4);
  }
  g_assert_false (take (buckets, "busy", 0).allowed);
}

static void
test_sweep (void)
{
  g_autoptr (MemoryTimetable) buckets = memory_timetable_new (NULL);

  for (guint i = 0; i < 100; i++) {
    g_autofree char *key = g_strdup_printf ("%u", i);

    memory_rate_take (buckets, 1000, key, rate, 1, 0);
  }
  g_assert_cmpuint (memory_timetable_get_size (buckets), ==, 100);
  for (guint i = 0; i < 100; i++) {
    g_autofree char *key = g_strdup_printf ("later %u", i);

    memory_rate_take (buckets, 1000, key, rate, 1, 10 * SECOND);
  }
  g_assert_cmpuint (memory_timetable_get_size (buckets), ==, 100);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/memory/rate/burst-then-even-pace", test_burst_then_even_pace);
  g_test_add_func ("/memory/rate/edges", test_edges);
  g_test_add_func ("/memory/rate/bound", test_bound);
  g_test_add_func ("/memory/rate/sweep", test_sweep);
  return g_test_run ();
}
