/* SPDX-License-Identifier: Apache-2.0 */
/* What the sources of the configuration (files, environment, command line) share. */
#pragma once

#include "annot-config-private.h"
#include "annot-settings.h"

G_BEGIN_DECLS

/* Returns: (transfer none) (nullable) (element-type utf8): the candidate that word is probably a slip of */
const char *annot_suggest (const char *word, GPtrArray *candidates);
/* Returns: (transfer full) (nullable): why a group that no table has is not there, when it is a plugin's that is not
 * installed */
char *annot_missing_plugin (const char *name);
/* Sets group, key from text; an error begins with origin. is_secret (optional): whether a secret was set. */
gboolean annot_settings_apply (AnnotConfig *config, const char *group, const char *key, const char *text, char separator,
                               const char *origin, gboolean *is_secret, GError **error);
/* The older variables and ANNOTATIOND_<GROUP>_<KEY>. */
gboolean annot_settings_apply_environment (AnnotConfig *config, char **environment, GError **error);
/* DATABASE_URL and the like select their plugin unless one is named. */
gboolean annot_settings_select_plugins (AnnotConfig *config, char **environment, GError **error);
/* What one key alone cannot say: addresses, origins, keys that go together. */
gboolean annot_settings_check (AnnotConfig *config, GError **error);

G_END_DECLS
