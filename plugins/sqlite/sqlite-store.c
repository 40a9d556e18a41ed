/* SPDX-License-Identifier: Apache-2.0 */
/* The store in one SQLite database: hands each call to the writer's thread or to the readers'. */
#include "sqlite-store.h"

#include "sqlite-maintenance.h"
#include "sqlite-open.h"
#include "sqlite-operations.h"
#include "sqlite-reader.h"
#include "sqlite-writer.h"

#define READERS 2
/* Searches and exports may read all of the database: they have connections of their own, so that nothing quick, and the
 * health least of all, waits behind them. */
#define SEARCHERS 2
#define WRITES_BOUND 4096
#define READS_BOUND 1024
#define SEARCHES_BOUND 256
#define BYTES_A_PAGE 4096
/* A write that takes longer than this makes the store unhealthy. */
#define STUCK_SECONDS 2

struct _SqliteStore {
  AnnotStore parent_instance;

  SqliteSettings settings;
  SqliteThreads *writer;
  SqliteThreads *readers;
  SqliteThreads *searchers;
  SqliteMaintenance *maintenance;
};

G_DEFINE_FINAL_TYPE (SqliteStore, sqlite_store, ANNOT_TYPE_STORE)

static gboolean
sqlite_store_configure (AnnotStore *store, AnnotConfig *config, GError **error)
{
  SqliteStore *self = SQLITE_STORE (store);
  const char *path = annot_config_get_string (config, "sqlite", "path");
  gint64 bytes = annot_config_get_integer (config, "sqlite", "max-size");

  g_free (self->settings.path);
  self->settings.path = path ? g_strdup (path) : annot_config_get_state_path (config, "annotationd.db");
  self->settings.busy_milliseconds = (guint) annot_config_get_integer (config, "sqlite", "busy-timeout") * 1000;
  self->settings.max_pages = (guint) MIN (bytes / BYTES_A_PAGE, G_MAXINT32);
  g_clear_pointer (&self->maintenance, sqlite_maintenance_free);
  self->maintenance = sqlite_maintenance_new (&self->settings);
  return TRUE;
}

/* In a thread of its own: everything that may block. */
static void
open_connections (GTask *task, gpointer source, gpointer task_data, GCancellable *cancellable)
{
  g_autoptr (GError) error = NULL;
  GPtrArray *connections = sqlite_open_connections (task_data, READERS + SEARCHERS, &error);

  if (connections)
    g_task_return_pointer (task, connections, (GDestroyNotify) g_ptr_array_unref);
  else
    g_task_return_error (task, g_steal_pointer (&error));
}

static void
opened (GObject *source, GAsyncResult *result, gpointer user_data)
{
  SqliteStore *self = SQLITE_STORE (source);
  g_autoptr (GTask) task = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) readers = g_task_propagate_pointer (G_TASK (result), &error);
  g_autoptr (GPtrArray) writer = g_ptr_array_new ();
  g_autoptr (GPtrArray) searchers = g_ptr_array_new ();

  if (error) {
    g_task_return_error (task, g_steal_pointer (&error));
    return;
  }
  g_ptr_array_add (writer, g_ptr_array_steal_index (readers, 0));
  while (searchers->len < SEARCHERS)
    g_ptr_array_add (searchers, g_ptr_array_steal_index (readers, 0));
  self->writer = sqlite_threads_start ("sqlite-writer", writer, sqlite_writer_loop, WRITES_BOUND);
  self->readers = sqlite_threads_start ("sqlite-reader", readers, sqlite_reader_loop, READS_BOUND);
  self->searchers = sqlite_threads_start ("sqlite-search", searchers, sqlite_reader_loop, SEARCHES_BOUND);
  g_task_return_boolean (task, TRUE);
}

static void
sqlite_store_open (AnnotStore *store, GTask *task)
{
  SqliteStore *self = SQLITE_STORE (store);
  g_autoptr (GTask) opening = g_task_new (self, g_task_get_cancellable (task), opened, task);

  self->settings.clock_base = g_get_real_time () - g_get_monotonic_time ();
  g_task_set_check_cancellable (opening, FALSE);
  g_task_set_task_data (opening, &self->settings, NULL);
  g_task_run_in_thread (opening, open_connections);
}

/* The last reference to self may be the task's. */
static void
searchers_stopped (gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  SqliteStore *self = g_task_get_source_object (task);

  g_clear_pointer (&self->searchers, sqlite_threads_free);
  g_task_return_boolean (task, TRUE);
}

