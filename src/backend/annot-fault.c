/* SPDX-License-Identifier: Apache-2.0 */
/* Fault points: what ANNOTATIOND_FAIL asks for, done at a named place. */
#include <annotationd/annotationd.h>

#include <signal.h>
#include <string.h>
#include <unistd.h>

typedef struct {
  char *name;
  double probability;
} FaultPoint;

static GArray *
read_environment (void)
{
  const char *text = g_getenv ("ANNOTATIOND_FAIL");
  GArray *points = g_array_new (FALSE, FALSE, sizeof (FaultPoint));
  g_auto (GStrv) parts = g_strsplit (text ? text : "", ",", -1);

  for (char **part = parts; *part; part++) {
    const char *colon = strchr (*part, ':');
    FaultPoint point;

    if (!colon)
      continue;
    point.name = g_strndup (*part, (gsize) (colon - *part));
    point.probability = g_ascii_strtod (colon + 1, NULL);
    g_array_append_val (points, point);
  }
  return points;
}

void
annot_fault_point (const char *name)
{
  static GArray *points;

  if (g_once_init_enter (&points))
    g_once_init_leave (&points, read_environment ());
  for (guint i = 0; i < points->len; i++) {
    FaultPoint *point = &g_array_index (points, FaultPoint, i);

    if (g_str_equal (point->name, name) && g_random_double () < point->probability)
      kill (getpid (), SIGKILL);
  }
}
