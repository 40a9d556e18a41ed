/* SPDX-License-Identifier: Apache-2.0 */
/* Removes what has been kept long enough: finished examples and their frames. */
#pragma once

#include <annotationd/annotationd.h>

G_BEGIN_DECLS

#define ANNOT_TYPE_RETENTION (annot_retention_get_type ())
G_DECLARE_FINAL_TYPE (AnnotRetention, annot_retention, ANNOT, RETENTION, GObject)

AnnotRetention *annot_retention_new (AnnotConfig *config, AnnotStore *store);
/* Runs a minute from now and then every hour. */
void annot_retention_start (AnnotRetention *self);
/* Ends after the slice that is under way. */
void annot_retention_stop (AnnotRetention *self);
/* Runs once now, in slices between which other work has its turn. Pointer: AnnotErasure (g_free): all that is gone; an
 * error leaves done what was done. */
void annot_retention_run (AnnotRetention *self, GCancellable *cancellable, GAsyncReadyCallback callback,
                          gpointer user_data);
AnnotErasure *annot_retention_run_finish (AnnotRetention *self, GAsyncResult *result, GError **error);

G_END_DECLS
