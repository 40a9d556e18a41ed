/* SPDX-License-Identifier: Apache-2.0 */
/* Keeps a fault that repeats from filling the log. */
#include "annot-log-limit.h"

gboolean
annot_log_limit_allow (AnnotLogLimit *self, guint seconds, guint *suppressed)
{
  gint64 now = g_get_monotonic_time ();

  if (self->next && now < self->next) {
    self->suppressed++;
    return FALSE;
  }
  *suppressed = self->suppressed;
  self->suppressed = 0;
  self->next = now + (gint64) seconds * G_USEC_PER_SEC;
  return TRUE;
}