static void
readers_stopped (gpointer user_data)
{
  SqliteStore *self = g_task_get_source_object (user_data);

  g_clear_pointer (&self->readers, sqlite_threads_free);
  sqlite_threads_stop (self->searchers, searchers_stopped, user_data);
}

/* The readers end last: a write may have been asked for before a read, and each is answered. */
static void
writer_stopped (gpointer user_data)
{
  SqliteStore *self = g_task_get_source_object (user_data);

  g_clear_pointer (&self->writer, sqlite_threads_free);
  sqlite_threads_stop (self->readers, readers_stopped, user_data);
}

static void
sqlite_store_close (AnnotStore *store, GTask *task)
{
  SqliteStore *self = SQLITE_STORE (store);

  if (self->writer)
    sqlite_threads_stop (self->writer, writer_stopped, task);
  else
    sqlite_maintenance_close (self->maintenance, task);
}

/* Queues a copy of call, whose task it takes over. */
static void
enqueue (SqliteThreads *threads, const SqliteCall *call)
{
  SqliteCall *queued = g_memdup2 (call, sizeof *call);
  g_autoptr (GError) error = NULL;

  if (sqlite_threads_push (threads, queued, &error))
    return;
  sqlite_call_fail (queued, error);
  sqlite_call_answer (queued);
}

#define WRITE(store, operation_, task_, ...)                                                                           \
  enqueue (SQLITE_STORE (store)->writer, &(SqliteCall){ .operation = &(operation_), .task = (task_), __VA_ARGS__ })
#define READ(store, operation_, task_, ...)                                                                            \
  enqueue (SQLITE_STORE (store)->readers, &(SqliteCall){ .operation = &(operation_), .task = (task_), __VA_ARGS__ })

/* While the last transaction failed only another one can tell whether writing works again. */
static void
sqlite_store_health (AnnotStore *store, GTask *task)
{
  SqliteStore *self = SQLITE_STORE (store);
  guint waiting = sqlite_threads_get_waiting (self->writer);
  guint seconds = sqlite_threads_get_busy_seconds (self->writer);

  if (seconds >= STUCK_SECONDS)
    READ (store, sqlite_report_stuck, task, .count = waiting, .seconds = seconds);
  else if (sqlite_threads_get_failing (self->writer))
    WRITE (store, sqlite_check_writing, task, .count = waiting);
  else
    READ (store, sqlite_check_reading, task, .count = waiting);
}

#define SEARCH(store, operation_, task_, ...)                                                                          \
  enqueue (SQLITE_STORE (store)->searchers, &(SqliteCall){ .operation = &(operation_), .task = (task_), __VA_ARGS__ })

static void
sqlite_store_put_examples (AnnotStore *store, GPtrArray *examples, GTask *task)
{
  WRITE (store, sqlite_put_examples, task, .subject = examples);
}

static void
sqlite_store_get_position (AnnotStore *store, GTask *task)
{
  READ (store, sqlite_get_position, task, .count = 0);
}

static void
sqlite_store_get_example (AnnotStore *store, const char *event_id, gboolean with_frame, GTask *task)
{
  READ (store, sqlite_get_example, task, .id = event_id, .flag = with_frame);
}

static void
sqlite_store_list_examples (AnnotStore *store, const AnnotExampleQuery *query, GTask *task)
{
  /* Neither an index nor the page's size bounds how much these read. */
  gboolean long_one = query->text || query->label || query->annotator || query->offset > 0 || query->with_frame
                      || query->with_annotation || query->finished_after > 0 || query->finished_before > 0;

  if (long_one)
    SEARCH (store, sqlite_list_examples, task, .subject = query);
  else
    READ (store, sqlite_list_examples, task, .subject = query);
}

static void
sqlite_store_get_stats (AnnotStore *store, GTask *task)
{
  READ (store, sqlite_get_stats, task, .count = 0);
}

static void
sqlite_store_claim (AnnotStore *store, const char *annotator, guint count, guint lease_seconds, GTask *task)
{
  WRITE (store, sqlite_claim, task, .account = annotator, .count = count, .seconds = lease_seconds);
}

static void
sqlite_store_renew (AnnotStore *store, const char *annotator, GArray *tokens, guint lease_seconds, GTask *task)
{
  WRITE (store, sqlite_renew, task, .account = annotator, .tokens = tokens, .seconds = lease_seconds);
}

