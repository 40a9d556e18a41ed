/* SPDX-License-Identifier: Apache-2.0 */
/* The store: the one place where examples, annotations, accounts and outgoing messages are kept. */
#pragma once

#if !defined(ANNOTATIOND_INSIDE) && !defined(ANNOTATIOND_COMPILATION)
#error "Include <annotationd/annotationd.h>"
#endif

#include <gio/gio.h>

#include <annotationd/annot-account.h>
#include <annotationd/annot-annotation.h>
#include <annotationd/annot-config.h>
#include <annotationd/annot-example.h>
#include <annotationd/annot-health.h>
#include <annotationd/annot-outgoing.h>
#include <annotationd/annot-schema.h>

G_BEGIN_DECLS

#define ANNOT_TYPE_STORE (annot_store_get_type ())
ANNOT_API G_DECLARE_DERIVABLE_TYPE (AnnotStore, annot_store, ANNOT, STORE, GObject)

/**
 * AnnotPutResult:
 * @known: the example was there already; nothing changed
 * @seq: its seq, new or known
 */
typedef struct {
  gboolean known;
  gint64 seq;
} AnnotPutResult;

/**
 * AnnotPosition:
 * @epoch: names the life of this sequence; a new database has a new one
 * @seq: the highest seq given so far, 0 for none
 * @pending: examples that wait for a person
 */
typedef struct {
  char *epoch;
  gint64 seq;
  gint64 pending;
} AnnotPosition;

