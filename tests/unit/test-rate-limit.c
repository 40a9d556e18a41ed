/* SPDX-License-Identifier: Apache-2.0 */
/* The local count that stands in while the state is away. */
#include "http/annot-rate-limit.h"

static const AnnotRate rate = { .count = 3, .period = 60 * G_USEC_PER_SEC };

static void
test_burst_and_refill (void)
{
  g_autoptr (AnnotRateTable) table = annot_rate_table_new ();
  gint64 now = 1000 * G_USEC_PER_SEC;
  for (guint i = 0; i < 3; i++) {
    AnnotRateVerdict verdict = annot_rate_table_take (table, "a", rate, now);
    g_assert_true (verdict.allowed);
    g_assert_cmpuint (verdict.remaining, ==, 2 - i);
  }
  AnnotRateVerdict refused = annot_rate_table_take (table, "a", rate, now);
  g_assert_false (refused.allowed);
  g_assert_cmpint (refused.retry_after, ==, 20 * G_USEC_PER_SEC);
  g_assert_cmpint (refused.reset_after, ==, 60 * G_USEC_PER_SEC);
  g_assert_true (annot_rate_table_take (table, "b", rate, now).allowed);
  g_assert_false (annot_rate_table_take (table, "a", rate, now + 20 * G_USEC_PER_SEC - 1).allowed);
  g_assert_true (annot_rate_table_take (table, "a", rate, now + 20 * G_USEC_PER_SEC).allowed);
  g_assert_false (annot_rate_table_take (table, "a", rate, now + 20 * G_USEC_PER_SEC).allowed);
}

/* The most that [limits] takes: more requests in a period than the clock has ticks. */
static void
test_largest (void)
{
  g_autoptr (AnnotRateTable) table = annot_rate_table_new ();
  const AnnotRate largest = { .count = 1000000000, .period = G_USEC_PER_SEC };
  AnnotRateVerdict verdict = annot_rate_table_take (table, "a", largest, 0);

  g_assert_true (verdict.allowed);
  g_assert_cmpuint (verdict.remaining, <, largest.count);
  g_assert_cmpuint (verdict.remaining, >, largest.count / 2);
  for (guint i = 0; i < 1000; i++)
    g_assert_true (annot_rate_table_take (table, "a", largest, 0).allowed);
}

static void
test_bounded (void)
{
  g_autoptr (AnnotRateTable) table = annot_rate_table_new ();
  for (guint i = 0; i < 100000; i++) {
    char key[16];
    g_snprintf (key, sizeof key, "k%u", i);
    g_assert_true (annot_rate_table_take (table, key, rate, i).allowed);
  }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/rate-limit/burst-and-refill", test_burst_and_refill);
  g_test_add_func ("/rate-limit/largest", test_largest);
  g_test_add_func ("/rate-limit/bounded", test_bounded);
  return g_test_run ();
}
