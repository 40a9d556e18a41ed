/* SPDX-License-Identifier: Apache-2.0 */
/* RFC 3339 times. */
#pragma once

#include <annotationd/annotationd.h>

G_BEGIN_DECLS

/* TRUE and microseconds since 1970 UTC when text is an RFC 3339 date-time (any offset; no offset reads as UTC). */
ANNOT_API gboolean annot_time_parse (const char *text, gssize length, gint64 *time);
/* Returns: (transfer full): in UTC with Z, with a fraction when there is one */
ANNOT_API char *annot_time_format (gint64 time);

G_END_DECLS