ANNOT_API void annot_position_free (AnnotPosition *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (AnnotPosition, annot_position_free)

/**
 * AnnotExamplePage:
 * @examples: (element-type AnnotExample): the rows
 * @annotations: (element-type AnnotAnnotation) (nullable): with_annotation: for each row its latest annotation or %NULL
 * @next_cursor: (nullable): where to go on; %NULL at the end
 * @total: how many match, -1 when it was not asked for
 */
typedef struct {
  GPtrArray *examples;
  GPtrArray *annotations;
  char *next_cursor;
  gint64 total;
} AnnotExamplePage;

ANNOT_API AnnotExamplePage *annot_example_page_new (void);
ANNOT_API void annot_example_page_free (AnnotExamplePage *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (AnnotExamplePage, annot_example_page_free)

/* A name and how often: one row of a statistic. */
typedef struct {
  char *name;
  gint64 count;
} AnnotCount;

ANNOT_API AnnotCount *annot_count_new (const char *name, gint64 count);
ANNOT_API void annot_count_free (AnnotCount *self);

/**
 * AnnotStats:
 * @pending, @leased, @completed, @skipped: examples in that state
 * @outgoing: messages in the outbox
 * @retrying: of these, messages that have failed at least once
 * @oldest_outgoing: when the oldest of the outbox was written, microseconds since 1970 UTC, 0 for none
 * @by_label: (element-type AnnotCount): completed examples per corrected class, most first, at most 100
 * @by_annotator: (element-type AnnotCount): completed examples per account
 * @by_hour: (element-type AnnotCount): annotations per hour of the last 24, name "2026-11-23T08:00:00Z", oldest first
 */
typedef struct {
  gint64 pending;
  gint64 leased;
  gint64 completed;
  gint64 skipped;
  gint64 outgoing;
  gint64 retrying;
  gint64 oldest_outgoing;
  GPtrArray *by_label;
  GPtrArray *by_annotator;
  GPtrArray *by_hour;
} AnnotStats;

ANNOT_API AnnotStats *annot_stats_new (void);
ANNOT_API void annot_stats_free (AnnotStats *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (AnnotStats, annot_stats_free)

/**
 * AnnotSubmission:
 * @annotation: what to write; its `revision` is the example's revision + 1 as the caller saw it
 * @token: (nullable): the lease under which it was made; %NULL (the older endpoints): allowed while the example is
 *  pending, or leased by the same account
 * @labels: (array zero-terminated=1): distinct corrected classes, for the statistic
 * @outgoing: (nullable): the labelled example, written in the same transaction
 *
 * Outcomes, in this order: unknown example %ANNOT_ERROR_NOT_FOUND; finished (completed by anybody, or skipped): same account and
 * same digest as its latest annotation: the result is that one, repeated; same account, other digest and next revision:
 * written as a new revision; else %ANNOT_ERROR_FINISHED; leased by another, or the token is not the present lease:
 * %ANNOT_ERROR_STALE; revision not the next one: %ANNOT_ERROR_STALE. Nothing is written on error.
 */
typedef struct {
  AnnotAnnotation *annotation;
  const AnnotLeaseToken *token;
  const char *const *labels;
  const AnnotOutgoing *outgoing;
} AnnotSubmission;

/**
 * AnnotSubmitResult:
 * @annotation: as stored (of the first submit, when repeated)
 * @repeated: nothing was written now
 */
typedef struct {
  AnnotAnnotation *annotation;
  gboolean repeated;
} AnnotSubmitResult;

ANNOT_API void annot_submit_result_free (AnnotSubmitResult *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (AnnotSubmitResult, annot_submit_result_free)

/**
 * AnnotSkip:
 * @event_id: the example
 * @annotator: who skips
 * @token: (nullable): the lease, as in #AnnotSubmission
 * @reason: why
 * @max_skips: at this many skips the example's status becomes skipped, else pending again. It is not handed to the
 *  same account again, and a second skip by the same account changes nothing: an account counts once
 * @outgoing: (nullable): the event, written in the same transaction
 */
typedef struct {
  const char *event_id;
  const char *annotator;
  const AnnotLeaseToken *token;
  const char *reason;
  guint max_skips;
  const AnnotOutgoing *outgoing;
} AnnotSkip;

/**
 * AnnotErasure:
 * @examples, @frames, @annotations, @outgoing: rows that are gone
 */
typedef struct {
  gint64 examples;
  gint64 frames;
  gint64 annotations;
  gint64 outgoing;
} AnnotErasure;

/**
 * AnnotStoreClass:
 *
 * Every method but @configure is asynchronous: it gets its arguments, which stay valid until it answers, and a task
 * (transfer full) that it answers exactly once, with g_task_return_*() from any thread. The value it returns, with its
 * free function, stands in the comment of the wrapper of the same name below. The task's cancellable may be looked at:
 * a cancelled call answers %G_IO_ERROR_CANCELLED, and has then either happened wholly or not at all.
 *
 * The core never calls a method before @open has succeeded or after @close was called. @close answers after every
 * method before it has answered.
 *
 * Deadlines are by the store's own clock, which must not jump with the host's wall clock.
 *
 * @inspect, @migrate, @dump and @restore are optional and of another kind: they work on a store that is configured and
 * not open, one call at a time, connect by themselves the first time, and keep that connection until @close, which is
 * then called without @open. While one is under way nobody else should write: a store that can tell that another
 * process uses the database refuses to dump or restore with %ANNOT_ERROR_TEMPORARY and the remedy.
 */
struct _AnnotStoreClass {
  GObjectClass parent_class;

  gboolean (*configure) (AnnotStore *self, AnnotConfig *config, GError **error);
  void (*open) (AnnotStore *self, GTask *task);
  void (*close) (AnnotStore *self, GTask *task);
  void (*health) (AnnotStore *self, GTask *task);

  void (*put_examples) (AnnotStore *self, GPtrArray *examples, GTask *task);
  void (*get_position) (AnnotStore *self, GTask *task);
  void (*get_example) (AnnotStore *self, const char *event_id, gboolean with_frame, GTask *task);
  void (*list_examples) (AnnotStore *self, const AnnotExampleQuery *query, GTask *task);
  void (*get_stats) (AnnotStore *self, GTask *task);

  void (*claim) (AnnotStore *self, const char *annotator, guint count, guint lease_seconds, GTask *task);
  void (*renew) (AnnotStore *self, const char *annotator, GArray *tokens, guint lease_seconds, GTask *task);
  void (*release) (AnnotStore *self, const char *annotator, GArray *tokens, GTask *task);
  void (*expire_leases) (AnnotStore *self, guint limit, GTask *task);
  void (*submit) (AnnotStore *self, const AnnotSubmission *submission, GTask *task);
  void (*skip) (AnnotStore *self, const AnnotSkip *skip, GTask *task);
  void (*remove) (AnnotStore *self, const char *event_id, const AnnotOutgoing *outgoing, GTask *task);

  void (*take_outgoing) (AnnotStore *self, guint limit, guint claim_seconds, GTask *task);
  void (*confirm_outgoing) (AnnotStore *self, const char *const *ids, GTask *task);
  void (*postpone_outgoing) (AnnotStore *self, const char *id, guint delay_seconds, const char *reason, GTask *task);
  void (*list_outgoing) (AnnotStore *self, gboolean failed_only, guint limit, GTask *task);
  void (*drop_outgoing) (AnnotStore *self, const char *id, GTask *task);

  void (*add_account) (AnnotStore *self, const AnnotAccount *account, GTask *task);
  void (*update_account) (AnnotStore *self, const AnnotAccount *account, GTask *task);
  void (*remove_account) (AnnotStore *self, const char *name, GTask *task);
  void (*get_account) (AnnotStore *self, const char *name, GTask *task);
  void (*list_accounts) (AnnotStore *self, GTask *task);

  void (*add_token) (AnnotStore *self, const AnnotToken *token, GTask *task);
  void (*remove_token) (AnnotStore *self, const char *id, const char *account, GTask *task);
  void (*find_token) (AnnotStore *self, const char *hash, GTask *task);
  void (*list_tokens) (AnnotStore *self, const char *account, GTask *task);

  void (*add_session) (AnnotStore *self, const AnnotSession *session, GTask *task);
  void (*revoke_sessions) (AnnotStore *self, const char *jti, const char *account, GTask *task);
  void (*list_revoked) (AnnotStore *self, GTask *task);

  void (*get_secret) (AnnotStore *self, const char *name, const char *proposed, GTask *task);
  void (*erase_subject) (AnnotStore *self, const char *face_hash, const char *actor, const AnnotOutgoing *outgoing,
                         GTask *task);
  void (*retain) (AnnotStore *self, gint64 completed_age, gint64 frames_age, guint limit, GTask *task);

  /* Optional. */
  void (*inspect) (AnnotStore *self, GTask *task);
  void (*migrate) (AnnotStore *self, GTask *task);
  void (*dump) (AnnotStore *self, GTask *task);
  void (*restore) (AnnotStore *self, GPtrArray *records, GTask *task);

  gpointer reserved[4];
};

/* The wrappers: the only way the core calls a store. Each `_finish` answers what the method returned, or NULL/FALSE/-1
 * with error set. A call on a store that is not open answers ANNOT_ERROR_NOT_CONNECTED. */

#define ANNOT_STORE_ARGS GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data

ANNOT_API gboolean annot_store_configure (AnnotStore *self, AnnotConfig *config, GError **error);
/* Connects and migrates. Boolean. */
ANNOT_API void annot_store_open (AnnotStore *self, ANNOT_STORE_ARGS);
ANNOT_API gboolean annot_store_open_finish (AnnotStore *self, GAsyncResult *result, GError **error);
/* Boolean. Repeatable; also after a failed open. */
ANNOT_API void annot_store_close (AnnotStore *self, ANNOT_STORE_ARGS);
ANNOT_API gboolean annot_store_close_finish (AnnotStore *self, GAsyncResult *result, GError **error);
/* Pointer: AnnotHealth. A backend that is away is a healthy=FALSE answer, not an error. */
ANNOT_API void annot_store_health (AnnotStore *self, ANNOT_STORE_ARGS);
ANNOT_API AnnotHealth *annot_store_health_finish (AnnotStore *self, GAsyncResult *result, GError **error);

/* Puts a batch (element-type AnnotExample), all or nothing, durable when it answers. Doubles within the batch count as
 * known. Pointer: GArray of AnnotPutResult, one for each row in order. seq is gapless and in commit order. */
ANNOT_API void annot_store_put_examples (AnnotStore *self, GPtrArray *examples, ANNOT_STORE_ARGS);
ANNOT_API GArray *annot_store_put_examples_finish (AnnotStore *self, GAsyncResult *result, GError **error);
/* Pointer: AnnotPosition. Cheap: it does not count rows. */
ANNOT_API void annot_store_get_position (AnnotStore *self, ANNOT_STORE_ARGS);
ANNOT_API AnnotPosition *annot_store_get_position_finish (AnnotStore *self, GAsyncResult *result, GError **error);
/* Pointer: AnnotExample; ANNOT_ERROR_NOT_FOUND. */
ANNOT_API void annot_store_get_example (AnnotStore *self, const char *event_id, gboolean with_frame, ANNOT_STORE_ARGS);
ANNOT_API AnnotExample *annot_store_get_example_finish (AnnotStore *self, GAsyncResult *result, GError **error);
/* Pointer: AnnotExamplePage; ANNOT_ERROR_INVALID when the cursor is not one of this query's. */
ANNOT_API void annot_store_list_examples (AnnotStore *self, const AnnotExampleQuery *query, ANNOT_STORE_ARGS);
ANNOT_API AnnotExamplePage *annot_store_list_examples_finish (AnnotStore *self, GAsyncResult *result, GError **error);
/* Pointer: AnnotStats. */
ANNOT_API void annot_store_get_stats (AnnotStore *self, ANNOT_STORE_ARGS);
ANNOT_API AnnotStats *annot_store_get_stats_finish (AnnotStore *self, GAsyncResult *result, GError **error);

/* What is handed out at once comes to no more bytes of payload and detections than this, but for the first. */
#define ANNOT_CLAIM_BYTES (16 * 1024 * 1024)

/* Hands out up to count pending examples, highest priority first, then lowest seq; never one to two people, and never
 * one that this account has skipped. Pointer: GPtrArray of AnnotLease with example (without frame), empty when there is
 * none. */
ANNOT_API void annot_store_claim (AnnotStore *self, const char *annotator, guint count, guint lease_seconds,
                                  ANNOT_STORE_ARGS);
ANNOT_API GPtrArray *annot_store_claim_finish (AnnotStore *self, GAsyncResult *result, GError **error);
/* Moves the deadlines of those tokens (GArray of AnnotLeaseToken) that the account still holds. Pointer: GPtrArray of
 * the AnnotLease that were renewed (without example); a token that is not among them has ended. */
ANNOT_API void annot_store_renew (AnnotStore *self, const char *annotator, GArray *tokens, guint lease_seconds,
                                  ANNOT_STORE_ARGS);
ANNOT_API GPtrArray *annot_store_renew_finish (AnnotStore *self, GAsyncResult *result, GError **error);
/* Gives back. Pointer: GPtrArray of the AnnotLease that were released; tokens not held are passed over. */
ANNOT_API void annot_store_release (AnnotStore *self, const char *annotator, GArray *tokens, ANNOT_STORE_ARGS);
ANNOT_API GPtrArray *annot_store_release_finish (AnnotStore *self, GAsyncResult *result, GError **error);
/* Makes examples whose lease has passed its deadline pending again. Pointer: GPtrArray of these AnnotLease. */
ANNOT_API void annot_store_expire_leases (AnnotStore *self, guint limit, ANNOT_STORE_ARGS);
ANNOT_API GPtrArray *annot_store_expire_leases_finish (AnnotStore *self, GAsyncResult *result, GError **error);
/* Pointer: AnnotSubmitResult; errors as AnnotSubmission says. */
ANNOT_API void annot_store_submit (AnnotStore *self, const AnnotSubmission *submission, ANNOT_STORE_ARGS);
ANNOT_API AnnotSubmitResult *annot_store_submit_finish (AnnotStore *self, GAsyncResult *result, GError **error);
/* Int: the new AnnotExampleStatus, pending or skipped; of one that this account has skipped before, under whatever token,
 * the present one, which is leased when somebody else has it by now. NOT_FOUND, FINISHED, STALE as for submit. -1 on
 * error. */
ANNOT_API void annot_store_skip (AnnotStore *self, const AnnotSkip *skip, ANNOT_STORE_ARGS);
ANNOT_API int annot_store_skip_finish (AnnotStore *self, GAsyncResult *result, GError **error);
/* Removes the example, its frame, annotations and outgoing messages, and writes the event. Boolean; NOT_FOUND. */
ANNOT_API void annot_store_remove (AnnotStore *self, const char *event_id, const AnnotOutgoing *outgoing,
                                   ANNOT_STORE_ARGS);
ANNOT_API gboolean annot_store_remove_finish (AnnotStore *self, GAsyncResult *result, GError **error);

/* Claims messages that are due, oldest first, for claim_seconds; at most one of each example, and none of an example
 * whose earlier message is still unconfirmed. Pointer: GPtrArray of AnnotOutgoing, with frames. */
ANNOT_API void annot_store_take_outgoing (AnnotStore *self, guint limit, guint claim_seconds, ANNOT_STORE_ARGS);
ANNOT_API GPtrArray *annot_store_take_outgoing_finish (AnnotStore *self, GAsyncResult *result, GError **error);
/* Deletes: the broker has them. Unknown ids are passed over. Boolean. */
ANNOT_API void annot_store_confirm_outgoing (AnnotStore *self, const char *const *ids, ANNOT_STORE_ARGS);
ANNOT_API gboolean annot_store_confirm_outgoing_finish (AnnotStore *self, GAsyncResult *result, GError **error);
/* Ends the claim; counts an attempt when reason is not NULL; due again after delay_seconds (0: at once, which is also
 * "retry now"). Boolean; NOT_FOUND. */
ANNOT_API void annot_store_postpone_outgoing (AnnotStore *self, const char *id, guint delay_seconds,
                                              const char *reason, ANNOT_STORE_ARGS);
ANNOT_API gboolean annot_store_postpone_outgoing_finish (AnnotStore *self, GAsyncResult *result, GError **error);
/* Pointer: GPtrArray of AnnotOutgoing without frames, oldest first. */
ANNOT_API void annot_store_list_outgoing (AnnotStore *self, gboolean failed_only, guint limit, ANNOT_STORE_ARGS);
ANNOT_API GPtrArray *annot_store_list_outgoing_finish (AnnotStore *self, GAsyncResult *result, GError **error);
/* An admin gives a message up. Boolean; NOT_FOUND. */
ANNOT_API void annot_store_drop_outgoing (AnnotStore *self, const char *id, ANNOT_STORE_ARGS);
ANNOT_API gboolean annot_store_drop_outgoing_finish (AnnotStore *self, GAsyncResult *result, GError **error);

/* Boolean; ANNOT_ERROR_EXISTS. */
ANNOT_API void annot_store_add_account (AnnotStore *self, const AnnotAccount *account, ANNOT_STORE_ARGS);
ANNOT_API gboolean annot_store_add_account_finish (AnnotStore *self, GAsyncResult *result, GError **error);
/* Replaces password, roles and disabled, and revokes the account's sessions. Boolean; NOT_FOUND. */
ANNOT_API void annot_store_update_account (AnnotStore *self, const AnnotAccount *account, ANNOT_STORE_ARGS);
ANNOT_API gboolean annot_store_update_account_finish (AnnotStore *self, GAsyncResult *result, GError **error);
/* Removes it with its tokens, and revokes its sessions; annotations keep the name. Boolean; NOT_FOUND. */
ANNOT_API void annot_store_remove_account (AnnotStore *self, const char *name, ANNOT_STORE_ARGS);
ANNOT_API gboolean annot_store_remove_account_finish (AnnotStore *self, GAsyncResult *result, GError **error);
/* Pointer: AnnotAccount; NOT_FOUND. */
ANNOT_API void annot_store_get_account (AnnotStore *self, const char *name, ANNOT_STORE_ARGS);
ANNOT_API AnnotAccount *annot_store_get_account_finish (AnnotStore *self, GAsyncResult *result, GError **error);
/* Pointer: GPtrArray of AnnotAccount by name. */
ANNOT_API void annot_store_list_accounts (AnnotStore *self, ANNOT_STORE_ARGS);
ANNOT_API GPtrArray *annot_store_list_accounts_finish (AnnotStore *self, GAsyncResult *result, GError **error);

/* Boolean; NOT_FOUND when there is no such account. */
ANNOT_API void annot_store_add_token (AnnotStore *self, const AnnotToken *token, ANNOT_STORE_ARGS);
ANNOT_API gboolean annot_store_add_token_finish (AnnotStore *self, GAsyncResult *result, GError **error);
/* account NULL: whoever's it is. Boolean; NOT_FOUND. */
ANNOT_API void annot_store_remove_token (AnnotStore *self, const char *id, const char *account, ANNOT_STORE_ARGS);
ANNOT_API gboolean annot_store_remove_token_finish (AnnotStore *self, GAsyncResult *result, GError **error);
/* Pointer: AnnotToken; NOT_FOUND (also when expired). */
ANNOT_API void annot_store_find_token (AnnotStore *self, const char *hash, ANNOT_STORE_ARGS);
ANNOT_API AnnotToken *annot_store_find_token_finish (AnnotStore *self, GAsyncResult *result, GError **error);
/* account NULL: all. Pointer: GPtrArray of AnnotToken. */
ANNOT_API void annot_store_list_tokens (AnnotStore *self, const char *account, ANNOT_STORE_ARGS);
ANNOT_API GPtrArray *annot_store_list_tokens_finish (AnnotStore *self, GAsyncResult *result, GError **error);

/* Remembers a signed token that was given out, until it expires. Boolean. */
ANNOT_API void annot_store_add_session (AnnotStore *self, const AnnotSession *session, ANNOT_STORE_ARGS);
ANNOT_API gboolean annot_store_add_session_finish (AnnotStore *self, GAsyncResult *result, GError **error);
/* Exactly one of jti and account is set. Pointer: GPtrArray of the AnnotSession that are now revoked. */
ANNOT_API void annot_store_revoke_sessions (AnnotStore *self, const char *jti, const char *account, ANNOT_STORE_ARGS);
ANNOT_API GPtrArray *annot_store_revoke_sessions_finish (AnnotStore *self, GAsyncResult *result, GError **error);
/* Pointer: GPtrArray of the revoked AnnotSession that have not expired. */
ANNOT_API void annot_store_list_revoked (AnnotStore *self, ANNOT_STORE_ARGS);
ANNOT_API GPtrArray *annot_store_list_revoked_finish (AnnotStore *self, GAsyncResult *result, GError **error);

/* Keeps proposed under name unless there is one already. Pointer: char *, the one that is kept now. */
ANNOT_API void annot_store_get_secret (AnnotStore *self, const char *name, const char *proposed, ANNOT_STORE_ARGS);
ANNOT_API char *annot_store_get_secret_finish (AnnotStore *self, GAsyncResult *result, GError **error);
/* Erases every example that carries the hash, with all that belongs to it; writes the event and an audit entry (actor,
 * time, counts; no hash) in the same transaction. Pointer: AnnotErasure (g_free). */
ANNOT_API void annot_store_erase_subject (AnnotStore *self, const char *face_hash, const char *actor,
                                          const AnnotOutgoing *outgoing, ANNOT_STORE_ARGS);
ANNOT_API AnnotErasure *annot_store_erase_subject_finish (AnnotStore *self, GAsyncResult *result, GError **error);
/* Removes examples that were finished longer ago than completed_age, and frames of those longer ago than frames_age
 * (microseconds by the store's clock, 0: none), at most limit of each, never one whose message is still in the outbox;
 * also expired sessions and tokens. Pointer: AnnotErasure (g_free) of what is gone. */
ANNOT_API void annot_store_retain (AnnotStore *self, gint64 completed_age, gint64 frames_age, guint limit,
                                   ANNOT_STORE_ARGS);
ANNOT_API AnnotErasure *annot_store_retain_finish (AnnotStore *self, GAsyncResult *result, GError **error);

/* For administration, on a store that is not open; see AnnotStoreClass. What a plugin does not offer answers
 * G_IO_ERROR_NOT_SUPPORTED; on an open store each answers ANNOT_ERROR_EXISTS. annot_store_close() ends it. */

/* Where the database stands; changes nothing and makes nothing. Pointer: AnnotSchema. */
ANNOT_API void annot_store_inspect (AnnotStore *self, ANNOT_STORE_ARGS);
ANNOT_API AnnotSchema *annot_store_inspect_finish (AnnotStore *self, GAsyncResult *result, GError **error);
/* Makes the database if need be and applies what is pending, also for a plugin whose open does not do so. Int: how many
 * migrations, -1 on error; ANNOT_ERROR_CONFIG when a newer annotationd has migrated it. */
ANNOT_API void annot_store_migrate (AnnotStore *self, ANNOT_STORE_ARGS);
ANNOT_API int annot_store_migrate_finish (AnnotStore *self, GAsyncResult *result, GError **error);
/* Gives the next records, all calls together from one snapshot that the first one takes. After the `end` record comes an
 * empty batch, which ends the snapshot; the next call takes a new one. Changes nothing. Pointer: GPtrArray of GBytes.
 * ANNOT_ERROR_CONFIG: migrations are pending, or a copy into it was not finished. ANNOT_ERROR_STALE, instead of the
 * `end` record: others have written since the snapshot, so that it would be out of date. */
ANNOT_API void annot_store_dump (AnnotStore *self, ANNOT_STORE_ARGS);
ANNOT_API GPtrArray *annot_store_dump_finish (AnnotStore *self, GAsyncResult *result, GError **error);
/* Takes the next records in the order of a dump, a batch all or nothing, durable when it answers; the same batch once
 * more changes nothing. Boolean.
 *
 * `store` begins: the database must be migrated, and hold no account, token, example, annotation, audit entry or message,
 * and have given no seq, else ANNOT_ERROR_EXISTS; secrets, which a daemon makes when it starts, and sessions are
 * replaced. It is then marked as unfinished: until `end` it cannot be opened (ANNOT_ERROR_CONFIG with the remedy). A
 * database with that mark is emptied by `store` and begun anew, so that a copy that was interrupted is simply repeated.
 * `end` compares the numbers of rows with its own, ANNOT_ERROR_PERMANENT when they differ, and takes the mark away.
 * ANNOT_ERROR_INVALID: not a record, another format, or a record out of place. */
ANNOT_API void annot_store_restore (AnnotStore *self, GPtrArray *records, ANNOT_STORE_ARGS);
ANNOT_API gboolean annot_store_restore_finish (AnnotStore *self, GAsyncResult *result, GError **error);

G_END_DECLS
