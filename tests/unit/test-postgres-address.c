/* SPDX-License-Identifier: Apache-2.0 */
/* Connection strings of the postgres plugin: what is accepted, which hosts they name, how the database is called. */
#include "postgres-address.h"

#include <string.h>

static void
test_normalise (void)
{
  const struct {
    const char *given;
    const char *expected;
  } cases[] = {
    { "", "" },
    { "host=db dbname=x", "host=db dbname=x" },
    { "postgresql://db/x", "postgresql://db/x" },
    { "postgres://u:p@db/x", "postgresql://u:p@db/x" },
    { "postgresql+asyncpg://u:p@db/x", "postgresql://u:p@db/x" },
    { "postgresql+psycopg2://db/x?ssl=require", "postgresql://db/x?sslmode=require" },
    { "postgres+x://db/x?a=1&ssl=verify-full&b=2", "postgresql://db/x?a=1&sslmode=verify-full&b=2" },
    { "postgresql://db/x?sslrootcert=/ssl=1", "postgresql://db/x?sslrootcert=/ssl=1" },
    { "postgresqlx://db", "postgresqlx://db" },
    { "mysql://db/x", "mysql://db/x" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autofree char *plain = postgres_address_normalise (cases[i].given);

    g_assert_cmpstr (plain, ==, cases[i].expected);
  }
}

static PostgresSettings *
parse (const char *conninfo)
{
  PostgresSettings *settings = g_atomic_rc_box_new0 (PostgresSettings);

  settings->conninfo = g_strdup (conninfo);
  g_assert_true (postgres_address_parse (settings));
  return settings;
}

static void
assert_host (const PostgresSettings *settings, guint i, const char *host, const char *hostaddr, const char *port)
{
  const PostgresHost *found = settings->hosts->pdata[i];

  g_assert_cmpstr (found->host, ==, host);
  g_assert_cmpstr (found->hostaddr, ==, hostaddr);
  g_assert_cmpstr (found->port, ==, port);
}

static void
test_hosts (void)
{
  g_autoptr (PostgresSettings) none = parse ("");
  g_autoptr (PostgresSettings) socket = parse ("host=/run/postgresql dbname=x");
  g_autoptr (PostgresSettings) two = parse ("postgresql://ann:s3cret@a:1,b:2/x");
  g_autoptr (PostgresSettings) one_port = parse ("host=a,b,c port=7 user=u password=s3cret");
  g_autoptr (PostgresSettings) addresses = parse ("host=a,b hostaddr=1.1.1.1,2.2.2.2 port=3,4");
  g_autoptr (PostgresSettings) defaults = parse ("host=a,b port=3, sslmode=verify-full");

  g_assert_cmpuint (none->hosts->len, ==, 1);
  assert_host (none, 0, NULL, NULL, NULL);
  assert_host (socket, 0, "/run/postgresql", NULL, NULL);
  g_assert_cmpuint (two->hosts->len, ==, 2);
  assert_host (two, 0, "a", NULL, "1");
  assert_host (two, 1, "b", NULL, "2");
  g_assert_cmpstr (two->role, ==, "ann");
  g_assert_cmpuint (one_port->hosts->len, ==, 3);
  assert_host (one_port, 2, "c", NULL, "7");
  assert_host (addresses, 1, "b", "2.2.2.2", "4");
  assert_host (defaults, 1, "b", NULL, "");
}

static void
test_label (void)
{
  g_autoptr (PostgresSettings) none = parse ("");
  g_autoptr (PostgresSettings) two = parse ("postgresql://ann:s3cret@a:1,b:2/x?sslpassword=s3cret");

  g_assert_cmpstr (none->label, ==, "the database");
  g_assert_cmpstr (two->label, ==, "x on a:1, b:2");
}

static void
test_refused (void)
{
  const char *const wrong[] = { "host",
                                "host=x nonsense=y",
                                "postgresql://[",
                                "host='x",
                                "postgresql://u@db:5432x/y",
                                "host=a,b port=1,70000",
                                "host=a port=0",
                                "postgresql://db/x?sslmode=verify-all",
                                /* A password in it that is not encoded. */
                                "postgresql://u:a@b/2@db/x",
                                "postgresql://u:12/34@db/x" };

  for (guint i = 0; i < G_N_ELEMENTS (wrong); i++) {
    g_autoptr (PostgresSettings) settings = g_atomic_rc_box_new0 (PostgresSettings);

    settings->conninfo = g_strdup (wrong[i]);
    g_assert_false (postgres_address_parse (settings));
  }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/postgres-address/normalise", test_normalise);
  g_test_add_func ("/postgres-address/hosts", test_hosts);
  g_test_add_func ("/postgres-address/label", test_label);
  g_test_add_func ("/postgres-address/refused", test_refused);
  return g_test_run ();
}
