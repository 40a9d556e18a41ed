/* SPDX-License-Identifier: Apache-2.0 */
/* annotationd: reads the configuration, makes the backends, runs the service. */
#include "annot-command-line.h"
#include "annot-log.h"
#include "annot-process.h"
#include "annot-service.h"
#include "backend/annot-exit-code.h"
#include "backend/annot-plugin-loader.h"
#include "backend/annot-settings.h"
#include "backend/annot-state-dir.h"

#include <errno.h>
#include <glib/gi18n.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <sysexits.h>

/* The three backends, configured and closed. */
typedef struct {
  GObject *store;
  GObject *state;
  GObject *broker;
} Backends;

static void
backends_clear (Backends *self)
{
  g_clear_object (&self->store);
  g_clear_object (&self->state);
  g_clear_object (&self->broker);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Backends, backends_clear)

static int
report (const GError *error)
{
  g_critical ("%s", error->message);
  return annot_exit_code (error);
}

static gboolean
make_backends (Backends *self, AnnotPluginLoader *loader, AnnotConfig *config, GError **error)
{
  self->store = annot_plugin_loader_make (loader, ANNOT_PLUGIN_STORE, config, error);
  self->state = self->store ? annot_plugin_loader_make (loader, ANNOT_PLUGIN_STATE, config, error) : NULL;
  self->broker = self->state ? annot_plugin_loader_make (loader, ANNOT_PLUGIN_BROKER, config, error) : NULL;
  return self->broker != NULL;
}

/* What was asked for is nothing when it did not arrive: a full disk is no success. */
static int
print (const char *text)
{
  if (fputs (text, stdout) >= 0 && fflush (stdout) == 0)
    return EXIT_SUCCESS;
  fprintf (stderr, _ ("annotationd: cannot write to standard output: %s\n"), g_strerror (errno));
  return EX_CANTCREAT;
}

static int
list_plugins (AnnotPluginLoader *loader)
{
  g_autofree char *table = annot_plugin_loader_print (loader);

  return print (table);
}

static int
serve (AnnotConfig *config, Backends *backends)
{
  const char *state_dir = annot_config_get_string (config, "service", "state-dir");
  g_autoptr (AnnotService) service = NULL;
  g_autoptr (GError) error = NULL;

  if (!annot_state_dir_make (config, &error))
    return report (error) == EX_NOPERM ? EX_NOPERM : EX_CANTCREAT;
  if (!annot_config_is_set (config, "service", "state-dir") && !g_str_equal (state_dir, ANNOT_STATE_DIR))
    g_message ("%s cannot be written; state is kept in %s ([service] state-dir)", ANNOT_STATE_DIR, state_dir);
  service = annot_service_new (config, ANNOT_STORE (backends->store), ANNOT_STATE (backends->state),
                               ANNOT_BROKER (backends->broker));
  return annot_service_run (service);
}

static int
run (const AnnotCommandLine *command_line, AnnotLog *log)
{
  g_autoptr (AnnotPluginLoader) loader = annot_plugin_loader_new (command_line->plugin_dir);
  g_autofree const AnnotOption **tables = NULL;
  g_autoptr (AnnotConfig) config = NULL;
  g_auto (Backends) backends = {0};
  g_auto (GStrv) environment = g_get_environ ();
  g_autoptr (GError) error = NULL;

  if (!annot_plugin_loader_scan (loader, &error))
    return report (error);
  for (guint i = 0; i < annot_plugin_loader_get_refused (loader)->len; i++)
    g_warning ("plugin refused: %s", (char *) annot_plugin_loader_get_refused (loader)->pdata[i]);
  if (command_line->mode == ANNOT_MODE_LIST_PLUGINS)
    return list_plugins (loader);

  tables = annot_plugin_loader_get_tables (loader);
  config = annot_settings_load (tables, command_line->config, command_line->conf_dir, environment,
                                command_line->overrides, &error);
  if (!config)
    return report (error);
  annot_log_set_level (log, annot_config_get_string (config, "service", "log-level"));
  if (command_line->mode == ANNOT_MODE_PRINT_CONFIG) {
    g_autofree char *text = annot_settings_print (config);

    return print (text);
  }
  if (command_line->mode == ANNOT_MODE_SERVE)
    annot_settings_name_instance (config);
  if (!make_backends (&backends, loader, config, &error) || !annot_settings_check_files (config, &error))
    return report (error);
  if (command_line->mode == ANNOT_MODE_SERVE)
    return serve (config, &backends);
  return print (_ ("The configuration is good.\n"));
}

int
main (int argc, char **argv)
{
  /* The destination of messages lives as long as the process. */
  static AnnotLog log;
  g_auto (AnnotCommandLine) command_line = {0};
  g_autoptr (GError) error = NULL;

  setlocale (LC_ALL, "");
  bindtextdomain (GETTEXT_PACKAGE, LOCALEDIR);
  bind_textdomain_codeset (GETTEXT_PACKAGE, "UTF-8");
  textdomain (GETTEXT_PACKAGE);
  if (!annot_command_line_parse (&command_line, argc, argv, &error)) {
    fprintf (stderr, _ ("annotationd: %s; see annotationd --help\n"), error->message);
    return EX_USAGE;
  }
  if (command_line.mode == ANNOT_MODE_VERSION)
    return print (PACKAGE_NAME " " VERSION "\n");
  annot_log_install (&log);
  annot_process_prepare ();
  return run (&command_line, &log);
}
