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
 * annot_log_limited:
 * @self: the kind of message
 * @seconds: at most one in this time
 * @level: %G_LOG_LEVEL_WARNING or another one
 * @format: the line; how many were kept back since the last one is added to it
 */
void annot_log_limited (AnnotLogLimit *self, guint seconds, GLogLevelFlags level, const char *format, ...)
    G_GNUC_PRINTF (4, 5);

G_END_DECLS
