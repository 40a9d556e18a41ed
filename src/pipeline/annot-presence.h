/* SPDX-License-Identifier: Apache-2.0 */
/* Which instances live, and how many pages they serve in total. */
#pragma once

#include <annotationd/annotationd.h>

G_BEGIN_DECLS

#define ANNOT_TYPE_PRESENCE (annot_presence_get_type ())
G_DECLARE_FINAL_TYPE (AnnotPresence, annot_presence, ANNOT, PRESENCE, GObject)

/* Signal: `gone` (AnnotPresence *self): another instance lives no longer; whether it ended or died is not known. */

/* Announces every 2 s with a deadline of 7 s, and lists the others. The config has an instance id
 * (annot_settings_name_instance()). */
AnnotPresence *annot_presence_new (AnnotConfig *config, AnnotState *state, AnnotBroker *broker);
void annot_presence_start (AnnotPresence *self);
/* Withdraws. Boolean. */
void annot_presence_stop (AnnotPresence *self, GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data);
gboolean annot_presence_stop_finish (AnnotPresence *self, GAsyncResult *result, GError **error);
const char *annot_presence_get_instance_id (AnnotPresence *self);
gint64 annot_presence_get_started_at (AnnotPresence *self);
void annot_presence_set_connections (AnnotPresence *self, guint connections);
guint annot_presence_get_connections (AnnotPresence *self);
/* As last seen, never less than this instance's own. */
guint annot_presence_get_total_connections (AnnotPresence *self);
/* Place of this instance among the living, from 0. */
guint annot_presence_get_index (AnnotPresence *self);
/* Returns: (transfer none) (element-type AnnotInstance): the living, as last seen; this one is always among them */
GPtrArray *annot_presence_get_instances (AnnotPresence *self);

G_END_DECLS
