/* SPDX-License-Identifier: Apache-2.0 */
/* What SQLSTATE codes mean to the core, and libpq's messages on one line. */
#include "postgres-error.h"

static void
test_running (void)
{
  const struct {
    const char *state;
    AnnotError code;
  } cases[] = {
    { "", ANNOT_ERROR_NOT_CONNECTED },      { "22021", ANNOT_ERROR_PERMANENT },
    { "23514", ANNOT_ERROR_PERMANENT },     { "54000", ANNOT_ERROR_PERMANENT },
    { "40001", ANNOT_ERROR_TEMPORARY },     { "40P01", ANNOT_ERROR_TEMPORARY },
    { "55P03", ANNOT_ERROR_TEMPORARY },     { "57014", ANNOT_ERROR_TIMEOUT },
    { "53100", ANNOT_ERROR_NO_SPACE },      { "58030", ANNOT_ERROR_NO_SPACE },
    { "53200", ANNOT_ERROR_TEMPORARY },     { "53300", ANNOT_ERROR_TEMPORARY },
    { "57P01", ANNOT_ERROR_NOT_CONNECTED }, { "08006", ANNOT_ERROR_NOT_CONNECTED },
    { "25006", ANNOT_ERROR_NOT_CONNECTED }, { "42501", ANNOT_ERROR_NOT_CONNECTED },
    { "42P01", ANNOT_ERROR_NOT_CONNECTED }, { "XX000", ANNOT_ERROR_TEMPORARY },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    g_assert_cmpint (postgres_error_code (cases[i].state, POSTGRES_RUNNING), ==, cases[i].code);
}

static void
test_starting (void)
{
  const struct {
    const char *state;
    AnnotError code;
  } cases[] = {
    { "", ANNOT_ERROR_NOT_CONNECTED },      { "28P01", ANNOT_ERROR_AUTH },          { "28000", ANNOT_ERROR_AUTH },
    { "42501", ANNOT_ERROR_AUTH },          { "3D000", ANNOT_ERROR_CONFIG },        { "42P01", ANNOT_ERROR_CONFIG },
    { "53300", ANNOT_ERROR_NOT_CONNECTED }, { "57P03", ANNOT_ERROR_NOT_CONNECTED }, { "53100", ANNOT_ERROR_NO_SPACE },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_assert_cmpint (postgres_error_code (cases[i].state, POSTGRES_CONNECTING), ==, cases[i].code);
    g_assert_cmpint (postgres_error_code (cases[i].state, POSTGRES_OPENING), ==, cases[i].code);
  }
}

static void
test_flatten (void)
{
  PostgresState state = "";
  PostgresState none = "";
  g_autofree char *verbose = postgres_error_flatten (
      "connection to server at \"h\", port 1 failed: FATAL:  28P01: password authentication failed for user \"u\"\n"
      "LOCATION:  auth_failed, auth.c:335\n",
      state);
  g_autofree char *lines = postgres_error_flatten ("refused\n\tIs the server running?\n", none);
  g_autofree char *empty = postgres_error_flatten ("", none);

  g_assert_cmpstr (state, ==, "28P01");
  g_assert_cmpstr (
      verbose, ==,
      "connection to server at \"h\", port 1 failed: FATAL: password authentication failed for user \"u\"");
  g_assert_cmpstr (lines, ==, "refused; Is the server running?");
  g_assert_cmpstr (none, ==, "");
  g_assert_cmpstr (empty, ==, "no answer");
}

static void
test_repeatable (void)
{
  g_assert_true (postgres_error_is_repeatable ("40001"));
  g_assert_true (postgres_error_is_repeatable ("40P01"));
  g_assert_true (postgres_error_is_repeatable ("26000"));
  g_assert_false (postgres_error_is_repeatable ("57014"));
  g_assert_false (postgres_error_is_repeatable ("08006"));
  g_assert_false (postgres_error_is_repeatable (""));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/postgres-error/running", test_running);
  g_test_add_func ("/postgres-error/starting", test_starting);
  g_test_add_func ("/postgres-error/flatten", test_flatten);
  g_test_add_func ("/postgres-error/repeatable", test_repeatable);
  return g_test_run ();
}
