/* SPDX-License-Identifier: Apache-2.0 */
/* The folder in which the embedded backends keep what they must not lose. */
#include "annot-state-dir.h"

#include <errno.h>
#include <glib/gstdio.h>
#include <grp.h>
#include <sys/stat.h>
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

gboolean
annot_state_dir_become_owner (AnnotConfig *config, GError **error)
{
  const char *path = annot_config_get_string (config, "service", "state-dir");
  struct stat status;

  if (geteuid () != 0 || stat (path, &status) != 0 || status.st_uid == 0)
    return TRUE;
  if (setgroups (1, &status.st_gid) == 0 && setegid (status.st_gid) == 0 && seteuid (status.st_uid) == 0)
    return TRUE;
  g_set_error (error, G_FILE_ERROR, g_file_error_from_errno (errno), "%s: cannot go on as its owner: %s", path,
               g_strerror (errno));
  return FALSE;
}

gboolean
annot_state_dir_become_root (GError **error)
{
  if (getuid () != 0 || geteuid () == 0)
    return TRUE;
  if (seteuid (0) == 0 && setegid (0) == 0)
    return TRUE;
  g_set_error (error, G_FILE_ERROR, g_file_error_from_errno (errno), "cannot go on as root: %s", g_strerror (errno));
  return FALSE;
}
