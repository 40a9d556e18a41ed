/* SPDX-License-Identifier: Apache-2.0 */
/* Finds the name that somebody probably meant. */
#include "annot-settings-private.h"

#include <string.h>

/* The names of all plugins that are packaged; but for the embedded ones each package is "annotationd-" and the name. */
static const char *const packaged[] = {"sqlite", "postgres", "memory", "redis", "local", "kafka", NULL};

/* Optimal string alignment distance: insertions, deletions, replacements, swaps of neighbours. */
static gsize
distance (const char *a, const char *b)
{
  gsize rows = strlen (a);
  gsize columns = strlen (b);
  g_autofree gsize *table = g_new (gsize, (rows + 1) * (columns + 1));

#define AT(i, j) table[(i) * (columns + 1) + (j)]
  for (gsize i = 0; i <= rows; i++) {
    for (gsize j = 0; j <= columns; j++) {
      if (i == 0 || j == 0) {
        AT (i, j) = MAX (i, j);
        continue;
      }
      AT (i, j) = AT (i - 1, j - 1) + (a[i - 1] == b[j - 1] ? 0 : 1);
      AT (i, j) = MIN (AT (i, j), MIN (AT (i - 1, j), AT (i, j - 1)) + 1);
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
        AT (i, j) = MIN (AT (i, j), AT (i - 2, j - 2) + 1);
    }
  }
  return AT (rows, columns);
#undef AT
}

const char *
annot_suggest (const char *word, GPtrArray *candidates)
{
  const char *best = NULL;
  gsize length = strlen (word);
  gsize least = MAX (1, length / 3) + 1;

  if (length > 128)
    return NULL;
  for (guint i = 0; i < candidates->len; i++) {
    const char *candidate = candidates->pdata[i];
    gsize away = distance (word, candidate);

    if (away < least) {
      best = candidate;
      least = away;
    }
  }
  return best;
}

/* These come with the daemon itself. */
static const char *const embedded[] = {"sqlite", "memory", "local", NULL};

char *
annot_missing_plugin (const char *name)
{
  if (!g_strv_contains (packaged, name))
    return NULL;
  if (g_strv_contains (embedded, name))
    return g_strdup_printf ("the %s plugin is not installed; install the package annotationd again", name);
  return g_strdup_printf ("the %s plugin is not installed; install the package annotationd-%s", name, name);
}
