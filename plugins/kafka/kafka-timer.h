/* SPDX-License-Identifier: Apache-2.0 */
/* Timers that run on the context a client belongs to, one in each place. */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Calls function once after so many milliseconds, instead of what *timer was to do. name is static. */
void kafka_timer_set (GSource **timer, GMainContext *context, const char *name, guint milliseconds,
                      GSourceFunc function, gpointer user_data);
/* Ends it, if there is one. */
void kafka_timer_clear (GSource **timer);

G_END_DECLS
