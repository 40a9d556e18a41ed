/* SPDX-License-Identifier: Apache-2.0 */
/* Connection strings: what is accepted, which servers they name, and how they are called. */
#include "postgres-address.h"

#include <libpq-fe.h>
#include <string.h>

/* "postgresql+asyncpg://…", as SQLAlchemy writes it. Returns: (transfer none) (nullable): from "://" on */
static const char *
skip_scheme (const char *text)
{
  const char *rest;

  if (g_str_has_prefix (text, "postgresql"))
    rest = text + strlen ("postgresql");
  else if (g_str_has_prefix (text, "postgres"))
    rest = text + strlen ("postgres");
  else
    return NULL;
  if (*rest == '+')
    rest += 1 + strspn (rest + 1, "abcdefghijklmnopqrstuvwxyz0123456789_");
  return g_str_has_prefix (rest, "://") ? rest : NULL;
}

char *
postgres_address_normalise (const char *text)
{
  const char *rest = skip_scheme (text);
  const char *query = rest ? strchr (rest, '?') : NULL;
  GString *plain;

  if (!rest)
    return g_strdup (text);
  plain = g_string_new ("postgresql");
  g_string_append_len (plain, rest, query ? query - rest : (gssize) strlen (rest));
  if (query) {
    g_auto (GStrv) parts = g_strsplit (query + 1, "&", -1);

    for (char **part = parts; *part; part++)
      g_string_append_printf (plain, "%c%s%s", part == parts ? '?' : '&',
                              g_str_has_prefix (*part, "ssl=") ? "sslmode=" : "",
                              g_str_has_prefix (*part, "ssl=") ? *part + strlen ("ssl=") : *part);
  }
  return g_string_free (plain, FALSE);
}

static const char *
find (const PQconninfoOption *options, const char *keyword)
{
  for (; options->keyword; options++)
    if (g_str_equal (options->keyword, keyword))
      return options->val && *options->val ? options->val : NULL;
  return NULL;
}

static char *
pick (char **list, guint i)
{
  guint length = list ? g_strv_length (list) : 0;

  if (length == 0)
    return NULL;
  /* One port is that of all hosts. */
  return g_strdup (list[length == 1 ? 0 : MIN (i, length - 1)]);
}

static char **
split (const char *value)
{
  return value ? g_strsplit (value, ",", -1) : NULL;
}

PostgresHost *
postgres_host_new (const char *name, const char *address, const char *port)
{
  PostgresHost *host = g_new (PostgresHost, 1);

  host->host = g_strdup (name);
  host->hostaddr = g_strdup (address);
  host->port = g_strdup (port);
  return host;
}

void
postgres_host_free (PostgresHost *host)
{
  g_free (host->host);
  g_free (host->hostaddr);
  g_free (host->port);
  g_free (host);
}

static GPtrArray *
list_hosts (const PQconninfoOption *options)
{
  g_auto (GStrv) names = split (find (options, "host"));
  g_auto (GStrv) addresses = split (find (options, "hostaddr"));
  g_auto (GStrv) ports = split (find (options, "port"));
  guint n = MAX (1, MAX (names ? g_strv_length (names) : 0, addresses ? g_strv_length (addresses) : 0));
  GPtrArray *hosts = g_ptr_array_new_with_free_func ((GDestroyNotify) postgres_host_free);

  for (guint i = 0; i < n; i++) {
    g_autofree char *name = pick (names, i);
    g_autofree char *address = pick (addresses, i);
    g_autofree char *port = pick (ports, i);

    g_ptr_array_add (hosts, postgres_host_new (name, address, port));
  }
  return hosts;
}

/* "annotations on db1:5432, db2:5433" */
static char *
make_label (const PQconninfoOption *options, const GPtrArray *hosts)
{
  const char *database = find (options, "dbname");
  GString *label = g_string_new (database ? database : "the database");

  for (guint i = 0; i < hosts->len; i++) {
    const PostgresHost *host = hosts->pdata[i];
    const char *name = host->host ? host->host : host->hostaddr;

    if (!name)
      continue;
    g_string_append_printf (label, "%s%s", i ? ", " : " on ", name);
    if (host->port)
      g_string_append_printf (label, ":%s", host->port);
  }
  return g_string_free (label, FALSE);
}

/* libpq itself looks at these when it connects, too late for the start to tell a slip from a server that is away. */
static gboolean
has_sane_values (const PQconninfoOption *options, const GPtrArray *hosts)
{
  static const char *const modes[] = { "disable", "allow", "prefer", "require", "verify-ca", "verify-full", NULL };
  const char *mode = find (options, "sslmode");

  for (guint i = 0; i < hosts->len; i++) {
    const PostgresHost *host = hosts->pdata[i];

    /* The rest of a password, cut at the first @. */
    if (host->host && *host->host != '@' && strchr (host->host, '@'))
      return FALSE;
    if (host->port && *host->port && !g_ascii_string_to_unsigned (host->port, 10, 1, 65535, NULL, NULL))
      return FALSE;
  }
  return !mode || g_strv_contains (modes, mode);
}

/* A password whose / and @ are not encoded: libpq takes its rest for the database, and says so. */
static gboolean
has_lost_password (const char *conninfo)
{
  const char *path = skip_scheme (conninfo);

  if (!path)
    return FALSE;
  path += strlen ("://");
  path += strcspn (path, "/?");
  return memchr (path, '@', strcspn (path, "?")) != NULL;
}

gboolean
postgres_address_parse (PostgresSettings *settings)
{
  char *message = NULL;
  PQconninfoOption *options = PQconninfoParse (settings->conninfo, &message);
  gboolean is_sane;

  /* Its message may repeat a part of the string, a password among it. */
  PQfreemem (message);
  if (!options || has_lost_password (settings->conninfo)) {
    PQconninfoFree (options);
    return FALSE;
  }
  settings->hosts = list_hosts (options);
  settings->label = make_label (options, settings->hosts);
  settings->role = g_strdup (find (options, "user"));
  is_sane = has_sane_values (options, settings->hosts);
  PQconninfoFree (options);
  return is_sane;
}
