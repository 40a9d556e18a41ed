/* SPDX-License-Identifier: Apache-2.0 */
/* What PostgreSQL's SQLSTATE codes and libpq's messages mean to the core. */
#include "postgres-error.h"

#include <string.h>

/* The server repeats what a statement was given in some messages. */
#define MESSAGE_CHARACTERS 300

static gboolean
is_class (const char *state, const char *wanted)
{
  return g_str_has_prefix (state, wanted);
}

/*
 * Only what is the fault of the row itself is permanent: the core sends such a message to the dead-letter topic. A
 * right that is lacking or a table that is gone is an operator's to mend, and intake waits for it.
 */
static AnnotError
code_when_running (const char *state)
{
  if (is_class (state, "22") || is_class (state, "23") || is_class (state, "54"))
    return ANNOT_ERROR_PERMANENT;
  if (g_str_equal (state, "57014"))
    return ANNOT_ERROR_TIMEOUT;
  if (g_str_equal (state, "53100") || is_class (state, "58"))
    return ANNOT_ERROR_NO_SPACE;
  if (is_class (state, "08") || is_class (state, "57P") || is_class (state, "25") || is_class (state, "42"))
    return ANNOT_ERROR_NOT_CONNECTED;
  return ANNOT_ERROR_TEMPORARY;
}

static AnnotError
code_when_opening (const char *state)
{
  if (is_class (state, "28") || g_str_equal (state, "42501"))
    return ANNOT_ERROR_AUTH;
  if (is_class (state, "3D") || is_class (state, "42") || is_class (state, "22") || is_class (state, "0A"))
    return ANNOT_ERROR_CONFIG;
  if (is_class (state, "53") && !g_str_equal (state, "53100"))
    return ANNOT_ERROR_NOT_CONNECTED;
  return code_when_running (state);
}

AnnotError
postgres_error_code (const char *state, PostgresPhase phase)
{
  if (!*state)
    return ANNOT_ERROR_NOT_CONNECTED;
  return phase == POSTGRES_RUNNING ? code_when_running (state) : code_when_opening (state);
}

gboolean
postgres_error_is_stale_statement (const char *state)
{
  return g_str_equal (state, "26000") || g_str_equal (state, "42P05") || g_str_equal (state, "0A000");
}

gboolean
postgres_error_is_repeatable (const char *state)
{
  return g_str_equal (state, "40001") || g_str_equal (state, "40P01") || postgres_error_is_stale_statement (state);
}

/* What an operator can do about it. */
static const char *
remedy (const char *state, PostgresPhase phase)
{
  if (g_str_equal (state, "42501"))
    return phase == POSTGRES_RUNNING
               ? "; GRANT USAGE ON SCHEMA annotationd, EXECUTE ON ALL FUNCTIONS and SELECT, INSERT, UPDATE, DELETE ON "
                 "ALL TABLES IN SCHEMA annotationd to the role, or use the role that migrated it"
               : "; GRANT CREATE ON DATABASE to the role, or migrate as the owner with annotationctl db migrate and "
                 "GRANT USAGE ON SCHEMA annotationd, and SELECT, INSERT, UPDATE, DELETE ON ALL TABLES in it, to the "
                 "role";
  if (is_class (state, "28"))
    return "; check the user of [postgres] conninfo, the password there or in password-file, and the server's "
           "pg_hba.conf";
  if (is_class (state, "3D"))
    return "; make the database with CREATE DATABASE, or set [postgres] conninfo to another one";
  if (g_str_equal (state, "53300"))
    return "; raise max_connections of the server or lower [postgres] pool-max";
  if (g_str_equal (state, "53100"))
    return "; check the free space of the server's disk";
  if (g_str_equal (state, "57014"))
    return "; it took longer than [postgres] statement-timeout or search-timeout allows";
  if (postgres_error_is_stale_statement (state))
    return "; set [postgres] prepared-statements to false behind a pooler that works by transactions (PgBouncer)";
  if (g_str_equal (state, "55P03") && phase == POSTGRES_OPENING)
    return "; another instance migrates the schema annotationd, or a session holds a lock on it";
  if (g_str_equal (state, "55P03"))
    return "; another session held a lock for longer than [postgres] lock-timeout allows";
  if (g_str_equal (state, "25006"))
    return "; the server is a standby now, the primary is looked for";
  if (g_str_equal (state, "42P01") || g_str_equal (state, "42883") || g_str_equal (state, "3F000"))
    return "; the schema annotationd is not what it was, restart annotationd to migrate it";
  return "";
}

