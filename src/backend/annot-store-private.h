/* SPDX-License-Identifier: Apache-2.0 */
/* What the two halves of the store's wrappers share. */
#pragma once

#include "annot-call.h"

G_BEGIN_DECLS

/* annot_call_begin() with the store's phase. */
GTask *annot_store_begin (AnnotStore *self, gpointer tag, GCancellable *cancellable, GAsyncReadyCallback callback,
                          gpointer user_data);
/* The same for a call of administration: the store must be closed, or be in such use already; offered: whether the plugin
 * has the method. */
GTask *annot_store_begin_maintenance (AnnotStore *self, gboolean offered, const char *name, gpointer tag,
                                      GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data);
/* Returns: (transfer none) (nullable): a copy that lives as long as the task */
const AnnotOutgoing *annot_store_keep_outgoing (GTask *task, const AnnotOutgoing *outgoing);

G_END_DECLS
