/* SPDX-License-Identifier: Apache-2.0 */
/* The store's methods: each becomes a request to the pool. */
#include "postgres-store.h"

#include "postgres-maintenance.h"
#include "postgres-operations.h"

struct _PostgresStore {
  AnnotStore parent_instance;

  PostgresSettings *settings;
  PostgresPool *pool;
  PostgresMaintenance *maintenance;
};

G_DEFINE_FINAL_TYPE (PostgresStore, postgres_store, ANNOT_TYPE_STORE)

static gboolean
postgres_store_configure (AnnotStore *store, AnnotConfig *config, GError **error)
{
  PostgresStore *self = POSTGRES_STORE (store);
  PostgresSettings *settings = postgres_settings_new (config, error);

  if (!settings)
    return FALSE;
  g_clear_pointer (&self->settings, postgres_settings_unref);
  self->settings = settings;
  g_clear_pointer (&self->maintenance, postgres_maintenance_free);
  self->maintenance = postgres_maintenance_new (settings);
  return TRUE;
}

static void
opened (GObject *source, GAsyncResult *result, gpointer user_data)
{
  PostgresStore *self = POSTGRES_STORE (source);
  g_autoptr (GTask) task = user_data;
  g_autoptr (GError) error = NULL;

  if (g_task_propagate_boolean (G_TASK (result), &error)) {
    g_task_return_boolean (task, TRUE);
    return;
  }
  g_clear_pointer (&self->pool, postgres_pool_free);
  g_task_return_error (task, g_steal_pointer (&error));
}

static void
postgres_store_open (AnnotStore *store, GTask *task)
{
  PostgresStore *self = POSTGRES_STORE (store);
  g_autoptr (GTask) opening = g_task_new (self, g_task_get_cancellable (task), opened, task);

  g_task_set_check_cancellable (opening, FALSE);
  self->pool = postgres_pool_new (self->settings);
  postgres_pool_open (self->pool, opening);
}

/* The last reference to self may be the task's. */
static gboolean
closed (gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  PostgresStore *self = g_task_get_source_object (task);

  g_clear_pointer (&self->pool, postgres_pool_free);
  g_task_return_boolean (task, TRUE);
  return G_SOURCE_REMOVE;
}

static void
postgres_store_close (AnnotStore *store, GTask *task)
{
  PostgresStore *self = POSTGRES_STORE (store);

  if (self->pool)
    postgres_pool_close (self->pool, closed, task);
  else
    postgres_maintenance_close (self->maintenance, task);
}

static void
postgres_store_health (AnnotStore *store, GTask *task)
{
  postgres_check_health (POSTGRES_STORE (store)->pool, task);
}

static void
postgres_store_put_examples (AnnotStore *store, GPtrArray *examples, GTask *task)
{
  postgres_put_examples (POSTGRES_STORE (store)->pool, examples, task);
}

static void
postgres_store_get_position (AnnotStore *store, GTask *task)
{
  postgres_get_position (POSTGRES_STORE (store)->pool, task);
}

static void
postgres_store_get_example (AnnotStore *store, const char *event_id, gboolean with_frame, GTask *task)
{
  postgres_get_example (POSTGRES_STORE (store)->pool, event_id, with_frame, task);
}

static void
postgres_store_list_examples (AnnotStore *store, const AnnotExampleQuery *query, GTask *task)
{
  postgres_list_examples (POSTGRES_STORE (store)->pool, query, task);
}

static void
postgres_store_get_stats (AnnotStore *store, GTask *task)
{
  postgres_get_stats (POSTGRES_STORE (store)->pool, task);
}

static void
postgres_store_claim (AnnotStore *store, const char *annotator, guint count, guint lease_seconds, GTask *task)
{
  postgres_claim (POSTGRES_STORE (store)->pool, annotator, count, lease_seconds, task);
}

static void
postgres_store_renew (AnnotStore *store, const char *annotator, GArray *tokens, guint lease_seconds, GTask *task)
{
  postgres_renew (POSTGRES_STORE (store)->pool, annotator, tokens, lease_seconds, task);
}

static void
postgres_store_release (AnnotStore *store, const char *annotator, GArray *tokens, GTask *task)
{
  postgres_release (POSTGRES_STORE (store)->pool, annotator, tokens, task);
}

