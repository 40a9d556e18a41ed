/* SPDX-License-Identifier: Apache-2.0 */
/* Passwords and tokens: what was hashed verifies, nothing else does. */
#include "model/annot-password.h"

#include <string.h>

static void
test_round_trip (void)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *hash = annot_password_hash ("correct horse", &error);
  g_autofree char *again = annot_password_hash ("correct horse", &error);

  g_assert_no_error (error);
  g_assert_true (g_str_has_prefix (hash, "$y$"));
  g_assert_cmpstr (hash, !=, again);
  g_assert_true (annot_password_verify ("correct horse", hash));
  g_assert_false (annot_password_verify ("correct horsf", hash));
  g_assert_false (annot_password_verify ("", hash));
}

static void
test_unusable_hash (void)
{
  static const char *const hashes[] = { NULL, "", "!", "*0", "$y$", "plain", "$y$j9T$F5Jx5fExrKuPp53xLKQ..1" };

  for (gsize i = 0; i < G_N_ELEMENTS (hashes); i++) {
    g_assert_false (annot_password_verify ("correct horse", hashes[i]));
    g_assert_false (annot_password_verify ("", hashes[i]));
  }
}

/* A missing account must not answer much sooner than a wrong password. */
static void
test_time_of_missing (void)
{
  g_autofree char *hash = annot_password_hash ("correct horse", NULL);
  gint64 start = g_get_monotonic_time (), wrong, missing;

  g_assert_false (annot_password_verify ("wrong horse", hash));
  wrong = g_get_monotonic_time () - start;
  start = g_get_monotonic_time ();
  g_assert_false (annot_password_verify ("wrong horse", NULL));
  missing = g_get_monotonic_time () - start;
  g_test_message ("wrong %" G_GINT64_FORMAT " us, missing %" G_GINT64_FORMAT " us", wrong, missing);
  g_assert_cmpint (missing * 10, >, wrong);
}

static void
test_limits (void)
{
  g_autofree char *longest = g_strnfill (511, 'x'), *too_long = g_strnfill (512, 'x');
  g_autofree char *hash = annot_password_hash (longest, NULL);

  g_assert_true (annot_password_verify (longest, hash));
  g_assert_false (annot_password_verify (too_long, hash));
  for (gsize i = 0; i < 3; i++) {
    const char *const refused[] = { too_long, "1234567", "\xff\xff\xff\xff\xff\xff\xff\xff" };
    g_autoptr (GError) error = NULL;

    g_assert_null (annot_password_hash (refused[i], &error));
    g_assert_error (error, ANNOT_ERROR, ANNOT_ERROR_INVALID);
  }
}

static void
test_tokens (void)
{
  g_autofree char *a = annot_token_make (), *b = annot_token_make (), *digest = annot_token_digest ("abc");

  g_assert_true (g_str_has_prefix (a, "annot_"));
  g_assert_cmpuint (strlen (a), ==, 6 + 43);
  g_assert_cmpuint (strspn (a, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"), ==, strlen (a));
  g_assert_cmpstr (a, !=, b);
  g_assert_cmpstr (digest, ==, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  g_assert_true (annot_secret_equal (a, a));
  g_assert_false (annot_secret_equal (a, b));
  g_assert_false (annot_secret_equal (a, ""));
}

static void
test_account_name (void)
{
  static const char *const good[] = { "a", "jane.doe@example.org", "A_b-9" };
  static const char *const bad[] = { "", "a b", "\xc3\xa4", "a/b", "a:b" };
  g_autofree char *longest = g_strnfill (64, 'x'), *too_long = g_strnfill (65, 'x');

  for (gsize i = 0; i < G_N_ELEMENTS (good); i++)
    g_assert_true (annot_account_name_check (good[i], NULL));
  for (gsize i = 0; i < G_N_ELEMENTS (bad); i++)
    g_assert_false (annot_account_name_check (bad[i], NULL));
  g_assert_true (annot_account_name_check (longest, NULL));
  g_assert_false (annot_account_name_check (too_long, NULL));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/password/round-trip", test_round_trip);
  g_test_add_func ("/password/unusable-hash", test_unusable_hash);
  g_test_add_func ("/password/time-of-missing", test_time_of_missing);
  g_test_add_func ("/password/limits", test_limits);
  g_test_add_func ("/password/tokens", test_tokens);
  g_test_add_func ("/password/account-name", test_account_name);
  return g_test_run ();
}
