/* SPDX-License-Identifier: Apache-2.0 */
/* Asks every backend once a second how it is, so that /readyz answers at once and truly. */
#pragma once

#include <annotationd/annotationd.h>

G_BEGIN_DECLS

#define ANNOT_TYPE_HEALTH_MONITOR (annot_health_monitor_get_type ())
G_DECLARE_FINAL_TYPE (AnnotHealthMonitor, annot_health_monitor, ANNOT, HEALTH_MONITOR, GObject)

AnnotHealthMonitor *annot_health_monitor_new (AnnotConfig *config, AnnotStore *store, AnnotState *state,
                                              AnnotBroker *broker);
void annot_health_monitor_start (AnnotHealthMonitor *self);
void annot_health_monitor_stop (AnnotHealthMonitor *self);
/* The pipeline turns and requests are let in. Before this, and after set_draining, not ready. */
void annot_health_monitor_set_started (AnnotHealthMonitor *self);
void annot_health_monitor_set_draining (AnnotHealthMonitor *self);
gboolean annot_health_monitor_is_draining (AnnotHealthMonitor *self);
gboolean annot_health_monitor_is_ready (AnnotHealthMonitor *self);
/* Asks all once now (a second at most) instead of at the next turn. Boolean: whether ready. */
void annot_health_monitor_check (AnnotHealthMonitor *self, GCancellable *cancellable, GAsyncReadyCallback callback,
                                 gpointer user_data);
gboolean annot_health_monitor_check_finish (AnnotHealthMonitor *self, GAsyncResult *result, GError **error);
/* Appends the `checks` object of /readyz: one member a backend (`redis`, `kafka_consumer`, `postgres`, `memory`, `local`,
 * `sqlite`) with status healthy, unhealthy or error and details, and `overall`. */
void annot_health_monitor_append_checks (AnnotHealthMonitor *self, GString *out);
/* Whether the last answer of that backend was healthy. */
gboolean annot_health_monitor_is_healthy (AnnotHealthMonitor *self, AnnotPluginClass plugin_class);

G_END_DECLS
