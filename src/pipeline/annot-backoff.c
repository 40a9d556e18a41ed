/* SPDX-License-Identifier: Apache-2.0 */
/* How long to wait before the next try. */
#include "annot-backoff.h"

gint64
annot_backoff_delay (guint attempt, gint64 base, gint64 cap, double jitter)
{
  gint64 delay = MIN (base, cap);

  for (guint i = 1; i < attempt && delay < cap; i++)
    delay = delay > cap / 2 ? cap : delay * 2;
  return MAX (0, delay + (gint64) ((double) delay * jitter * g_random_double_range (-1.0, 1.0)));
}
