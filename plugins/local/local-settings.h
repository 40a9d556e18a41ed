/* SPDX-License-Identifier: Apache-2.0 */
/* What the keyfile says of the broker, and the names that it gives to files. */
#pragma once

#include <annotationd/annotationd.h>

G_BEGIN_DECLS

/**
 * LocalSettings:
 * @directory: where the topics are
 * @group: consumer group; offsets and locks are kept for each
 * @client: names this instance to an operator
 * @limit: longest message, bytes
 */
typedef struct {
  char *directory;
  char *group;
  char *client;
  gsize limit;
} LocalSettings;

extern const AnnotOption local_options[];

/* Returns: (transfer full) (nullable): ANNOT_ERROR_CONFIG when the directory or group cannot be used */
LocalSettings *local_settings_new (AnnotConfig *config, GError **error);
void local_settings_free (LocalSettings *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (LocalSettings, local_settings_free)

/* Letters, digits, `.`, `_` and `-`, at most 150 of them, no dot first: such a name is a file name everywhere, cannot
 * leave the directory, and cannot be taken for one of the files that begin with a dot. ANNOT_ERROR_PERMANENT. */
gboolean local_check_name (const char *what, const char *name, GError **error);
/* Returns: (transfer full): `<topic>.jsonl` in the directory */
char *local_settings_topic_path (const LocalSettings *self, const char *topic);
/* Returns: (transfer full): `.<topic>@<group>.<suffix>` in the directory: `@` is in no name, so no two can meet */
char *local_settings_group_path (const LocalSettings *self, const char *topic, const char *suffix);
/* Returns: (transfer full): `.<topic>.ids` in the directory */
char *local_settings_ids_path (const LocalSettings *self, const char *topic);

G_END_DECLS
