/* SPDX-License-Identifier: Apache-2.0 */
/* Preloaded into a daemon under test: its wall clock is off by the seconds that a file says, now and whenever it changes. */
#include <fcntl.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#define PUBLIC __attribute__ ((visibility ("default")))

static long
offset (void)
{
  const char *path = getenv ("ANNOT_TEST_CLOCK");
  char text[32] = "";
  int file = path ? open (path, O_RDONLY | O_CLOEXEC) : -1;

  if (file < 0)
    return 0;
  if (read (file, text, sizeof text - 1) < 0)
    text[0] = '\0';
  close (file);
  return strtol (text, NULL, 10);
}

PUBLIC int
clock_gettime (clockid_t clock, struct timespec *time)
{
  long result = syscall (SYS_clock_gettime, clock, time);

  if (result == 0 && clock == CLOCK_REALTIME)
    time->tv_sec += offset ();
  return (int) result;
}

PUBLIC int
gettimeofday (struct timeval *time, void *zone)
{
  struct timespec now;

  if (clock_gettime (CLOCK_REALTIME, &now) != 0)
    return -1;
  time->tv_sec = now.tv_sec;
  time->tv_usec = now.tv_nsec / 1000;
  return 0;
}

PUBLIC time_t
time (time_t *result)
{
  struct timespec now = {0, 0};

  if (clock_gettime (CLOCK_REALTIME, &now) != 0)
    return -1;
  if (result)
    *result = now.tv_sec;
  return now.tv_sec;
}
