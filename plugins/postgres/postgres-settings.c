/* SPDX-License-Identifier: Apache-2.0 */
/* The options of the group [postgres]. */
#include "postgres-settings.h"

#include <glib/gi18n-lib.h>

#include "postgres-address.h"

#define NUMBER(key_, type_, fallback_, min_, max_, summary_)                                                           \
  {                                                                                                                    \
    .group = "postgres", .key = (key_), .type = ANNOT_OPTION_##type_, .fallback = (fallback_), .min = (min_),          \
    .max = (max_), .summary = (summary_)                                                                               \
  }
#define FLAG(key_, fallback_, summary_)                                                                                \
  {                                                                                                                    \
    .group = "postgres", .key = (key_), .type = ANNOT_OPTION_BOOLEAN, .fallback = (fallback_), .summary = (summary_)   \
  }

/* clang-format off */
const AnnotOption postgres_options[] = {
  { .group = "postgres", .key = "conninfo", .type = ANNOT_OPTION_STRING, .flags = ANNOT_OPTION_ADDRESS,
    .variable = "DATABASE_URL",
    .summary = N_ ("URL (postgresql://USER@HOST:PORT/DATABASE?KEY=VALUE) or libpq's KEY=VALUE string, which may name "
                   "several hosts, TLS and more; unset: as libpq's own variables (PGHOST and so on) say") },
  { .group = "postgres", .key = "password", .type = ANNOT_OPTION_STRING, .flags = ANNOT_OPTION_SECRET,
    .summary = N_ ("the role's password; unset: that of the string, or of libpq's password file") },
  { .group = "postgres", .key = "password-file", .type = ANNOT_OPTION_STRING,
    .summary = N_ ("file whose first line is that password; a name without a slash is a systemd credential") },
  NUMBER ("pool-max", INTEGER, "12", 3, 200,
          N_ ("most connections of this instance: one watches, a quarter serves searches, the others all else")),
  NUMBER ("pool-wait", SECONDS, "5s", 1, 60,
          N_ ("how long a request may wait for a connection before it is refused as temporarily unavailable")),
  NUMBER ("connect-timeout", SECONDS, "5s", 1, 300, N_ ("how long each host may take to accept a connection")),
  NUMBER ("statement-timeout", SECONDS, "15s", 1, 3600, N_ ("how long the server may work on a statement")),
  NUMBER ("lock-timeout", SECONDS, "5s", 1, 3600, N_ ("how long a statement may wait for another's lock")),
  NUMBER ("search-timeout", SECONDS, "20s", 1, 3600,
          N_ ("how long the server may work on a search, on a page of an export or on the erasure of a person")),
  FLAG ("prepared-statements", "true",
        N_ ("whether statements are prepared and sessions keep settings; false behind PgBouncer in transaction mode")),
  FLAG ("migrate", "true",
        N_ ("whether the daemon brings the database to its schema when it starts; false: annotationctl db migrate "
            "does, under another role perhaps")),
  { .group = NULL },
};
/* clang-format on */

static guint
get_milliseconds (AnnotConfig *config, const char *key)
{
  return (guint) annot_config_get_integer (config, "postgres", key) * 1000;
}

static void
settings_clear (PostgresSettings *self)
{
  g_free (self->conninfo);
  g_free (self->password);
  g_free (self->label);
  g_free (self->role);
  g_clear_pointer (&self->hosts, g_ptr_array_unref);
}

PostgresSettings *
postgres_settings_new (AnnotConfig *config, GError **error)
{
  g_autoptr (PostgresSettings) self = g_atomic_rc_box_new0 (PostgresSettings);
  const char *conninfo = annot_config_get_string (config, "postgres", "conninfo");
  g_autoptr (GError) failure = NULL;

  self->conninfo = postgres_address_normalise (conninfo ? conninfo : "");
  if (!postgres_address_parse (self)) {
    g_propagate_error (error, annot_config_error (config, "postgres", "conninfo",
                                                  "libpq does not understand it; write "
                                                  "postgresql://USER@HOST:PORT/DATABASE?KEY=VALUE or host=HOST "
                                                  "port=PORT dbname=DATABASE user=USER, where other characters than "
                                                  "letters and digits are percent-encoded (%%40 for @) or quoted"));
    return NULL;
  }
  self->password = annot_config_get_secret (config, "postgres", "password", "password-file", &failure);
  if (failure) {
    g_propagate_error (error, g_steal_pointer (&failure));
    return NULL;
  }
  self->pool_max = (guint) annot_config_get_integer (config, "postgres", "pool-max");
  self->pool_wait = annot_config_get_integer (config, "postgres", "pool-wait") * G_USEC_PER_SEC;
  self->connect_milliseconds = get_milliseconds (config, "connect-timeout");
  self->statement_milliseconds = get_milliseconds (config, "statement-timeout");
  self->lock_milliseconds = get_milliseconds (config, "lock-timeout");
  self->search_milliseconds = get_milliseconds (config, "search-timeout");
  self->named = annot_config_get_boolean (config, "postgres", "prepared-statements");
  self->migrate = annot_config_get_boolean (config, "postgres", "migrate");
  return g_steal_pointer (&self);
}

PostgresSettings *
postgres_settings_ref (PostgresSettings *self)
{
  return g_atomic_rc_box_acquire (self);
}

void
postgres_settings_unref (PostgresSettings *self)
{
  g_atomic_rc_box_release_full (self, (GDestroyNotify) settings_clear);
}
