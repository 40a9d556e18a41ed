/* SPDX-License-Identifier: Apache-2.0 */
/* Where people work: leases, annotations, skips, removals. */
#pragma once

#include <annotationd/annotationd.h>
#include "annot-notifier.h"
#include "annot-relay.h"
#include "model/annot-correction.h"

G_BEGIN_DECLS

#define ANNOT_TYPE_DESK (annot_desk_get_type ())
G_DECLARE_FINAL_TYPE (AnnotDesk, annot_desk, ANNOT, DESK, GObject)

AnnotDesk *annot_desk_new (AnnotConfig *config, AnnotStore *store, AnnotNotifier *notifier, AnnotRelay *relay);
/* Begins to look for leases that have expired, once a second. */
void annot_desk_start (AnnotDesk *self);
void annot_desk_stop (AnnotDesk *self);
/* Pointer: GPtrArray of AnnotLease with examples. Says example_taken. */
void annot_desk_claim (AnnotDesk *self, const char *annotator, guint count, GCancellable *cancellable,
                       GAsyncReadyCallback callback, gpointer user_data);
GPtrArray *annot_desk_claim_finish (AnnotDesk *self, GAsyncResult *result, GError **error);
/* tokens: GArray of AnnotLeaseToken. Pointer: GPtrArray of the AnnotLease renewed. */
void annot_desk_renew (AnnotDesk *self, const char *annotator, GArray *tokens, GCancellable *cancellable,
                       GAsyncReadyCallback callback, gpointer user_data);
GPtrArray *annot_desk_renew_finish (AnnotDesk *self, GAsyncResult *result, GError **error);
/* Pointer: GPtrArray of the AnnotLease released. Says example_released. */
void annot_desk_release (AnnotDesk *self, const char *annotator, GArray *tokens, GCancellable *cancellable,
                         GAsyncReadyCallback callback, gpointer user_data);
GPtrArray *annot_desk_release_finish (AnnotDesk *self, GAsyncResult *result, GError **error);
/* Writes annotation and outgoing message in one transaction, wakes the relay, says example_done. correction is copied.
 * Pointer: AnnotSubmitResult; NOT_FOUND, STALE, FINISHED. */
void annot_desk_submit (AnnotDesk *self, const char *event_id, const char *annotator, AnnotCorrection *correction,
                        GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data);
AnnotSubmitResult *annot_desk_submit_finish (AnnotDesk *self, GAsyncResult *result, GError **error);
/* token may be NULL. Int: the new status, -1 on error. Writes the `skipped` event. */
void annot_desk_skip (AnnotDesk *self, const char *event_id, const char *annotator, const AnnotLeaseToken *token,
                      const char *reason, GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data);
int annot_desk_skip_finish (AnnotDesk *self, GAsyncResult *result, GError **error);
/* Boolean. Writes the `deleted` event. */
void annot_desk_remove (AnnotDesk *self, const char *event_id, const char *actor, const char *reason,
                        GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data);
gboolean annot_desk_remove_finish (AnnotDesk *self, GAsyncResult *result, GError **error);
/* Pointer: AnnotErasure. Writes the `data_subject_deleted` event, without the hash; tells pages to resync. */
void annot_desk_erase_subject (AnnotDesk *self, const char *face_hash, const char *actor, GCancellable *cancellable,
                               GAsyncReadyCallback callback, gpointer user_data);
AnnotErasure *annot_desk_erase_subject_finish (AnnotDesk *self, GAsyncResult *result, GError **error);

G_END_DECLS
