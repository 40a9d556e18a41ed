/* SPDX-License-Identifier: Apache-2.0 */
/* Statements and migrations from .sql files built into a program. */
#include <annotationd/annotationd.h>

static void
test_statements (void)
{
  g_autoptr (AnnotStatements) statements = annot_statements_load ("/annotationd/test/sql/");

  g_assert_cmpstr (annot_statements_get (statements, "columns"), ==, "a, b\n");
  g_assert_cmpstr (annot_statements_get (statements, "read"), ==, "SELECT a, b\n FROM t\nWHERE a = 1;\n");
  g_assert_cmpstr (annot_statements_get (statements, "of-another-file"), ==, "DELETE FROM t WHERE b IN (a, b\n);\n");
}

static void
test_unknown (void)
{
  if (g_test_subprocess ()) {
    g_autoptr (AnnotStatements) statements = annot_statements_load ("/annotationd/test/sql/");

    annot_statements_get (statements, "nowhere");
    return;
  }
  g_test_trap_subprocess (NULL, 0, G_TEST_SUBPROCESS_DEFAULT);
  g_test_trap_assert_failed ();
  g_test_trap_assert_stderr ("*no statement is named nowhere*");
}

static void
test_migrations (void)
{
  g_autoptr (GPtrArray) all = annot_migrations_list ("/annotationd/test/sql/migrations/");
  const AnnotMigration *second;

  g_assert_cmpuint (all->len, ==, 2);
  second = all->pdata[1];
  g_assert_cmpuint (second->number, ==, 2);
  g_assert_cmpstr (second->name, ==, "0002-second.sql");
  g_assert_cmpstr (g_bytes_get_data (second->script, NULL), ==,
                   "-- SPDX-License-Identifier: Apache-2.0\n-- The second.\nCREATE TABLE two (a);\n");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/statements/by-name", test_statements);
  g_test_add_func ("/statements/unknown", test_unknown);
  g_test_add_func ("/statements/migrations", test_migrations);
  return g_test_run ();
}