void
postgres_error_get_state (const PGresult *result, PostgresState state)
{
  const char *field = PQresultErrorField (result, PG_DIAG_SQLSTATE);

  g_strlcpy (state, field ? field : "", sizeof (PostgresState));
}

static void
set (GError **error, const PostgresSettings *settings, AnnotError code, const char *state, const char *message,
     const char *what_to_do)
{
  g_autofree char *valid = g_utf8_make_valid (message, -1);
  g_autofree char *brief = g_utf8_strlen (valid, -1) > MESSAGE_CHARACTERS
                               ? g_utf8_substring (valid, 0, MESSAGE_CHARACTERS)
                               : g_strdup (valid);

  g_set_error (error, ANNOT_ERROR, (int) code, "%s: %s%s%s%s%s", settings->label, brief, *state ? " (" : "", state,
               *state ? ")" : "", what_to_do);
}

void
postgres_error_set (GError **error, const PostgresSettings *settings, const PGresult *result, PostgresPhase phase)
{
  const char *message = PQresultErrorField (result, PG_DIAG_MESSAGE_PRIMARY);
  g_autofree char *flat = NULL;
  PostgresState state;

  postgres_error_get_state (result, state);
  if (!message) {
    PostgresState none = "";

    flat = postgres_error_flatten (PQresultErrorMessage (result), none);
  }
  set (error, settings, postgres_error_code (state, phase), state, message ? message : flat, remedy (state, phase));
}

/* What libpq alone says of TLS: there is no SQLSTATE for it, so it goes by the words. */
static const char *
tls_remedy (const char *message)
{
  static const struct {
    const char *words;
    const char *remedy;
  } problems[] = {
    { "does not support SSL", "; set ssl = on in the server's postgresql.conf, or another sslmode in [postgres] conninfo" },
    { "does not match host name", "; write the name that the certificate is for in [postgres] conninfo" },
    { "verify failed", "; set sslrootcert in [postgres] conninfo to the authority that signed the server's certificate, "
                       "and see that neither has expired" },
    { "unknown ca", "; set sslcert in [postgres] conninfo to a certificate of an authority that the server trusts" },
    { "certificate", "; check sslrootcert, sslcert and sslkey of [postgres] conninfo" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (problems); i++) {
    if (strstr (message, problems[i].words))
      return problems[i].remedy;
  }
  return NULL;
}

/* A line "FATAL:  28P01: text", as libpq writes it when told to be verbose: takes the code out. */
static void
take_state (GString *line, PostgresState state)
{
  char *colon = strstr (line->str, ":  ");
  const char *code = colon ? colon + strlen (":  ") : NULL;

  if (!code || strspn (code, "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ") != 5 || code[5] != ':')
    return;
  g_strlcpy (state, code, sizeof (PostgresState));
  g_string_erase (line, code - line->str - 1, 5 + (gssize) strlen (":  "));
}

char *
postgres_error_flatten (const char *message, PostgresState state)
{
  g_auto (GStrv) lines = g_strsplit (message ? message : "", "\n", -1);
  GString *flat = g_string_new (NULL);

  for (char **line = lines; *line; line++) {
    g_autoptr (GString) text = g_string_new (g_strstrip (*line));

    if (text->len == 0 || g_str_has_prefix (text->str, "LOCATION:"))
      continue;
    take_state (text, state);
    g_string_append_printf (flat, "%s%s", flat->len ? "; " : "", text->str);
  }
  if (flat->len == 0)
    g_string_append (flat, "no answer");
  return g_string_free (flat, FALSE);
}

AnnotError
postgres_error_set_connection (GError **error, const PostgresSettings *settings, const PGconn *connection,
                               PostgresPhase phase)
{
  PostgresState state = "";
  g_autofree char *flat = postgres_error_flatten (PQerrorMessage (connection), state);
  AnnotError code = postgres_error_code (state, phase);
  const char *tls = *state || phase == POSTGRES_RUNNING ? NULL : tls_remedy (flat);
  const char *what_to_do = remedy (state, phase);

  if (PQconnectionNeedsPassword (connection)) {
    code = ANNOT_ERROR_AUTH;
    what_to_do = "; set [postgres] password-file, or write the password in conninfo";
  } else if (tls) {
    code = ANNOT_ERROR_CONFIG;
    what_to_do = tls;
  }
  set (error, settings, code, state, flat, what_to_do);
  return code;
}
