/* SPDX-License-Identifier: Apache-2.0 */
/* Exit codes tell a supervisor whether a new start can help. */
#include "backend/annot-exit-code.h"

#include <gio/gio.h>

static int
code_of (GQuark domain, int code)
{
  g_autoptr (GError) error = g_error_new_literal (domain, code, "x");

  return annot_exit_code (error);
}

static void
test_codes (void)
{
  g_assert_cmpint (code_of (ANNOT_ERROR, ANNOT_ERROR_CONFIG), ==, 78);
  g_assert_cmpint (code_of (ANNOT_ERROR, ANNOT_ERROR_AUTH), ==, 77);
  g_assert_cmpint (code_of (ANNOT_ERROR, ANNOT_ERROR_TEMPORARY), ==, 69);
  g_assert_cmpint (code_of (ANNOT_ERROR, ANNOT_ERROR_NOT_CONNECTED), ==, 69);
  g_assert_cmpint (code_of (ANNOT_ERROR, ANNOT_ERROR_TIMEOUT), ==, 69);
  g_assert_cmpint (code_of (ANNOT_ERROR, ANNOT_ERROR_NO_SPACE), ==, 73);
  g_assert_cmpint (code_of (ANNOT_ERROR, ANNOT_ERROR_PERMANENT), ==, 65);
  g_assert_cmpint (code_of (ANNOT_ERROR, ANNOT_ERROR_INVALID), ==, 65);
  g_assert_cmpint (code_of (G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE), ==, 64);
  g_assert_cmpint (code_of (G_FILE_ERROR, G_FILE_ERROR_ACCES), ==, 77);
  g_assert_cmpint (code_of (G_FILE_ERROR, G_FILE_ERROR_NOENT), ==, 78);
  g_assert_cmpint (code_of (G_IO_ERROR, G_IO_ERROR_PERMISSION_DENIED), ==, 77);
  g_assert_cmpint (code_of (G_IO_ERROR, G_IO_ERROR_CONNECTION_REFUSED), ==, 69);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/exit-code/codes", test_codes);
  return g_test_run ();
}
