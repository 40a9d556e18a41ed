/* SPDX-License-Identifier: Apache-2.0 */
/* Which signed sessions have ended before their time, known here without asking anybody. */
#pragma once

#include <annotationd/annotationd.h>

G_BEGIN_DECLS

#define ANNOT_CHANNEL_REVOKED "annotation:revoked"
/* Seconds between two looks at the store, for news that the channel lost. */
#define ANNOT_REVOCATIONS_INTERVAL 3

#define ANNOT_TYPE_REVOCATIONS (annot_revocations_get_type ())
G_DECLARE_FINAL_TYPE (AnnotRevocations, annot_revocations, ANNOT, REVOCATIONS, GObject)

/* Signals:
 * `revoked` (AnnotRevocations *self, const char *jti, const char *account): a session is known to have ended, once
 * each. `account-changed` (AnnotRevocations *self, const char *account): on some instance, roles, password, state or
 * tokens of the account (NULL: of some account) were changed. */

AnnotRevocations *annot_revocations_new (AnnotStore *store, AnnotState *state);
/* Reads the store and subscribes. Boolean: the store was read. */
void annot_revocations_start (AnnotRevocations *self, GCancellable *cancellable, GAsyncReadyCallback callback,
                              gpointer user_data);
gboolean annot_revocations_start_finish (AnnotRevocations *self, GAsyncResult *result, GError **error);
/* TRUE when the session must not be honoured: revoked, or its account was changed here and the store has not been read
 * since. */
gboolean annot_revocations_contains (AnnotRevocations *self, const char *jti, const char *account);
/* Ends a session in the store, here, and on the other instances. Boolean. */
void annot_revocations_revoke (AnnotRevocations *self, const char *jti, GCancellable *cancellable,
                               GAsyncReadyCallback callback, gpointer user_data);
gboolean annot_revocations_revoke_finish (AnnotRevocations *self, GAsyncResult *result, GError **error);
/* The store has revoked an account's sessions: read them, and have the others read them. sessions FALSE: only its API
 * tokens are not what they were (account NULL: somebody's). */
void annot_revocations_announce_account (AnnotRevocations *self, const char *account, gboolean sessions);

G_END_DECLS
