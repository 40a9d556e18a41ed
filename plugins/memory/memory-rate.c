/* SPDX-License-Identifier: Apache-2.0 */
/* Rate limits by the generic cell rate algorithm. */
#include "memory-rate.h"

/* A new key pays for two old ones: the table shrinks while it is in use, and no call takes long. */
#define SWEEP 2

static gint64
cost_of (AnnotRate rate, guint count)
{
  return (gint64) (((double) rate.period / rate.count) * count);
}

static void
make_room (MemoryTimetable *buckets, guint bound, gint64 now)
{
  const char *first = NULL;

  memory_timetable_expire (buckets, now, SWEEP);
  while (memory_timetable_get_size (buckets) >= MAX (bound, 1)
         && (first = memory_timetable_get_first (buckets, NULL, NULL))) {
    g_autofree char *name = g_strdup (first);

    memory_timetable_remove (buckets, name);
  }
}

AnnotRateVerdict
memory_rate_take (MemoryTimetable *buckets, guint bound, const char *key, AnnotRate rate, guint count, gint64 now)
{
  AnnotRateVerdict verdict = { .allowed = FALSE, .retry_after = MAX (rate.period, 1), .reset_after = rate.period };
  gboolean known = FALSE;
  gint64 full_at = now;
  gint64 ahead = 0;

  if (rate.count == 0)
    return verdict;
  known = memory_timetable_get (buckets, key, &full_at, NULL);
  full_at = MAX (full_at, now);
  ahead = full_at - now + cost_of (rate, count);
  verdict.allowed = ahead <= rate.period;
  if (verdict.allowed && count > 0) {
    full_at = now + ahead;
    if (known) {
      memory_timetable_move (buckets, key, full_at);
    } else {
      make_room (buckets, bound, now);
      memory_timetable_put (buckets, key, full_at, NULL);
    }
  }
  /* More than the burst never fits; then say when as much as fits would. */
  if (count > rate.count)
    ahead = full_at - now + rate.period;
  verdict.retry_after = verdict.allowed ? 0 : MAX (ahead - rate.period, 1);
  verdict.reset_after = full_at - now;
  verdict.remaining = (guint) ((double) MAX (rate.period - verdict.reset_after, 0) * rate.count / MAX (rate.period, 1));
  return verdict;
}
