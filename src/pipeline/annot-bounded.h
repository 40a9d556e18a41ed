/* SPDX-License-Identifier: Apache-2.0 */
/* Calls that end by a deadline, whether the callee answers or not. */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* Any method that takes nothing and answers whether it worked: open, close, drain, flush. */
typedef void (*AnnotBoundedCall) (gpointer object, GCancellable *cancellable, GAsyncReadyCallback callback,
                                  gpointer user_data);
typedef gboolean (*AnnotBoundedFinish) (gpointer object, GAsyncResult *result, GError **error);

/**
 * annot_bounded_call:
 * @object: the #GObject to call; kept alive until its own answer has come
 * @call: starts it
 * @finish: its answer
 * @milliseconds: deadline
 * @cancellable: (nullable): cancels the call
 * @callback: called once, at the answer or at the deadline
 *
 * At the deadline the call is cancelled and %ANNOT_ERROR_TIMEOUT answered at once; a late answer is passed over.
 */
void annot_bounded_call (gpointer object, AnnotBoundedCall call, AnnotBoundedFinish finish, guint milliseconds,
                         GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data);
gboolean annot_bounded_call_finish (gpointer object, GAsyncResult *result, GError **error);

G_END_DECLS
