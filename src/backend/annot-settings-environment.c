/* SPDX-License-Identifier: Apache-2.0 */
/* The environment as a source of the configuration: older variables, and ANNOTATIOND_<GROUP>_<KEY>. */
#include "annot-settings-private.h"

#include <string.h>

#define PREFIX "ANNOTATIOND_"

/* A variable that selects a plugin. */
static const struct {
  const char *variable;
  const char *group;
  const char *plugin;
} selectors[] = {
    {"DATABASE_URL", "store", "postgres"},
    {"REDIS_URL", "state", "redis"},
    {"KAFKA_BOOTSTRAP_SERVERS", "broker", "kafka"},
};

/* Not options: for tests, and what Kubernetes sets for a service of the name "annotationd". */
static gboolean
is_reserved (const char *name)
{
  static const char *const names[] = {"FAIL", "BIN", "PORT", "SERVICE_HOST", "SERVICE_PORT", NULL};
  const char *rest = name + strlen (PREFIX);

  return g_strv_contains (names, rest) || g_str_has_prefix (rest, "PORT_") || g_str_has_prefix (rest, "SERVICE_PORT_");
}

/* An empty variable is as good as none: `${NAME:-}` of a compose file gives one. */
static const char *
get_variable (char **environment, const char *name)
{
  const char *text = g_environ_getenv (environment, name);

  return text && *text ? text : NULL;
}

static char *
variable_of (const AnnotOption *option)
{
  g_autofree char *joined = g_strconcat (PREFIX, option->group, "_", option->key, NULL);
  char *name = g_ascii_strup (joined, -1);

  return g_strdelimit (name, "-.", '_');
}

/* What the line of a keyfile could hold, too. */
static gboolean
is_one_line (const char *text)
{
  for (const char *at = text; *at; at++) {
    if (g_ascii_iscntrl (*at) && *at != '\t')
      return FALSE;
  }
  return g_utf8_validate (text, -1, NULL);
}

static gboolean
apply_variable (AnnotConfig *config, const AnnotOption *option, const char *key, const char *name, const char *text,
                GError **error)
{
  g_autofree char *origin = g_strconcat ("environment variable ", name, NULL);

  if (!is_one_line (text)) {
    g_set_error (error, ANNOT_ERROR, ANNOT_ERROR_CONFIG, "%s: [%s] %s: the value is not one line of UTF-8 text", origin,
                 option->group, key);
    return FALSE;
  }
  return annot_settings_apply (config, option->group, key, text, ',', origin, NULL, error);
}

static gboolean
apply_older (AnnotConfig *config, char **environment, GError **error)
{
  GPtrArray *values = annot_config_get_values (config);

  for (guint i = 0; i < values->len; i++) {
    const AnnotOption *option = ((AnnotValue *) values->pdata[i])->option;
    const char *text = option->variable ? get_variable (environment, option->variable) : NULL;

    if (text && !apply_variable (config, option, option->key, option->variable, text, error))
      return FALSE;
  }
  return TRUE;
}

/* HOST and PORT each replace their half of the one address that is listened on so far. */
static gboolean
apply_host_and_port (AnnotConfig *config, char **environment, GError **error)
{
  AnnotValue *listen = annot_config_find (config, "http", "listen");
  const char *host = get_variable (environment, "HOST");
  const char *port = get_variable (environment, "PORT");
  const char *name = host ? "HOST" : "PORT";
  const char *colon;
  g_autofree char *old_host = NULL;
  g_autofree char *address = NULL;
  guint64 number;

  if (!listen || (!host && !port))
    return TRUE;
  if (port && !g_ascii_string_to_unsigned (port, 10, 0, 65535, &number, NULL)) {
    g_set_error (error, ANNOT_ERROR, ANNOT_ERROR_CONFIG,
                 "environment variable PORT: \"%s\" is not a port number from 0 to 65535", port);
    return FALSE;
  }
  colon = listen->list[0] && !g_str_has_prefix (listen->list[0], "unix:") ? strrchr (listen->list[0], ':') : NULL;
  old_host = colon ? g_strndup (listen->list[0], (gsize) (colon - listen->list[0])) : g_strdup ("127.0.0.1");
  if (!host)
    host = old_host;
  if (!port)
    port = colon ? colon + 1 : "8000";
  if (strchr (host, ':') && host[0] != '[')
    address = g_strdup_printf ("[%s]:%s", host, port);
  else
    address = g_strdup_printf ("%s:%s", host, port);
  return apply_variable (config, listen->option, "listen", name, address, error);
}

