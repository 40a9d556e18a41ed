/* SPDX-License-Identifier: Apache-2.0 */
/* Tells every page of every instance what happened, in order and without gaps. */
#pragma once

#include <annotationd/annotationd.h>

G_BEGIN_DECLS

#define ANNOT_TYPE_NOTIFIER (annot_notifier_get_type ())
G_DECLARE_FINAL_TYPE (AnnotNotifier, annot_notifier, ANNOT, NOTIFIER, GObject)

#define ANNOT_CHANNEL_NEW_EXAMPLE "websocket:new_example"
#define ANNOT_CHANNEL_EVENTS "annotation:events"

/* Signals:
 * `event` (AnnotNotifier *self, GBytes *text): one WebSocket text message that every page is to get, byte for byte:
 *   new_example (in seq order, none missing, none twice), example_taken, example_done, example_removed, example_released
 *   (`{"type","example_id"}`: it waits for a person again), pending (at most one a second), resync (some new_example cannot
 *   be told, because there were too many or they are gone: fetch the list anew and go on from its seq).
 * `personal` (AnnotNotifier *self, const char *account, GBytes *text): one for the pages of one account: lease_expired. */

AnnotNotifier *annot_notifier_new (AnnotStore *store, AnnotState *state);
/* Reads the position, subscribes, and begins to look for gaps (a poll of the store's position every two seconds, for
 * notifications that were lost). Boolean. */
void annot_notifier_start (AnnotNotifier *self, GCancellable *cancellable, GAsyncReadyCallback callback,
                           gpointer user_data);
gboolean annot_notifier_start_finish (AnnotNotifier *self, GAsyncResult *result, GError **error);
void annot_notifier_stop (AnnotNotifier *self);

/* Publishes stored examples (element-type AnnotExample, seq set, ascending); answers when the notifications have gone out,
 * TRUE also when the state is away (this instance's pages get them at once, the others find the gap). */
void annot_notifier_announce_examples (AnnotNotifier *self, GPtrArray *examples, GCancellable *cancellable,
                                       GAsyncReadyCallback callback, gpointer user_data);
gboolean annot_notifier_announce_examples_finish (AnnotNotifier *self, GAsyncResult *result, GError **error);
/* kind: "example_taken", "example_done", "example_removed", "example_released" (available again). */
void annot_notifier_announce (AnnotNotifier *self, const char *kind, const char *event_id);
/* Tells the pages of one account, on any instance, that a lease has ended. */
void annot_notifier_announce_expired (AnnotNotifier *self, const char *account, const char *event_id);
/* Many examples have changed or are gone: the pages of every instance are to fetch anew. */
void annot_notifier_announce_resync (AnnotNotifier *self);

/* Events may have been lost on their way to this instance: has its pages fetch anew. */
void annot_notifier_refresh (AnnotNotifier *self);

/* Returns: (transfer full): the hello message: epoch, the last seq handed to pages here, pending */
GBytes *annot_notifier_hello (AnnotNotifier *self);
/* What a page that last saw (epoch, seq) missed. Pointer: GPtrArray of GBytes: the missed new_example messages in order, or
 * one resync. */
void annot_notifier_replay (AnnotNotifier *self, const char *epoch, gint64 seq, GCancellable *cancellable,
                            GAsyncReadyCallback callback, gpointer user_data);
GPtrArray *annot_notifier_replay_finish (AnnotNotifier *self, GAsyncResult *result, GError **error);
/* Pending as last counted. */
gint64 annot_notifier_get_pending (AnnotNotifier *self);
/* Gaps found and filled, for metrics. */
guint64 annot_notifier_get_gaps (AnnotNotifier *self);

G_END_DECLS
