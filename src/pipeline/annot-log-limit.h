/* SPDX-License-Identifier: Apache-2.0 */
/* Keeps a fault that repeats from filling the log. */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* One kind of message; all zero to begin with. */
typedef struct {
  gint64 next;
  guint suppressed;
} AnnotLogLimit;

/**
 * annot_log_limit_allow:
 * @self: the kind of message
 * @seconds: at most one in this time
 * @suppressed: (out): how many were kept back since the last one
 *
 * Returns: %TRUE when a message may be written now
 */
gboolean annot_log_limit_allow (AnnotLogLimit *self, guint seconds, guint *suppressed);

G_END_DECLS
