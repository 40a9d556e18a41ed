/* SPDX-License-Identifier: Apache-2.0 */
/* The daemon's command line. */
#pragma once

#include <annotationd/annotationd.h>

G_BEGIN_DECLS

typedef enum {
  ANNOT_MODE_SERVE,
  ANNOT_MODE_CHECK_CONFIG,
  ANNOT_MODE_PRINT_CONFIG,
  ANNOT_MODE_LIST_PLUGINS,
  ANNOT_MODE_VERSION,
} AnnotMode;

/**
 * AnnotCommandLine:
 * @mode: what to do
 * @config: (nullable): `--config`
 * @conf_dir: (nullable): `--conf-dir`
 * @plugin_dir: (nullable): `--plugin-dir`
 * @overrides: (array zero-terminated=1): `--set` and `--log-level`, as group.key=value
 */
typedef struct {
  AnnotMode mode;
  char *config;
  char *conf_dir;
  char *plugin_dir;
  char **overrides;
} AnnotCommandLine;

void annot_command_line_clear (AnnotCommandLine *self);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (AnnotCommandLine, annot_command_line_clear)

/* Prints the help and ends the process for --help. G_OPTION_ERROR: one line for stderr. */
gboolean annot_command_line_parse (AnnotCommandLine *self, int argc, char **argv, GError **error);

G_END_DECLS
