/* SPDX-License-Identifier: Apache-2.0 */
/* The folder in which the embedded backends keep what they must not lose. */
#include "annot-state-dir.h"

#include <errno.h>
#include <glib/gstdio.h>
#include <unistd.h>

gboolean
annot_state_dir_make (AnnotConfig *config, GError **error)
{
  const char *path = annot_config_get_string (config, "service", "state-dir");

  if (g_mkdir_with_parents (path, 0700) == 0 && g_access (path, W_OK | X_OK) == 0)
    return TRUE;
  g_set_error (error, G_FILE_ERROR, g_file_error_from_errno (errno),
               "[service] state-dir: cannot make or write %s: %s; set it to a folder that this user may write", path,
               g_strerror (errno));
  return FALSE;
}
