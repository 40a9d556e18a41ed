/* SPDX-License-Identifier: Apache-2.0 */
/* What the process sets up of itself, and what it tells the service manager. */
#include "annot-process.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>
#ifdef HAVE_SYSTEMD
#include <systemd/sd-daemon.h>
#endif

/* A closed standard descriptor would be the next file or socket that is opened, and log lines would go into that. For
 * reading, so that a write fails as it does on a closed one. */
static void
fill_standard_descriptors (void)
{
  int fd = open ("/dev/null", O_RDONLY);

  while (fd >= 0 && fd <= STDERR_FILENO)
    fd = open ("/dev/null", O_RDONLY);
  if (fd >= 0)
    close (fd);
}

void
annot_process_prepare (void)
{
  struct sigaction ignore = {.sa_handler = SIG_IGN};
  struct rlimit limit;

  fill_standard_descriptors ();
  umask (077);
  sigaction (SIGPIPE, &ignore, NULL);
  /* A file that may not grow is an error of the write, as a full disk is. */
  sigaction (SIGXFSZ, &ignore, NULL);
  if (getrlimit (RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur == limit.rlim_max)
    return;
  limit.rlim_cur = limit.rlim_max;
  if (setrlimit (RLIMIT_NOFILE, &limit) != 0)
    g_warning ("cannot raise the limit of open files: %s", g_strerror (errno));
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
