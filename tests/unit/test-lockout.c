/* SPDX-License-Identifier: Apache-2.0 */
/* The delay after failed sign-ins grows, ends, and costs bounded memory. */
#include "http/annot-lockout.h"

#define SECOND G_USEC_PER_SEC

static void
fail_times (AnnotLockout *lockout, const char *account, const char *client, guint times, gint64 now)
{
  guint i;

  for (i = 0; i < times; i++)
    annot_lockout_failed (lockout, account, client, now);
}

static void
test_grows (void)
{
  g_autoptr (AnnotLockout) lockout = annot_lockout_new (100);
  gint64 now = 1000 * SECOND;
  gint64 expected = SECOND;
  guint i;

  g_assert_cmpint (annot_lockout_get_delay (lockout, "ann", "10.0.0.1", now), ==, 0);
  fail_times (lockout, "ann", "10.0.0.1", ANNOT_LOCKOUT_ACCOUNT_FREE - 1, now);
  g_assert_cmpint (annot_lockout_get_delay (lockout, "ann", "10.0.0.1", now), ==, 0);
  for (i = 0; i < 10; i++) {
    annot_lockout_failed (lockout, "ann", "10.0.0.1", now);
    g_assert_cmpint (annot_lockout_get_delay (lockout, "ann", "10.0.0.1", now), ==, expected);
    expected = MIN (expected * 2, ANNOT_LOCKOUT_ACCOUNT_LONGEST * SECOND);
  }
}

static void
test_ends (void)
{
  g_autoptr (AnnotLockout) lockout = annot_lockout_new (100);
  gint64 now = 1000 * SECOND;

  fail_times (lockout, "ann", "10.0.0.1", ANNOT_LOCKOUT_ACCOUNT_FREE, now);
  g_assert_cmpint (annot_lockout_get_delay (lockout, "ann", "10.0.0.1", now + SECOND / 2), ==, SECOND / 2);
  g_assert_cmpint (annot_lockout_get_delay (lockout, "ann", "10.0.0.1", now + SECOND), ==, 0);
  /* It is remembered longer than it delays, and then forgotten. */
  g_assert_cmpuint (annot_lockout_get_size (lockout), ==, 2);
  annot_lockout_get_delay (lockout, "ann", "10.0.0.1", now + ANNOT_LOCKOUT_MEMORY * SECOND);
  g_assert_cmpuint (annot_lockout_get_size (lockout), ==, 0);
}

static void
test_account_from_anywhere (void)
{
  g_autoptr (AnnotLockout) lockout = annot_lockout_new (100);

  fail_times (lockout, "ann", "10.0.0.1", ANNOT_LOCKOUT_ACCOUNT_FREE, SECOND);
  g_assert_cmpint (annot_lockout_get_delay (lockout, "ann", "10.0.0.2", SECOND), >, 0);
  g_assert_cmpint (annot_lockout_get_delay (lockout, "ben", "10.0.0.1", SECOND), ==, 0);
}

static void
test_address_of_many_names (void)
{
  g_autoptr (AnnotLockout) lockout = annot_lockout_new (100);
  guint i;

  for (i = 0; i < ANNOT_LOCKOUT_CLIENT_FREE; i++) {
    g_autofree char *name = g_strdup_printf ("name-%u", i);

    annot_lockout_failed (lockout, name, "10.0.0.1", SECOND);
  }
  g_assert_cmpint (annot_lockout_get_delay (lockout, "somebody-else", "10.0.0.1", SECOND), >, 0);
  g_assert_cmpint (annot_lockout_get_delay (lockout, "somebody-else", "10.0.0.2", SECOND), ==, 0);
}

static void
test_success (void)
{
  g_autoptr (AnnotLockout) lockout = annot_lockout_new (100);

  fail_times (lockout, "ann", "10.0.0.1", ANNOT_LOCKOUT_CLIENT_FREE, SECOND);
  annot_lockout_succeeded (lockout, "ann");
  annot_lockout_succeeded (lockout, "nobody");
  g_assert_cmpint (annot_lockout_get_delay (lockout, "ann", "10.0.0.2", SECOND), ==, 0);
  /* The address is not cleared by it. */
  g_assert_cmpint (annot_lockout_get_delay (lockout, "ann", "10.0.0.1", SECOND), >, 0);
}

static void
test_bounded (void)
{
  g_autoptr (AnnotLockout) lockout = annot_lockout_new (50);
  guint i;

  for (i = 0; i < 10000; i++) {
    g_autofree char *name = g_strdup_printf ("name-%u", i);
    g_autofree char *client = g_strdup_printf ("10.%u.%u.1", i / 256, i % 256);

    annot_lockout_failed (lockout, name, client, SECOND + i);
    g_assert_cmpuint (annot_lockout_get_size (lockout), <=, 50);
  }
  /* Who fails on is kept, while those who failed once make room. */
  fail_times (lockout, "ann", "10.0.0.1", ANNOT_LOCKOUT_ACCOUNT_FREE + 3, 20 * SECOND);
  g_assert_cmpint (annot_lockout_get_delay (lockout, "ann", "10.99.99.99", 20 * SECOND), ==, 8 * SECOND);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/lockout/grows", test_grows);
  g_test_add_func ("/lockout/ends", test_ends);
  g_test_add_func ("/lockout/account-from-anywhere", test_account_from_anywhere);
  g_test_add_func ("/lockout/address-of-many-names", test_address_of_many_names);
  g_test_add_func ("/lockout/success", test_success);
  g_test_add_func ("/lockout/bounded", test_bounded);
  return g_test_run ();
}
