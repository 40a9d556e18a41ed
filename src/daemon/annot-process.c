/* SPDX-License-Identifier: Apache-2.0 */
/* What the process sets up of itself, and what it tells the service manager. */
#include "annot-process.h"

#include <errno.h>
#include <glib/gstdio.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>
#ifdef HAVE_SYSTEMD
#include <systemd/sd-daemon.h>
#endif

void
annot_process_prepare (void)
{
  struct sigaction ignore = {.sa_handler = SIG_IGN};
  struct rlimit limit;

  umask (077);
  sigaction (SIGPIPE, &ignore, NULL);
  if (getrlimit (RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur == limit.rlim_max)
    return;
  limit.rlim_cur = limit.rlim_max;
  if (setrlimit (RLIMIT_NOFILE, &limit) != 0)
    g_warning ("cannot raise the limit of open files: %s", g_strerror (errno));
}

gboolean
annot_process_make_state_dir (AnnotConfig *config, GError **error)
{
  const char *path = annot_config_get_string (config, "service", "state-dir");
  gboolean chosen = annot_config_is_set (config, "service", "state-dir");

  if (g_mkdir_with_parents (path, 0700) == 0 && g_access (path, W_OK | X_OK) == 0) {
    if (!chosen && !g_str_equal (path, ANNOT_STATE_DIR))
      g_message ("%s cannot be written; state is kept in %s ([service] state-dir)", ANNOT_STATE_DIR, path);
    return TRUE;
  }
  g_set_error (error, G_FILE_ERROR, g_file_error_from_errno (errno),
               "[service] state-dir: cannot make or write %s: %s; set it to a folder that this user may write", path,
               g_strerror (errno));
  return FALSE;
}

#ifdef HAVE_SYSTEMD
void
annot_process_notify (const char *state)
{
  sd_notify (0, state);
}

static gboolean
tell_watchdog (gpointer user_data)
{
  sd_notify (0, "WATCHDOG=1");
  return G_SOURCE_CONTINUE;
}

guint
annot_process_start_watchdog (void)
{
  guint64 interval = 0;

  if (sd_watchdog_enabled (0, &interval) <= 0)
    return 0;
  tell_watchdog (NULL);
  return g_timeout_add ((guint) MAX (interval / 2000, 1), tell_watchdog, NULL);
}
#else
void
annot_process_notify (const char *state)
{
}

guint
annot_process_start_watchdog (void)
{
  return 0;
}
#endif
