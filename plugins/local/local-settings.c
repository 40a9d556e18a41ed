/* SPDX-License-Identifier: Apache-2.0 */
/* What the keyfile says of the broker, and the names that it gives to files. */
#include <glib/gi18n-lib.h>

#include "local-settings.h"

#include <string.h>

#define LONGEST_NAME 150

const AnnotOption local_options[] = {
  { .group = "local",
    .key = "directory",
    .type = ANNOT_OPTION_PATH,
    .summary = N_ ("directory of the topics, one JSON-Lines file each; unset: `topics` in the state directory") },
  { .group = "local",
    .key = "group-id",
    .type = ANNOT_OPTION_STRING,
    .fallback = "annotation-frontend-group",
    .summary = N_ ("name under which offsets are kept; of the instances of one group one at a time reads a topic") },
  { .group = NULL },
};

gboolean
local_check_name (const char *what, const char *name, GError **error)
{
  gsize length = strlen (name);

  if (length > 0 && length <= LONGEST_NAME && name[0] != '.'
      && strspn (name, G_CSET_A_2_Z G_CSET_a_2_z G_CSET_DIGITS "._-") == length)
    return TRUE;
  g_set_error (error, ANNOT_ERROR, ANNOT_ERROR_PERMANENT,
               "local: a %s is 1 to %d letters, digits, dots, dashes or underscores and begins with no dot", what,
               LONGEST_NAME);
  return FALSE;
}

/* A topic whose name can be no file's would be found out by the first message only. */
static gboolean
check_topics (AnnotConfig *config, GError **error)
{
  static const char *const keys[]
      = { "hard-examples-topic", "labeled-examples-topic", "events-topic", "dead-letter-topic" };

  for (gsize i = 0; i < G_N_ELEMENTS (keys); i++) {
    g_autoptr (GError) refused = NULL;

    if (local_check_name ("topic", annot_config_get_string (config, "broker", keys[i]), &refused))
      continue;
    g_propagate_error (error, annot_config_error (config, "broker", keys[i], "%s", refused->message));
    return FALSE;
  }
  return TRUE;
}

LocalSettings *
local_settings_new (AnnotConfig *config, GError **error)
{
  g_autoptr (LocalSettings) self = g_new0 (LocalSettings, 1);
  g_autoptr (GError) refused = NULL;
  const char *instance = annot_config_get_string (config, "service", "instance-id");

  self->directory = g_strdup (annot_config_get_string (config, "local", "directory"));
  if (!self->directory)
    self->directory = annot_config_get_state_path (config, "topics");
  self->group = g_strdup (annot_config_get_string (config, "local", "group-id"));
  self->limit = (gsize) annot_config_get_integer (config, "limits", "message-bytes");
  self->client = g_strjoin ("-", annot_config_get_string (config, "service", "name"), "consumer",
                            instance ? instance : g_get_host_name (), NULL);
  if (!local_check_name ("group", self->group, &refused)) {
    g_propagate_error (error, annot_config_error (config, "local", "group-id", "%s", refused->message));
    return NULL;
  }
  if (!check_topics (config, error))
    return NULL;
  return g_steal_pointer (&self);
}

void
local_settings_free (LocalSettings *self)
{
  g_free (self->directory);
  g_free (self->group);
  g_free (self->client);
  g_free (self);
}

static char *
path_of (const LocalSettings *self, const char *prefix, const char *topic, const char *suffix)
{
  return g_strconcat (self->directory, G_DIR_SEPARATOR_S, prefix, topic, suffix, NULL);
}

char *
local_settings_topic_path (const LocalSettings *self, const char *topic)
{
  return path_of (self, "", topic, ".jsonl");
}

char *
local_settings_group_path (const LocalSettings *self, const char *topic, const char *suffix)
{
  g_autofree char *tail = g_strconcat ("@", self->group, ".", suffix, NULL);

  return path_of (self, ".", topic, tail);
}

char *
local_settings_ids_path (const LocalSettings *self, const char *topic)
{
  return path_of (self, ".", topic, ".ids");
}
