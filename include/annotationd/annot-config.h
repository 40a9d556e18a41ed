/* SPDX-License-Identifier: Apache-2.0 */
/* The checked configuration: what the keyfile, conf.d, the environment and the command line say together. */
#pragma once

#if !defined(ANNOTATIOND_INSIDE) && !defined(ANNOTATIOND_COMPILATION)
#error "Include <annotationd/annotationd.h>"
#endif

#include <glib-object.h>

#include <annotationd/annot-option.h>

G_BEGIN_DECLS

#define ANNOT_TYPE_CONFIG (annot_config_get_type ())
ANNOT_API G_DECLARE_FINAL_TYPE (AnnotConfig, annot_config, ANNOT, CONFIG, GObject)

/* Reading. Every getter takes a group and key of a table the config was made with; asking for an unknown one, or by
 * the wrong type, is a programming error. Values were checked when the config was loaded, so none of them fails. */

/* Returns: (transfer none) (nullable): the text; NULL when unset and without default. Also for paths and choices. */
ANNOT_API const char *annot_config_get_string (AnnotConfig *self, const char *group, const char *key);
ANNOT_API gboolean annot_config_get_boolean (AnnotConfig *self, const char *group, const char *key);
/* Integer, size (bytes) or seconds. */
ANNOT_API gint64 annot_config_get_integer (AnnotConfig *self, const char *group, const char *key);
/* Returns: (transfer none) (array zero-terminated=1): never NULL */
ANNOT_API const char *const *annot_config_get_list (AnnotConfig *self, const char *group, const char *key);
ANNOT_API AnnotRate annot_config_get_rate (AnnotConfig *self, const char *group, const char *key);
/* Returns: (transfer container) (element-type utf8 utf8): the pass-through keys, without the prefix, and their values */
ANNOT_API GHashTable *annot_config_get_prefixed (AnnotConfig *self, const char *group, const char *key);
/* Whether somebody set it (keyfile, environment, command line), rather than the default. */
ANNOT_API gboolean annot_config_is_set (AnnotConfig *self, const char *group, const char *key);

/**
 * annot_config_get_state_path:
 * @name: a relative file name
 *
 * Returns: (transfer full): @name inside `[service] state-dir`
 */
ANNOT_API char *annot_config_get_state_path (AnnotConfig *self, const char *name);

/**
 * annot_config_get_secret:
 * @group: group
 * @key: the secret itself (flag %ANNOT_OPTION_SECRET), set by environment or keyfile
 * @file_key: (nullable): the key that names a file with it (`password-file`)
 *
 * The secret: the file's first line when @file_key is set (a name without a slash is looked for in
 * `$CREDENTIALS_DIRECTORY`), else the value of @key.
 *
 * Returns: (transfer full) (nullable): the secret, %NULL when neither is set (@error unset) or on error
 */
ANNOT_API char *annot_config_get_secret (AnnotConfig *self, const char *group, const char *key, const char *file_key,
                                         GError **error);

/**
 * annot_config_error:
 * @format: printf-style: what must hold, and the remedy
 *
 * Returns: (transfer full): an %ANNOT_ERROR_CONFIG error that begins with where the value came from
 *  ("annotationd.conf: [sqlite] path: …")
 */
ANNOT_API GError *annot_config_error (AnnotConfig *self, const char *group, const char *key, const char *format, ...)
    G_GNUC_PRINTF (4, 5);

G_END_DECLS
