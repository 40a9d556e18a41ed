/* SPDX-License-Identifier: Apache-2.0 */
/* Keeps a fault that repeats from filling the log. */
#include "annot-log-limit.h"

void
annot_log_limited (AnnotLogLimit *self, guint seconds, GLogLevelFlags level, const char *format, ...)
{
  gint64 now = g_get_monotonic_time ();
  g_autofree char *text = NULL;
  va_list arguments;

  if (self->next && now < self->next) {
    self->suppressed++;
    return;
  }
  va_start (arguments, format);
  text = g_strdup_vprintf (format, arguments);
  va_end (arguments);
  if (self->suppressed > 0)
    g_log (G_LOG_DOMAIN, level, "%s (%u more since the last line)", text, self->suppressed);
  else
    g_log (G_LOG_DOMAIN, level, "%s", text);
  self->suppressed = 0;
  self->next = now + (gint64) seconds * G_USEC_PER_SEC;
}
