/* SPDX-License-Identifier: Apache-2.0 */
/* What all wrappers share: the open/closed phase of a backend, and keeping a call's arguments alive. */
#pragma once

#include <annotationd/annotationd.h>

G_BEGIN_DECLS

/* Where a backend stands; lives in its instance. */
typedef enum {
  ANNOT_PHASE_CLOSED,
  ANNOT_PHASE_OPENING,
  ANNOT_PHASE_OPEN,
  ANNOT_PHASE_CLOSING,
  ANNOT_PHASE_MAINTAINED, /* not open, but with a connection for administration: a store only */
} AnnotPhase;

/* A method without arguments: open, close, health. */
typedef void (*AnnotPlainMethod) (gpointer self, GTask *task);

/* Returns: (transfer full) (nullable): the task to hand to the method; NULL when the backend is not open, which the
 * callback is told */
GTask *annot_call_begin (gpointer self, AnnotPhase phase, gpointer tag, GCancellable *cancellable,
                         GAsyncReadyCallback callback, gpointer user_data);
/* Keeps an argument for as long as the task lives. Returns: argument */
gpointer annot_call_keep (GTask *task, gpointer argument, GDestroyNotify destroy);
/* Returns: (transfer none) (nullable): a copy of text that lives as long as the task */
const char *annot_call_keep_text (GTask *task, const char *text);
/* Open and close: they move the phase. */
void annot_call_open (gpointer self, AnnotPhase *phase, AnnotPlainMethod method, GCancellable *cancellable,
                      GAsyncReadyCallback callback, gpointer user_data);
void annot_call_close (gpointer self, AnnotPhase *phase, AnnotPlainMethod method, GCancellable *cancellable,
                       GAsyncReadyCallback callback, gpointer user_data);

G_END_DECLS
