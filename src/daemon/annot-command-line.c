/* SPDX-License-Identifier: Apache-2.0 */
/* The daemon's command line. */
#include "annot-command-line.h"

#include <glib/gi18n.h>

/* What GOption fills. */
typedef struct {
  gboolean check_config;
  gboolean print_config;
  gboolean list_plugins;
  gboolean version;
  char *log_level;
  char **set;
} Parsed;

static void
parsed_clear (Parsed *self)
{
  g_free (self->log_level);
  g_strfreev (self->set);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Parsed, parsed_clear)

void
annot_command_line_clear (AnnotCommandLine *self)
{
  g_free (self->config);
  g_free (self->conf_dir);
  g_free (self->plugin_dir);
  g_strfreev (self->overrides);
}

static gboolean
choose_mode (AnnotCommandLine *self, const Parsed *parsed, GError **error)
{
  int modes = parsed->check_config + parsed->print_config + parsed->list_plugins + parsed->version;

  if (modes > 1) {
    g_set_error_literal (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
                         _ ("only one of --check-config, --print-config, --list-plugins, --version can be given"));
    return FALSE;
  }
  if (parsed->check_config)
    self->mode = ANNOT_MODE_CHECK_CONFIG;
  else if (parsed->print_config)
    self->mode = ANNOT_MODE_PRINT_CONFIG;
  else if (parsed->list_plugins)
    self->mode = ANNOT_MODE_LIST_PLUGINS;
  else if (parsed->version)
    self->mode = ANNOT_MODE_VERSION;
  return TRUE;
}

static void
collect_overrides (AnnotCommandLine *self, const Parsed *parsed)
{
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();
  g_autofree char *level = NULL;

  if (parsed->set)
    g_strv_builder_addv (builder, (const char **) parsed->set);
  if (parsed->log_level) {
    level = g_strconcat ("service.log-level=", parsed->log_level, NULL);
    g_strv_builder_add (builder, level);
  }
  self->overrides = g_strv_builder_end (builder);
}

gboolean
annot_command_line_parse (AnnotCommandLine *self, int argc, char **argv, GError **error)
{
  g_auto (Parsed) parsed = {0};
  const GOptionEntry entries[] = {
      {"config", 'c', 0, G_OPTION_ARG_FILENAME, &self->config,
       N_ ("Read this keyfile instead of " ANNOT_SYSCONF_DIR "/annotationd.conf"), N_ ("FILE")},
      {"conf-dir", 0, 0, G_OPTION_ARG_FILENAME, &self->conf_dir,
       N_ ("Read the *.conf files of this folder after it (default: conf.d beside it)"), N_ ("DIR")},
      {"plugin-dir", 0, 0, G_OPTION_ARG_FILENAME, &self->plugin_dir,
       N_ ("Load plugins from this folder instead of " ANNOT_PLUGIN_DIR), N_ ("DIR")},
      {"set", 's', 0, G_OPTION_ARG_STRING_ARRAY, &parsed.set,
       N_ ("Set an option; wins over files and environment; repeatable"), N_ ("GROUP.KEY=VALUE")},
      {"log-level", 0, 0, G_OPTION_ARG_STRING, &parsed.log_level,
       N_ ("Log error, warning, notice (default), info or debug"), N_ ("LEVEL")},
      {"check-config", 0, 0, G_OPTION_ARG_NONE, &parsed.check_config, N_ ("Check the configuration and exit"), NULL},
      {"print-config", 0, 0, G_OPTION_ARG_NONE, &parsed.print_config,
       N_ ("Print every option with its value, secrets hidden, and exit"), NULL},
      {"list-plugins", 0, 0, G_OPTION_ARG_NONE, &parsed.list_plugins, N_ ("List the installed plugins and exit"), NULL},
      {"version", 0, 0, G_OPTION_ARG_NONE, &parsed.version, N_ ("Print the version and exit"), NULL},
      {NULL},
  };
  g_autoptr (GOptionContext) context = g_option_context_new (NULL);

  g_option_context_set_summary (context, _ ("Hands the examples that a model is unsure of to people, and their "
                                            "corrections back to its training."));
  g_option_context_add_main_entries (context, entries, GETTEXT_PACKAGE);
  if (!g_option_context_parse (context, &argc, &argv, error))
    return FALSE;
  if (argc > 1) {
    g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE, _ ("unexpected argument \"%s\""), argv[1]);
    return FALSE;
  }
  collect_overrides (self, &parsed);
  return choose_mode (self, &parsed, error);
}
