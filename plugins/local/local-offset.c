/* SPDX-License-Identifier: Apache-2.0 */
/* The durable offset of a group in a topic. */
#include "local-offset.h"

#include "local-file.h"

#define GROUP "offset"

void
local_offset_free (LocalOffset *self)
{
  g_free (self->fingerprint);
  g_ptr_array_unref (self->finished);
  g_free (self);
}

static void
read_finished (LocalOffset *self, GKeyFile *file)
{
  g_auto (GStrv) finished = g_key_file_get_string_list (file, GROUP, "finished", NULL, NULL);

  self->finished = g_ptr_array_new_with_free_func (g_free);
  for (guint i = 0; finished && finished[i]; i++)
    g_ptr_array_add (self->finished, g_strdup (finished[i]));
}

LocalOffset *
local_offset_load (const char *path, GError **error)
{
  g_autoptr (LocalOffset) self = g_new0 (LocalOffset, 1);
  g_autoptr (GKeyFile) file = g_key_file_new ();
  g_autoptr (GError) problem = NULL;
  gboolean loaded = g_key_file_load_from_file (file, path, G_KEY_FILE_NONE, &problem);

  read_finished (self, file);
  if (!loaded && g_error_matches (problem, G_FILE_ERROR, G_FILE_ERROR_NOENT))
    return NULL;
  if (loaded)
    self->offset = g_key_file_get_int64 (file, GROUP, "offset", &problem);
  if (!problem)
    self->position = g_key_file_get_int64 (file, GROUP, "position", &problem);
  if (!problem)
    self->device = g_key_file_get_uint64 (file, GROUP, "device", &problem);
  if (!problem)
    self->inode = g_key_file_get_uint64 (file, GROUP, "inode", &problem);
  if (!problem)
    self->fingerprint = g_key_file_get_string (file, GROUP, "fingerprint", &problem);
  if (!problem && (self->offset < 0 || self->position < 0))
    g_set_error (&problem, G_KEY_FILE_ERROR, G_KEY_FILE_ERROR_INVALID_VALUE, "negative");
  if (problem) {
    g_set_error (error, ANNOT_ERROR, ANNOT_ERROR_TEMPORARY, "local: %s is damaged: %s", path, problem->message);
    return NULL;
  }
  return g_steal_pointer (&self);
}

gboolean
local_offset_save (const LocalOffset *self, const char *path, GError **error)
{
  g_autoptr (GKeyFile) file = g_key_file_new ();
  g_autofree char *text = NULL;
  gsize length = 0;

  g_key_file_set_int64 (file, GROUP, "offset", self->offset);
  g_key_file_set_int64 (file, GROUP, "position", self->position);
  g_key_file_set_uint64 (file, GROUP, "device", self->device);
  g_key_file_set_uint64 (file, GROUP, "inode", self->inode);
  g_key_file_set_string (file, GROUP, "fingerprint", self->fingerprint);
  g_key_file_set_string_list (file, GROUP, "finished", (const char *const *) self->finished->pdata,
                              self->finished->len);
  text = g_key_file_to_data (file, &length, NULL);
  return local_replace_file (path, text, length, error);
}
