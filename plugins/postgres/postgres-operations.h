/* SPDX-License-Identifier: Apache-2.0 */
/* The requests of the store's methods: each takes over the task, and answers it by what comes of the request. */
#pragma once

#include "postgres-pool.h"

G_BEGIN_DECLS

/* Ended sessions stay so long: a clock that was ahead for a while must not make a revoked one good again. */
#define POSTGRES_SESSION_GRACE G_TIME_SPAN_DAY

/* postgres-examples.c */
void postgres_put_examples (PostgresPool *pool, GPtrArray *examples, GTask *task);
void postgres_get_position (PostgresPool *pool, GTask *task);
void postgres_get_example (PostgresPool *pool, const char *event_id, gboolean with_frame, GTask *task);

/* postgres-list.c */
void postgres_list_examples (PostgresPool *pool, const AnnotExampleQuery *query, GTask *task);

/* postgres-stats.c */
void postgres_get_stats (PostgresPool *pool, GTask *task);
void postgres_check_health (PostgresPool *pool, GTask *task);

/* postgres-leases.c */
void postgres_claim (PostgresPool *pool, const char *annotator, guint count, guint lease_seconds, GTask *task);
void postgres_renew (PostgresPool *pool, const char *annotator, GArray *tokens, guint lease_seconds, GTask *task);
void postgres_release (PostgresPool *pool, const char *annotator, GArray *tokens, GTask *task);
void postgres_expire_leases (PostgresPool *pool, guint limit, GTask *task);

/* postgres-annotations.c */
void postgres_submit (PostgresPool *pool, const AnnotSubmission *submission, GTask *task);
void postgres_skip (PostgresPool *pool, const AnnotSkip *skip, GTask *task);
void postgres_remove (PostgresPool *pool, const char *event_id, const AnnotOutgoing *outgoing, GTask *task);

/* postgres-outbox.c */
void postgres_take_outgoing (PostgresPool *pool, guint limit, guint claim_seconds, GTask *task);
void postgres_confirm_outgoing (PostgresPool *pool, const char *const *ids, GTask *task);
void postgres_postpone_outgoing (PostgresPool *pool, const char *id, guint delay_seconds, const char *reason,
                                 GTask *task);
void postgres_list_outgoing (PostgresPool *pool, gboolean failed_only, guint limit, GTask *task);
void postgres_drop_outgoing (PostgresPool *pool, const char *id, GTask *task);

/* postgres-accounts.c */
void postgres_add_account (PostgresPool *pool, const AnnotAccount *account, GTask *task);
void postgres_update_account (PostgresPool *pool, const AnnotAccount *account, GTask *task);
void postgres_remove_account (PostgresPool *pool, const char *name, GTask *task);
void postgres_get_account (PostgresPool *pool, const char *name, GTask *task);
void postgres_list_accounts (PostgresPool *pool, GTask *task);

/* postgres-sessions.c */
void postgres_add_token (PostgresPool *pool, const AnnotToken *token, GTask *task);
void postgres_remove_token (PostgresPool *pool, const char *id, const char *account, GTask *task);
void postgres_find_token (PostgresPool *pool, const char *hash, GTask *task);
void postgres_list_tokens (PostgresPool *pool, const char *account, GTask *task);
void postgres_add_session (PostgresPool *pool, const AnnotSession *session, GTask *task);
void postgres_revoke_sessions (PostgresPool *pool, const char *jti, const char *account, GTask *task);
void postgres_list_revoked (PostgresPool *pool, GTask *task);
void postgres_get_secret (PostgresPool *pool, const char *name, const char *proposed, GTask *task);

/* postgres-privacy.c */
void postgres_erase_subject (PostgresPool *pool, const char *face_hash, const char *actor,
                             const AnnotOutgoing *outgoing, GTask *task);
void postgres_retain (PostgresPool *pool, gint64 completed_age, gint64 frames_age, guint limit, GTask *task);

G_END_DECLS
