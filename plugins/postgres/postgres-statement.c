/* SPDX-License-Identifier: Apache-2.0 */
/* The SQL of this plugin by name, from the .sql files built into it. */
#include "postgres-statement.h"

#include <annotationd/annotationd.h>

const char *
postgres_statement_text (const char *name)
{
  static AnnotStatements *statements; /* made once, never changed */

  if (g_once_init_enter (&statements)) {
    /* cppcheck-suppress leakNoVarFunctionCall */
    g_once_init_leave (&statements, annot_statements_load ("/annotationd/postgres/sql/"));
  }
  return annot_statements_get (statements, name);
}