/* ANNOTATIOND_KAFKA_RDKAFKA_FETCH_WAIT_MAX_MS is [kafka] rdkafka.fetch.wait.max.ms: pass-through names have dots. */
static gboolean
apply_passed_through (AnnotConfig *config, const char *name, const char *text, gboolean *taken, GError **error)
{
  GPtrArray *values = annot_config_get_values (config);

  for (guint i = 0; i < values->len && !*taken; i++) {
    const AnnotOption *option = ((AnnotValue *) values->pdata[i])->option;
    g_autofree char *prefix = NULL;
    g_autofree char *rest = NULL;
    g_autofree char *key = NULL;

    if (option->type != ANNOT_OPTION_PREFIX)
      continue;
    prefix = variable_of (option);
    prefix[strlen (prefix) - 1] = '\0';
    if (!g_str_has_prefix (name, prefix) || name[strlen (prefix)] == '\0')
      continue;
    *taken = TRUE;
    rest = g_strdelimit (g_ascii_strdown (name + strlen (prefix), -1), "_", '.');
    key = g_strdup_printf ("%.*s%s", (int) strlen (option->key) - 1, option->key, rest);
    if (!apply_variable (config, option, key, name, text, error))
      return FALSE;
  }
  return TRUE;
}

static gboolean
refuse_variable (const char *name, GHashTable *known, GError **error)
{
  g_autoptr (GPtrArray) names = g_ptr_array_new ();
  GHashTableIter iter;
  gpointer candidate;
  const char *meant;

  g_hash_table_iter_init (&iter, known);
  while (g_hash_table_iter_next (&iter, &candidate, NULL))
    g_ptr_array_add (names, candidate);
  meant = annot_suggest (name, names);
  if (meant)
    g_set_error (error, ANNOT_ERROR, ANNOT_ERROR_CONFIG, "environment variable %s: no such option; did you mean %s?",
                 name, meant);
  else
    g_set_error (error, ANNOT_ERROR, ANNOT_ERROR_CONFIG,
                 "environment variable %s: no such option; unset it, or see annotationd.conf(5)", name);
  return FALSE;
}

static gboolean
apply_own (AnnotConfig *config, const char *name, const char *text, GHashTable *known, GError **error)
{
  const AnnotOption *option = g_hash_table_lookup (known, name);
  gboolean taken = FALSE;

  if (option)
    return *text == '\0' || apply_variable (config, option, option->key, name, text, error);
  if (!apply_passed_through (config, name, text, &taken, error))
    return FALSE;
  return taken || refuse_variable (name, known, error);
}

gboolean
annot_settings_apply_environment (AnnotConfig *config, char **environment, GError **error)
{
  g_autoptr (GHashTable) known = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  GPtrArray *values = annot_config_get_values (config);

  if (!apply_older (config, environment, error) || !apply_host_and_port (config, environment, error))
    return FALSE;
  for (guint i = 0; i < values->len; i++) {
    const AnnotOption *option = ((AnnotValue *) values->pdata[i])->option;

    if (option->type != ANNOT_OPTION_PREFIX)
      g_hash_table_insert (known, variable_of (option), (gpointer) option);
  }
  for (char **variable = environment; variable && *variable; variable++) {
    const char *equals = strchr (*variable, '=');
    g_autofree char *name = equals ? g_strndup (*variable, (gsize) (equals - *variable)) : NULL;

    if (!name || !g_str_has_prefix (name, PREFIX) || is_reserved (name))
      continue;
    if (!apply_own (config, name, equals + 1, known, error))
      return FALSE;
  }
  return TRUE;
}

gboolean
annot_settings_select_plugins (AnnotConfig *config, char **environment, GError **error)
{
  for (gsize i = 0; i < G_N_ELEMENTS (selectors); i++) {
    AnnotValue *value = annot_config_find (config, selectors[i].group, "plugin");
    g_autofree char *origin = g_strconcat ("environment variable ", selectors[i].variable, NULL);
    g_autofree char *missing = NULL;

    if (!value || value->origin || !get_variable (environment, selectors[i].variable))
      continue;
    if (!annot_config_has_group (config, selectors[i].plugin)) {
      missing = annot_missing_plugin (selectors[i].plugin);
      g_set_error (error, ANNOT_ERROR, ANNOT_ERROR_CONFIG, "%s: %s, or unset the variable", origin, missing);
      return FALSE;
    }
    if (!annot_config_set (config, value, "plugin", selectors[i].plugin, ';', origin, error))
      return FALSE;
  }
  return TRUE;
}