static void
postgres_store_expire_leases (AnnotStore *store, guint limit, GTask *task)
{
  postgres_expire_leases (POSTGRES_STORE (store)->pool, limit, task);
}

static void
postgres_store_submit (AnnotStore *store, const AnnotSubmission *submission, GTask *task)
{
  postgres_submit (POSTGRES_STORE (store)->pool, submission, task);
}

static void
postgres_store_skip (AnnotStore *store, const AnnotSkip *skip, GTask *task)
{
  postgres_skip (POSTGRES_STORE (store)->pool, skip, task);
}

static void
postgres_store_remove (AnnotStore *store, const char *event_id, const AnnotOutgoing *outgoing, GTask *task)
{
  postgres_remove (POSTGRES_STORE (store)->pool, event_id, outgoing, task);
}

static void
postgres_store_take_outgoing (AnnotStore *store, guint limit, guint claim_seconds, GTask *task)
{
  postgres_take_outgoing (POSTGRES_STORE (store)->pool, limit, claim_seconds, task);
}

static void
postgres_store_confirm_outgoing (AnnotStore *store, const char *const *ids, GTask *task)
{
  postgres_confirm_outgoing (POSTGRES_STORE (store)->pool, ids, task);
}

static void
postgres_store_postpone_outgoing (AnnotStore *store, const char *id, guint delay_seconds, const char *reason,
                                  GTask *task)
{
  postgres_postpone_outgoing (POSTGRES_STORE (store)->pool, id, delay_seconds, reason, task);
}

static void
postgres_store_list_outgoing (AnnotStore *store, gboolean failed_only, guint limit, GTask *task)
{
  postgres_list_outgoing (POSTGRES_STORE (store)->pool, failed_only, limit, task);
}

static void
postgres_store_drop_outgoing (AnnotStore *store, const char *id, GTask *task)
{
  postgres_drop_outgoing (POSTGRES_STORE (store)->pool, id, task);
}

static void
postgres_store_add_account (AnnotStore *store, const AnnotAccount *account, GTask *task)
{
  postgres_add_account (POSTGRES_STORE (store)->pool, account, task);
}

static void
postgres_store_update_account (AnnotStore *store, const AnnotAccount *account, GTask *task)
{
  postgres_update_account (POSTGRES_STORE (store)->pool, account, task);
}

static void
postgres_store_remove_account (AnnotStore *store, const char *name, GTask *task)
{
  postgres_remove_account (POSTGRES_STORE (store)->pool, name, task);
}

static void
postgres_store_get_account (AnnotStore *store, const char *name, GTask *task)
{
  postgres_get_account (POSTGRES_STORE (store)->pool, name, task);
}

static void
postgres_store_list_accounts (AnnotStore *store, GTask *task)
{
  postgres_list_accounts (POSTGRES_STORE (store)->pool, task);
}

static void
postgres_store_add_token (AnnotStore *store, const AnnotToken *token, GTask *task)
{
  postgres_add_token (POSTGRES_STORE (store)->pool, token, task);
}

static void
postgres_store_remove_token (AnnotStore *store, const char *id, const char *account, GTask *task)
{
  postgres_remove_token (POSTGRES_STORE (store)->pool, id, account, task);
}

static void
postgres_store_find_token (AnnotStore *store, const char *hash, GTask *task)
{
  postgres_find_token (POSTGRES_STORE (store)->pool, hash, task);
}

static void
postgres_store_list_tokens (AnnotStore *store, const char *account, GTask *task)
{
  postgres_list_tokens (POSTGRES_STORE (store)->pool, account, task);
}

static void
postgres_store_add_session (AnnotStore *store, const AnnotSession *session, GTask *task)
{
  postgres_add_session (POSTGRES_STORE (store)->pool, session, task);
}

static void
postgres_store_revoke_sessions (AnnotStore *store, const char *jti, const char *account, GTask *task)
{
  postgres_revoke_sessions (POSTGRES_STORE (store)->pool, jti, account, task);
}

static void
postgres_store_list_revoked (AnnotStore *store, GTask *task)
{
  postgres_list_revoked (POSTGRES_STORE (store)->pool, task);
}

