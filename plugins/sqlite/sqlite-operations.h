/* SPDX-License-Identifier: Apache-2.0 */
/* Every operation of the store, and which fields of SqliteCall are its arguments. */
#pragma once

#include "sqlite-call.h"

G_BEGIN_DECLS

/* sqlite-examples.c */
extern const SqliteOperation sqlite_put_examples; /* subject: GPtrArray of AnnotExample */
extern const SqliteOperation sqlite_get_position;
extern const SqliteOperation sqlite_get_example; /* id, flag: with the frame */

/* sqlite-list.c */
extern const SqliteOperation sqlite_list_examples; /* subject: AnnotExampleQuery */

/* sqlite-stats.c */
extern const SqliteOperation sqlite_get_stats;
extern const SqliteOperation sqlite_check_reading; /* count: how many calls wait to be written */
extern const SqliteOperation sqlite_check_writing; /* the same */
extern const SqliteOperation sqlite_report_stuck;  /* the same, and seconds: how long a write has been under way */

/* sqlite-leases.c */
extern const SqliteOperation sqlite_claim;         /* account, count, seconds */
extern const SqliteOperation sqlite_renew;         /* account, tokens, seconds */
extern const SqliteOperation sqlite_release;       /* account, tokens */
extern const SqliteOperation sqlite_expire_leases; /* count */

/* sqlite-annotations.c */
extern const SqliteOperation sqlite_submit; /* subject: AnnotSubmission */
extern const SqliteOperation sqlite_skip;   /* subject: AnnotSkip */
extern const SqliteOperation sqlite_remove; /* id, outgoing */

/* sqlite-outbox.c */
extern const SqliteOperation sqlite_take_outgoing;     /* count, seconds */
extern const SqliteOperation sqlite_confirm_outgoing;  /* subject: ids, NULL-terminated */
extern const SqliteOperation sqlite_postpone_outgoing; /* id, seconds, text: reason or NULL */
extern const SqliteOperation sqlite_list_outgoing;     /* flag: failed only, count */
extern const SqliteOperation sqlite_drop_outgoing;     /* id */

/* sqlite-accounts.c */
extern const SqliteOperation sqlite_add_account;    /* subject: AnnotAccount */
extern const SqliteOperation sqlite_update_account; /* subject: AnnotAccount */
extern const SqliteOperation sqlite_remove_account; /* id */
extern const SqliteOperation sqlite_get_account;    /* id */
extern const SqliteOperation sqlite_list_accounts;

/* sqlite-sessions.c */
extern const SqliteOperation sqlite_add_token;       /* subject: AnnotToken */
extern const SqliteOperation sqlite_remove_token;    /* id, account or NULL */
extern const SqliteOperation sqlite_find_token;      /* id: its hash */
extern const SqliteOperation sqlite_list_tokens;     /* account or NULL */
extern const SqliteOperation sqlite_add_session;     /* subject: AnnotSession */
extern const SqliteOperation sqlite_revoke_sessions; /* id: jti, or account */
extern const SqliteOperation sqlite_list_revoked;
extern const SqliteOperation sqlite_get_secret; /* id: its name, text: proposed */

/* sqlite-privacy.c */
extern const SqliteOperation sqlite_erase_subject; /* id: face hash, account: actor, outgoing */
extern const SqliteOperation sqlite_retain;        /* age, frames_age, count */

/* Shared by several. */

/* Ended sessions stay so long: a clock that was ahead for a while must not make a revoked one good again. */
#define SQLITE_SESSION_GRACE G_TIME_SPAN_DAY

/* Writes a message into the outbox; NULL writes nothing. */
gboolean sqlite_outbox_write (SqliteConnection *connection, const AnnotOutgoing *outgoing, GError **error);
/* Revokes all sessions of an account. Returns: (transfer full) (element-type AnnotSession) (nullable): those */
GPtrArray *sqlite_sessions_revoke_account (SqliteConnection *connection, const char *account, GError **error);
/* Deletes an example with all that belongs to it, its outgoing messages too. */
gboolean sqlite_examples_erase (SqliteConnection *connection, gint64 seq, const char *event_id, GError **error);

G_END_DECLS
