/* SPDX-License-Identifier: Apache-2.0 */
/* What the commands of annotationctl share: options, the store or the URL, output. */
#pragma once

#include <annotationd/annotationd.h>
#include <glib/gi18n.h>

#include "backend/annot-plugin-loader.h"
#include "backend/annot-settings.h"

G_BEGIN_DECLS

/* A wrong command line is a G_OPTION_ERROR: shown with a hint to --help, exit code 64. */

/**
 * AnnotCtl:
 * @config_file, @config_dir, @plugin_dir, @settings: as of annotationd's command line
 * @url: (nullable): work over HTTP instead of on the store
 * @token: (nullable): for @url
 * @json: print JSON for scripts
 * @terminal: standard output is a terminal
 */
typedef struct {
  char *config_file;
  char *config_dir;
  char *plugin_dir;
  char **settings;
  char *url;
  char *token_file;
  char *token;
  gboolean json;
  gboolean terminal;

  AnnotPluginLoader *loader;
  AnnotConfig *config;
  AnnotStore *store;
} AnnotCtl;

/* Runs one command; argv[0] is its name. Returns: FALSE with error set when it failed. */
typedef gboolean (*AnnotCtlRun) (AnnotCtl *ctl, int argc, char **argv, GError **error);

typedef struct {
  const char *group;   /* "user" */
  const char *name;    /* "add"; NULL for a command of one word */
  const char *summary; /* N_() */
  AnnotCtlRun run;
} AnnotCtlCommand;

/* The tables, one a file, each ending with an empty entry. */
extern const AnnotCtlCommand annot_ctl_status_commands[];
extern const AnnotCtlCommand annot_ctl_user_commands[];
extern const AnnotCtlCommand annot_ctl_token_commands[];
extern const AnnotCtlCommand annot_ctl_import_commands[];
extern const AnnotCtlCommand annot_ctl_export_commands[];
extern const AnnotCtlCommand annot_ctl_queue_commands[];
extern const AnnotCtlCommand annot_ctl_retry_commands[];
extern const AnnotCtlCommand annot_ctl_config_commands[];
extern const AnnotCtlCommand annot_ctl_db_commands[];

/* Parses a command's own options; parameters says what else it takes ("NAME"), and min … max how many. On `--help` it
 * prints and ends the program. FALSE: G_OPTION_ERROR. */
gboolean annot_ctl_parse (const AnnotCtlCommand *command, int *argc, char ***argv, const GOptionEntry *entries,
                          const char *parameters, int min, int max, GError **error);
/* Returns: (transfer none): the command of that name, for annot_ctl_parse() */
const AnnotCtlCommand *annot_ctl_find (const AnnotCtlCommand *table, const char *name);

/* Scans the plugins, once, and loads a configuration of keyfile, environment and command line; more: further settings
 * (array zero-terminated=1) (nullable) on top. Returns: (transfer full) (nullable) */
AnnotConfig *annot_ctl_make_config (AnnotCtl *ctl, const char *file, char **more, GError **error);
/* For a command that looks at this machine alone. Returns: whether there is no --url */
gboolean annot_ctl_refuse_url (AnnotCtl *ctl, const char *command, GError **error);
/* Loads the configuration that the command line names, once. */
gboolean annot_ctl_load_config (AnnotCtl *ctl, GError **error);
/* Opens the store that the configuration names, once; with url set that is a programming error. */
AnnotStore *annot_ctl_open_store (AnnotCtl *ctl, GError **error);
void annot_ctl_clear (AnnotCtl *ctl);

/* Waits for an asynchronous call: pass annot_ctl_done and the address of a NULL GAsyncResult pointer as callback and
 * data. Returns: (transfer none): the result, owned by *result */
void annot_ctl_done (GObject *source, GAsyncResult *result, gpointer user_data);
GAsyncResult *annot_ctl_wait (GAsyncResult **result);

G_END_DECLS