static void
postgres_store_get_secret (AnnotStore *store, const char *name, const char *proposed, GTask *task)
{
  postgres_get_secret (POSTGRES_STORE (store)->pool, name, proposed, task);
}

static void
postgres_store_erase_subject (AnnotStore *store, const char *face_hash, const char *actor,
                              const AnnotOutgoing *outgoing, GTask *task)
{
  postgres_erase_subject (POSTGRES_STORE (store)->pool, face_hash, actor, outgoing, task);
}

static void
postgres_store_retain (AnnotStore *store, gint64 completed_age, gint64 frames_age, guint limit, GTask *task)
{
  postgres_retain (POSTGRES_STORE (store)->pool, completed_age, frames_age, limit, task);
}

static void
postgres_store_inspect (AnnotStore *store, GTask *task)
{
  postgres_maintenance_inspect (POSTGRES_STORE (store)->maintenance, task);
}

static void
postgres_store_migrate (AnnotStore *store, GTask *task)
{
  postgres_maintenance_migrate (POSTGRES_STORE (store)->maintenance, task);
}

static void
postgres_store_dump (AnnotStore *store, GTask *task)
{
  postgres_maintenance_dump (POSTGRES_STORE (store)->maintenance, task);
}

static void
postgres_store_restore (AnnotStore *store, GPtrArray *records, GTask *task)
{
  postgres_maintenance_restore (POSTGRES_STORE (store)->maintenance, records, task);
}

static void
postgres_store_finalize (GObject *object)
{
  PostgresStore *self = POSTGRES_STORE (object);

  g_clear_pointer (&self->pool, postgres_pool_free);
  g_clear_pointer (&self->maintenance, postgres_maintenance_free);
  g_clear_pointer (&self->settings, postgres_settings_unref);
  G_OBJECT_CLASS (postgres_store_parent_class)->finalize (object);
}

static void
postgres_store_class_init (PostgresStoreClass *klass)
{
  AnnotStoreClass *store_class = ANNOT_STORE_CLASS (klass);

  G_OBJECT_CLASS (klass)->finalize = postgres_store_finalize;
  store_class->configure = postgres_store_configure;
  store_class->open = postgres_store_open;
  store_class->close = postgres_store_close;
  store_class->health = postgres_store_health;
  store_class->put_examples = postgres_store_put_examples;
  store_class->get_position = postgres_store_get_position;
  store_class->get_example = postgres_store_get_example;
  store_class->list_examples = postgres_store_list_examples;
  store_class->get_stats = postgres_store_get_stats;
  store_class->claim = postgres_store_claim;
  store_class->renew = postgres_store_renew;
  store_class->release = postgres_store_release;
  store_class->expire_leases = postgres_store_expire_leases;
  store_class->submit = postgres_store_submit;
  store_class->skip = postgres_store_skip;
  store_class->remove = postgres_store_remove;
  store_class->take_outgoing = postgres_store_take_outgoing;
  store_class->confirm_outgoing = postgres_store_confirm_outgoing;
  store_class->postpone_outgoing = postgres_store_postpone_outgoing;
  store_class->list_outgoing = postgres_store_list_outgoing;
  store_class->drop_outgoing = postgres_store_drop_outgoing;
  store_class->add_account = postgres_store_add_account;
  store_class->update_account = postgres_store_update_account;
  store_class->remove_account = postgres_store_remove_account;
  store_class->get_account = postgres_store_get_account;
  store_class->list_accounts = postgres_store_list_accounts;
  store_class->add_token = postgres_store_add_token;
  store_class->remove_token = postgres_store_remove_token;
  store_class->find_token = postgres_store_find_token;
  store_class->list_tokens = postgres_store_list_tokens;
  store_class->add_session = postgres_store_add_session;
  store_class->revoke_sessions = postgres_store_revoke_sessions;
  store_class->list_revoked = postgres_store_list_revoked;
  store_class->get_secret = postgres_store_get_secret;
  store_class->erase_subject = postgres_store_erase_subject;
  store_class->retain = postgres_store_retain;
  store_class->inspect = postgres_store_inspect;
  store_class->migrate = postgres_store_migrate;
  store_class->dump = postgres_store_dump;
  store_class->restore = postgres_store_restore;
}

static void
postgres_store_init (PostgresStore *self)
{
}
