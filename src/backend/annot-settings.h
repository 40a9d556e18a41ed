/* SPDX-License-Identifier: Apache-2.0 */
/* Loads and checks the configuration. */
#pragma once

#include <annotationd/annotationd.h>

G_BEGIN_DECLS

/* What signs sessions may not be shorter: it could be guessed. In bytes. */
#define ANNOT_SECRET_SHORTEST 16

/* The core's own option table (every group but the plugins'). */
ANNOT_API const AnnotOption *annot_core_options (void);

/**
 * annot_settings_load:
 * @tables: (array zero-terminated=1): option tables: the core's and every known plugin's
 * @file: (nullable): the keyfile; %NULL: `<sysconfdir>/annotationd/annotationd.conf`, if it is there
 * @directory: (nullable): of `*.conf` that come on top, in order of their names; %NULL: `conf.d` beside the keyfile
 * @environment: (array zero-terminated=1): as of g_get_environ()
 * @overrides: (array zero-terminated=1) (nullable): `group.key=value` of the command line
 *
 * Later sources win. `DATABASE_URL`, `REDIS_URL` and `KAFKA_BOOTSTRAP_SERVERS` also select the `postgres`, `redis` and
 * `kafka` plugins unless a plugin is named. Relative defaults are resolved here.
 *
 * Returns: (transfer full) (nullable): the config; %ANNOT_ERROR_CONFIG: one line with file, line, group, key and the remedy
 */
ANNOT_API AnnotConfig *annot_settings_load (const AnnotOption *const *tables, const char *file, const char *directory,
                                            char **environment, char **overrides, GError **error);
/**
 * annot_settings_check_files:
 *
 * Looks into the files that are read only when serving, the signing secret and the TLS certificate with its key, so that
 * what is wrong with them is known before.
 *
 * Returns: %FALSE with %ANNOT_ERROR_CONFIG when one cannot be used
 */
ANNOT_API gboolean annot_settings_check_files (AnnotConfig *config, GError **error);
/**
 * annot_settings_name_instance:
 * @config: a config that is to be served with, before a backend is made from it
 *
 * Gives this instance an id unless one is set, from the host name and random bytes, so that whoever asks for
 * `[service] instance-id` from now on has the same. Not for printing or checking, where nothing is named.
 */
ANNOT_API void annot_settings_name_instance (AnnotConfig *config);
/* Returns: (transfer full): the keyfile that would say the same, each key with its summary as a comment, secrets masked */
ANNOT_API char *annot_settings_print (AnnotConfig *config);
/* Returns: (transfer full): the options as man(7) sections, from the same tables */
ANNOT_API char *annot_settings_manual (const AnnotOption *const *tables);

G_END_DECLS
