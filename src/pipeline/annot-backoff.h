/* SPDX-License-Identifier: Apache-2.0 */
/* How long to wait before the next try. */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * annot_backoff_delay:
 * @attempt: how often it has failed, from 1
 * @base: delay after the first failure, any unit
 * @cap: longest delay before jitter, same unit
 * @jitter: the delay is spread evenly over ± this part of itself, 0 … 1
 *
 * Exponential back-off: @base × 2^(@attempt − 1), not more than @cap, so that many who failed together do not come back
 * together.
 *
 * Returns: the delay, in the unit of @base
 */
gint64 annot_backoff_delay (guint attempt, gint64 base, gint64 cap, double jitter);

G_END_DECLS
