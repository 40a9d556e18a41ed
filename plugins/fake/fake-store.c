/* SPDX-License-Identifier: Apache-2.0 */
/* A store whose calls fail, wait or hang as a script says, before a real one. */
#include "fake-backend.h"

#define FAKE_TYPE_STORE (fake_store_get_type ())
G_DECLARE_FINAL_TYPE (FakeStore, fake_store, FAKE, STORE, AnnotStore)

struct _FakeStore {
  AnnotStore parent_instance;
  FakeBackend *backend;
};

G_DEFINE_FINAL_TYPE (FakeStore, fake_store, ANNOT_TYPE_STORE)

static FakeBackend *
backend_of (AnnotStore *store)
{
  return FAKE_STORE (store)->backend;
}

#define BOOLEAN FAKE_BOOLEAN, NULL
#define INT FAKE_INT, NULL
#define LIST FAKE_POINTER, g_ptr_array_unref
#define PLAIN FAKE_POINTER, g_free
#define POINTER(type) FAKE_POINTER, type##_free
#define METHOD_0(...) FAKE_METHOD_0 (AnnotStore, store, __VA_ARGS__)
#define METHOD_1(...) FAKE_METHOD_1 (AnnotStore, store, __VA_ARGS__)
#define METHOD_2(...) FAKE_METHOD_2 (AnnotStore, store, __VA_ARGS__)
#define METHOD_3(...) FAKE_METHOD_3 (AnnotStore, store, __VA_ARGS__)

METHOD_0 (open, BOOLEAN)
METHOD_0 (close, BOOLEAN)
METHOD_0 (health, POINTER (annot_health))
METHOD_1 (put_examples, FAKE_POINTER, g_array_unref, GPtrArray *)
METHOD_0 (get_position, POINTER (annot_position))
METHOD_2 (get_example, FAKE_POINTER, annot_example_unref, const char *, gboolean)
METHOD_1 (list_examples, POINTER (annot_example_page), const AnnotExampleQuery *)
METHOD_0 (get_stats, POINTER (annot_stats))
METHOD_3 (claim, LIST, const char *, guint, guint)
METHOD_3 (renew, LIST, const char *, GArray *, guint)
METHOD_2 (release, LIST, const char *, GArray *)
METHOD_1 (expire_leases, LIST, guint)
METHOD_1 (submit, POINTER (annot_submit_result), const AnnotSubmission *)
METHOD_1 (skip, INT, const AnnotSkip *)
METHOD_2 (remove, BOOLEAN, const char *, const AnnotOutgoing *)
METHOD_2 (take_outgoing, LIST, guint, guint)
METHOD_1 (confirm_outgoing, BOOLEAN, const char *const *)
METHOD_3 (postpone_outgoing, BOOLEAN, const char *, guint, const char *)
METHOD_2 (list_outgoing, LIST, gboolean, guint)
METHOD_1 (drop_outgoing, BOOLEAN, const char *)
METHOD_1 (add_account, BOOLEAN, const AnnotAccount *)
METHOD_1 (update_account, BOOLEAN, const AnnotAccount *)
METHOD_1 (remove_account, BOOLEAN, const char *)
METHOD_1 (get_account, POINTER (annot_account), const char *)
METHOD_0 (list_accounts, LIST)
METHOD_1 (add_token, BOOLEAN, const AnnotToken *)
METHOD_2 (remove_token, BOOLEAN, const char *, const char *)
METHOD_1 (find_token, POINTER (annot_token), const char *)
METHOD_1 (list_tokens, LIST, const char *)
METHOD_1 (add_session, BOOLEAN, const AnnotSession *)
METHOD_2 (revoke_sessions, LIST, const char *, const char *)
METHOD_0 (list_revoked, LIST)
METHOD_2 (get_secret, PLAIN, const char *, const char *)
METHOD_3 (erase_subject, PLAIN, const char *, const char *, const AnnotOutgoing *)
METHOD_3 (retain, PLAIN, gint64, gint64, guint)

static gboolean
fake_store_configure (AnnotStore *store, AnnotConfig *config, GError **error)
{
  FAKE_STORE (store)->backend = fake_backend_new (ANNOT_PLUGIN_STORE, "fakestore", config, NULL, NULL, error);
  return FAKE_STORE (store)->backend != NULL;
}

static void
fake_store_close_all (AnnotStore *store, GTask *task)
{
  fake_backend_release (backend_of (store));
  fake_store_close (store, task);
}

static void
fake_store_finalize (GObject *object)
{
  g_clear_pointer (&FAKE_STORE (object)->backend, fake_backend_free);
  G_OBJECT_CLASS (fake_store_parent_class)->finalize (object);
}

static void
set_account_methods (AnnotStoreClass *store_class)
{
  store_class->add_account = fake_store_add_account;
  store_class->update_account = fake_store_update_account;
  store_class->remove_account = fake_store_remove_account;
  store_class->get_account = fake_store_get_account;
  store_class->list_accounts = fake_store_list_accounts;
  store_class->add_token = fake_store_add_token;
  store_class->remove_token = fake_store_remove_token;
  store_class->find_token = fake_store_find_token;
  store_class->list_tokens = fake_store_list_tokens;
  store_class->add_session = fake_store_add_session;
  store_class->revoke_sessions = fake_store_revoke_sessions;
  store_class->list_revoked = fake_store_list_revoked;
  store_class->get_secret = fake_store_get_secret;
}

static void
fake_store_class_init (FakeStoreClass *klass)
{
  AnnotStoreClass *store_class = ANNOT_STORE_CLASS (klass);

  G_OBJECT_CLASS (klass)->finalize = fake_store_finalize;
  store_class->configure = fake_store_configure;
  store_class->open = fake_store_open;
  store_class->close = fake_store_close_all;
  store_class->health = fake_store_health;
  store_class->put_examples = fake_store_put_examples;
  store_class->get_position = fake_store_get_position;
  store_class->get_example = fake_store_get_example;
  store_class->list_examples = fake_store_list_examples;
  store_class->get_stats = fake_store_get_stats;
  store_class->claim = fake_store_claim;
  store_class->renew = fake_store_renew;
  store_class->release = fake_store_release;
  store_class->expire_leases = fake_store_expire_leases;
  store_class->submit = fake_store_submit;
  store_class->skip = fake_store_skip;
  store_class->remove = fake_store_remove;
  store_class->take_outgoing = fake_store_take_outgoing;
  store_class->confirm_outgoing = fake_store_confirm_outgoing;
  store_class->postpone_outgoing = fake_store_postpone_outgoing;
  store_class->list_outgoing = fake_store_list_outgoing;
  store_class->drop_outgoing = fake_store_drop_outgoing;
  store_class->erase_subject = fake_store_erase_subject;
  store_class->retain = fake_store_retain;
  set_account_methods (store_class);
}

static void
fake_store_init (FakeStore *self)
{
}

static const AnnotOption options[] = {
  { .group = "fakestore",
    .key = "backend",
    .type = ANNOT_OPTION_STRING,
    .fallback = "sqlite",
    .summary = "real store" },
  { .group = "fakestore", .key = "plugin-dir", .type = ANNOT_OPTION_PATH, .summary = "where its module is" },
  { .group = "fakestore", .key = "script", .type = ANNOT_OPTION_PATH, .summary = "file of the rules" },
  { .group = NULL },
};

ANNOT_PLUGIN_DEFINE (ANNOT_PLUGIN_STORE, "fakestore", PACKAGE_VERSION, "a store that fails as a script says", options,
                     fake_store_get_type);
