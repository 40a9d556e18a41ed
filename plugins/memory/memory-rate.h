/* SPDX-License-Identifier: Apache-2.0 */
/* Rate limits by the generic cell rate algorithm. */
#pragma once

#include <annotationd/annotationd.h>

#include "memory-timetable.h"

G_BEGIN_DECLS

/**
 * memory_rate_take:
 * @buckets: key → theoretical arrival time (monotonic microseconds), no values
 * @bound: most keys to hold
 * @key: key of the bucket
 * @rate: burst, and the time in which all of it is refilled
 * @count: how many to take, all or none
 * @now: monotonic microseconds
 *
 * The virtual-scheduling form of GCRA (ITU-T I.371): a bucket is one number, the time at which it will be full again. A
 * key whose time has passed is as good as an unknown one, so these are swept; at the bound the key that would be free
 * first makes room, which forgets the least.
 *
 * Returns: the verdict
 */
AnnotRateVerdict memory_rate_take (MemoryTimetable *buckets, guint bound, const char *key, AnnotRate rate, guint count,
                                   gint64 now);

G_END_DECLS
