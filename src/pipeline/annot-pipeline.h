/* SPDX-License-Identifier: Apache-2.0 */
/* The rooms between the backends, wired together: start, run, drain. */
#pragma once

#include <annotationd/annotationd.h>
#include "annot-desk.h"
#include "annot-health-monitor.h"
#include "annot-ingest.h"
#include "annot-notifier.h"
#include "annot-presence.h"
#include "annot-relay.h"

G_BEGIN_DECLS

#define ANNOT_TYPE_PIPELINE (annot_pipeline_get_type ())
G_DECLARE_FINAL_TYPE (AnnotPipeline, annot_pipeline, ANNOT, PIPELINE, GObject)

/* Takes configured, closed backends. */
AnnotPipeline *annot_pipeline_new (AnnotConfig *config, AnnotStore *store, AnnotState *state, AnnotBroker *broker);
/* Opens the backends (temporary failures are retried until `[service] start-timeout`), starts all parts, among them
 * retention. Boolean; the error of the backend that did not open (a drain then closes those that did). */
void annot_pipeline_start (AnnotPipeline *self, GCancellable *cancellable, GAsyncReadyCallback callback,
                           gpointer user_data);
gboolean annot_pipeline_start_finish (AnnotPipeline *self, GAsyncResult *result, GError **error);
/* Not ready from this moment; ends intake, makes what is in flight durable, publishes what can be published within the
 * bound, withdraws the instance, closes the backends. Boolean: nothing was cut short. */
void annot_pipeline_drain (AnnotPipeline *self, GCancellable *cancellable, GAsyncReadyCallback callback,
                           gpointer user_data);
gboolean annot_pipeline_drain_finish (AnnotPipeline *self, GAsyncResult *result, GError **error);

/* All (transfer none). */
AnnotConfig *annot_pipeline_get_config (AnnotPipeline *self);
AnnotStore *annot_pipeline_get_store (AnnotPipeline *self);
AnnotState *annot_pipeline_get_state (AnnotPipeline *self);
AnnotBroker *annot_pipeline_get_broker (AnnotPipeline *self);
AnnotIngest *annot_pipeline_get_ingest (AnnotPipeline *self);
AnnotNotifier *annot_pipeline_get_notifier (AnnotPipeline *self);
AnnotRelay *annot_pipeline_get_relay (AnnotPipeline *self);
AnnotDesk *annot_pipeline_get_desk (AnnotPipeline *self);
AnnotPresence *annot_pipeline_get_presence (AnnotPipeline *self);
AnnotHealthMonitor *annot_pipeline_get_health (AnnotPipeline *self);

G_END_DECLS
