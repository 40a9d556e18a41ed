/* SPDX-License-Identifier: Apache-2.0 */
/* Timers that run on the context a client belongs to, one in each place. */
#include "kafka-timer.h"

void
kafka_timer_clear (GSource **timer)
{
  if (*timer)
    g_source_destroy (*timer);
  g_clear_pointer (timer, g_source_unref);
}

void
kafka_timer_set (GSource **timer, GMainContext *context, const char *name, guint milliseconds, GSourceFunc function,
                 gpointer user_data)
{
  kafka_timer_clear (timer);
  *timer = g_timeout_source_new (milliseconds);
  g_source_set_callback (*timer, function, user_data, NULL);
  g_source_set_static_name (*timer, name);
  g_source_attach (*timer, context);
}