static void
sqlite_store_release (AnnotStore *store, const char *annotator, GArray *tokens, GTask *task)
{
  WRITE (store, sqlite_release, task, .account = annotator, .tokens = tokens);
}

static void
sqlite_store_expire_leases (AnnotStore *store, guint limit, GTask *task)
{
  WRITE (store, sqlite_expire_leases, task, .count = limit);
}

static void
sqlite_store_submit (AnnotStore *store, const AnnotSubmission *submission, GTask *task)
{
  WRITE (store, sqlite_submit, task, .subject = submission);
}

static void
sqlite_store_skip (AnnotStore *store, const AnnotSkip *skip, GTask *task)
{
  WRITE (store, sqlite_skip, task, .subject = skip);
}

static void
sqlite_store_remove (AnnotStore *store, const char *event_id, const AnnotOutgoing *outgoing, GTask *task)
{
  WRITE (store, sqlite_remove, task, .id = event_id, .outgoing = outgoing);
}

static void
sqlite_store_take_outgoing (AnnotStore *store, guint limit, guint claim_seconds, GTask *task)
{
  WRITE (store, sqlite_take_outgoing, task, .count = limit, .seconds = claim_seconds);
}

static void
sqlite_store_confirm_outgoing (AnnotStore *store, const char *const *ids, GTask *task)
{
  WRITE (store, sqlite_confirm_outgoing, task, .subject = ids);
}

static void
sqlite_store_postpone_outgoing (AnnotStore *store, const char *id, guint delay_seconds, const char *reason, GTask *task)
{
  WRITE (store, sqlite_postpone_outgoing, task, .id = id, .seconds = delay_seconds, .text = reason);
}

static void
sqlite_store_list_outgoing (AnnotStore *store, gboolean failed_only, guint limit, GTask *task)
{
  READ (store, sqlite_list_outgoing, task, .flag = failed_only, .count = limit);
}

static void
sqlite_store_drop_outgoing (AnnotStore *store, const char *id, GTask *task)
{
  WRITE (store, sqlite_drop_outgoing, task, .id = id);
}

static void
sqlite_store_add_account (AnnotStore *store, const AnnotAccount *account, GTask *task)
{
  WRITE (store, sqlite_add_account, task, .subject = account);
}

static void
sqlite_store_update_account (AnnotStore *store, const AnnotAccount *account, GTask *task)
{
  WRITE (store, sqlite_update_account, task, .subject = account);
}

static void
sqlite_store_remove_account (AnnotStore *store, const char *name, GTask *task)
{
  WRITE (store, sqlite_remove_account, task, .id = name);
}

static void
sqlite_store_get_account (AnnotStore *store, const char *name, GTask *task)
{
  READ (store, sqlite_get_account, task, .id = name);
}

static void
sqlite_store_list_accounts (AnnotStore *store, GTask *task)
{
  READ (store, sqlite_list_accounts, task, .count = 0);
}

static void
sqlite_store_add_token (AnnotStore *store, const AnnotToken *token, GTask *task)
{
  WRITE (store, sqlite_add_token, task, .subject = token);
}

static void
sqlite_store_remove_token (AnnotStore *store, const char *id, const char *account, GTask *task)
{
  WRITE (store, sqlite_remove_token, task, .id = id, .account = account);
}

static void
sqlite_store_find_token (AnnotStore *store, const char *hash, GTask *task)
{
  READ (store, sqlite_find_token, task, .id = hash);
}

static void
sqlite_store_list_tokens (AnnotStore *store, const char *account, GTask *task)
{
  READ (store, sqlite_list_tokens, task, .account = account);
}

static void
sqlite_store_add_session (AnnotStore *store, const AnnotSession *session, GTask *task)
{
  WRITE (store, sqlite_add_session, task, .subject = session);
}

static void
sqlite_store_revoke_sessions (AnnotStore *store, const char *jti, const char *account, GTask *task)
{
  WRITE (store, sqlite_revoke_sessions, task, .id = jti, .account = account);
}

static void
sqlite_store_list_revoked (AnnotStore *store, GTask *task)
{
  READ (store, sqlite_list_revoked, task, .count = 0);
}

static void
sqlite_store_get_secret (AnnotStore *store, const char *name, const char *proposed, GTask *task)
{
  WRITE (store, sqlite_get_secret, task, .id = name, .text = proposed);
}

static void
sqlite_store_erase_subject (AnnotStore *store, const char *face_hash, const char *actor, const AnnotOutgoing *outgoing,
                            GTask *task)
{
  WRITE (store, sqlite_erase_subject, task, .id = face_hash, .account = actor, .outgoing = outgoing);
}

static void
sqlite_store_retain (AnnotStore *store, gint64 completed_age, gint64 frames_age, guint limit, GTask *task)
{
  WRITE (store, sqlite_retain, task, .age = completed_age, .frames_age = frames_age, .count = limit);
}

static void
sqlite_store_inspect (AnnotStore *store, GTask *task)
{
  sqlite_maintenance_inspect (SQLITE_STORE (store)->maintenance, task);
}

static void
sqlite_store_migrate (AnnotStore *store, GTask *task)
{
  sqlite_maintenance_migrate (SQLITE_STORE (store)->maintenance, task);
}

static void
sqlite_store_dump (AnnotStore *store, GTask *task)
{
  sqlite_maintenance_dump (SQLITE_STORE (store)->maintenance, task);
}

static void
sqlite_store_restore (AnnotStore *store, GPtrArray *records, GTask *task)
{
  sqlite_maintenance_restore (SQLITE_STORE (store)->maintenance, records, task);
}

static void
sqlite_store_finalize (GObject *object)
{
  SqliteStore *self = SQLITE_STORE (object);

  g_clear_pointer (&self->writer, sqlite_threads_free);
  g_clear_pointer (&self->readers, sqlite_threads_free);
  g_clear_pointer (&self->searchers, sqlite_threads_free);
  g_clear_pointer (&self->maintenance, sqlite_maintenance_free);
  g_free (self->settings.path);
  G_OBJECT_CLASS (sqlite_store_parent_class)->finalize (object);
}

static void
sqlite_store_class_init (SqliteStoreClass *klass)
{
  AnnotStoreClass *store_class = ANNOT_STORE_CLASS (klass);

  G_OBJECT_CLASS (klass)->finalize = sqlite_store_finalize;
  store_class->configure = sqlite_store_configure;
  store_class->open = sqlite_store_open;
  store_class->close = sqlite_store_close;
  store_class->health = sqlite_store_health;
  store_class->put_examples = sqlite_store_put_examples;
  store_class->get_position = sqlite_store_get_position;
  store_class->get_example = sqlite_store_get_example;
  store_class->list_examples = sqlite_store_list_examples;
  store_class->get_stats = sqlite_store_get_stats;
  store_class->claim = sqlite_store_claim;
  store_class->renew = sqlite_store_renew;
  store_class->release = sqlite_store_release;
  store_class->expire_leases = sqlite_store_expire_leases;
  store_class->submit = sqlite_store_submit;
  store_class->skip = sqlite_store_skip;
  store_class->remove = sqlite_store_remove;
  store_class->take_outgoing = sqlite_store_take_outgoing;
  store_class->confirm_outgoing = sqlite_store_confirm_outgoing;
  store_class->postpone_outgoing = sqlite_store_postpone_outgoing;
  store_class->list_outgoing = sqlite_store_list_outgoing;
  store_class->drop_outgoing = sqlite_store_drop_outgoing;
  store_class->add_account = sqlite_store_add_account;
  store_class->update_account = sqlite_store_update_account;
  store_class->remove_account = sqlite_store_remove_account;
  store_class->get_account = sqlite_store_get_account;
  store_class->list_accounts = sqlite_store_list_accounts;
  store_class->add_token = sqlite_store_add_token;
  store_class->remove_token = sqlite_store_remove_token;
  store_class->find_token = sqlite_store_find_token;
  store_class->list_tokens = sqlite_store_list_tokens;
  store_class->add_session = sqlite_store_add_session;
  store_class->revoke_sessions = sqlite_store_revoke_sessions;
  store_class->list_revoked = sqlite_store_list_revoked;
  store_class->get_secret = sqlite_store_get_secret;
  store_class->erase_subject = sqlite_store_erase_subject;
  store_class->retain = sqlite_store_retain;
  store_class->inspect = sqlite_store_inspect;
  store_class->migrate = sqlite_store_migrate;
  store_class->dump = sqlite_store_dump;
  store_class->restore = sqlite_store_restore;
}

static void
sqlite_store_init (SqliteStore *self)
{
}
