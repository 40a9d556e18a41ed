/* SPDX-License-Identifier: Apache-2.0 */
/* Accounts, tokens, sessions and secrets. */
#include "store-contract.h"

static void
add_account (AnnotStore *store, const char *name, AnnotRoles roles)
{
  g_autoptr (AnnotAccount) account = annot_account_new (name, roles);

  g_free (account->password_hash);
  account->password_hash = g_strdup ("$y$hash");
  g_assert_true (STORE_GET (store, add_account, account));
}

static void
add_token (AnnotStore *store, const char *id, const char *account, gint64 expires_at)
{
  g_autoptr (AnnotToken) token = annot_token_new ();

  token->id = g_strdup (id);
  token->account = g_strdup (account);
  token->description = g_strdup ("for a script");
  token->hash = g_strdup_printf ("hash-of-%s", id);
  token->roles = ANNOT_ROLE_PRODUCER;
  token->created_at = 17;
  token->expires_at = expires_at;
  g_assert_true (STORE_GET (store, add_token, token));
}

static void
add_session (AnnotStore *store, const char *jti, const char *account, gint64 lifetime)
{
  g_autoptr (AnnotSession) session
      = annot_session_new (jti, account, g_get_real_time () + lifetime * G_TIME_SPAN_SECOND);

  g_assert_true (STORE_GET (store, add_session, session));
}

static guint
count_revoked (AnnotStore *store)
{
  g_autoptr (GPtrArray) revoked = STORE_GET (store, list_revoked);

  return revoked->len;
}

static void
test_accounts (StoreFixture *fixture, gconstpointer plugin)
{
  AnnotStore *store = fixture->store;
  g_autoptr (AnnotAccount) got = NULL;
  g_autoptr (AnnotAccount) changed = NULL;
  g_autoptr (AnnotAccount) again = annot_account_new ("bob", ANNOT_ROLE_ADMIN);
  g_autoptr (GPtrArray) all = NULL;
  g_autoptr (GPtrArray) rest = NULL;

  add_account (store, "zoe", ANNOT_ROLE_ANNOTATOR);
  add_account (store, "bob", ANNOT_ROLE_ANNOTATOR | ANNOT_ROLE_ADMIN);
  STORE_FAIL (store, ANNOT_ERROR_EXISTS, add_account, again);
  got = STORE_GET (store, get_account, "bob");
  g_assert_cmpstr (got->name, ==, "bob");
  g_assert_cmpstr (got->password_hash, ==, "$y$hash");
  g_assert_cmpuint (got->roles, ==, ANNOT_ROLE_ANNOTATOR | ANNOT_ROLE_ADMIN);
  g_assert_false (got->disabled);
  g_assert_cmpint (got->created_at, >, 0);
  all = STORE_GET (store, list_accounts);
  g_assert_cmpuint (all->len, ==, 2);
  g_assert_cmpstr (((AnnotAccount *) all->pdata[0])->name, ==, "bob");
  changed = annot_account_copy (got);
  g_clear_pointer (&changed->password_hash, g_free);
  changed->roles = ANNOT_ROLE_PRODUCER;
  changed->disabled = TRUE;
  g_assert_true (STORE_GET (store, update_account, changed));
  g_clear_pointer (&got, annot_account_free);
  got = STORE_GET (store, get_account, "bob");
  g_assert_null (got->password_hash);
  g_assert_true (got->disabled);
  g_assert_cmpuint (got->roles, ==, ANNOT_ROLE_PRODUCER);
  g_assert_true (STORE_GET (store, remove_account, "bob"));
  STORE_FAIL (store, ANNOT_ERROR_NOT_FOUND, get_account, "bob");
  STORE_FAIL (store, ANNOT_ERROR_NOT_FOUND, remove_account, "bob");
  STORE_FAIL (store, ANNOT_ERROR_NOT_FOUND, update_account, changed);
  rest = STORE_GET (store, list_accounts);
  g_assert_cmpuint (rest->len, ==, 1);
}

static void
test_tokens (StoreFixture *fixture, gconstpointer plugin)
{
  AnnotStore *store = fixture->store;
  g_autoptr (AnnotToken) found = NULL;
  g_autoptr (AnnotToken) orphan = annot_token_new ();
  g_autoptr (GPtrArray) all = NULL;
  g_autoptr (GPtrArray) own = NULL;

  orphan->id = g_strdup ("orphan");
  orphan->account = g_strdup ("nobody");
  orphan->hash = g_strdup ("h");
  STORE_FAIL (store, ANNOT_ERROR_NOT_FOUND, add_token, orphan);
  add_account (store, "ann", ANNOT_ROLE_PRODUCER);
  add_account (store, "bob", ANNOT_ROLE_PRODUCER);
  add_token (store, "t1", "ann", 0);
  add_token (store, "t2", "bob", g_get_real_time () + G_TIME_SPAN_HOUR);
  add_token (store, "old", "bob", g_get_real_time () - G_TIME_SPAN_HOUR);
  found = STORE_GET (store, find_token, "hash-of-t1");
  g_assert_cmpstr (found->id, ==, "t1");
  g_assert_cmpstr (found->account, ==, "ann");
  g_assert_cmpstr (found->description, ==, "for a script");
  g_assert_cmpstr (found->hash, ==, "hash-of-t1");
  g_assert_cmpuint (found->roles, ==, ANNOT_ROLE_PRODUCER);
  g_assert_cmpint (found->created_at, ==, 17);
  g_assert_cmpint (found->expires_at, ==, 0);
  STORE_FAIL (store, ANNOT_ERROR_NOT_FOUND, find_token, "hash-of-old");
  STORE_FAIL (store, ANNOT_ERROR_NOT_FOUND, find_token, "no such hash");
  own = STORE_GET (store, list_tokens, "ann");
  g_assert_cmpuint (own->len, ==, 1);
  all = STORE_GET (store, list_tokens, NULL);
  g_assert_cmpuint (all->len, ==, 3);
  STORE_FAIL (store, ANNOT_ERROR_NOT_FOUND, remove_token, "t1", "bob");
  g_assert_true (STORE_GET (store, remove_token, "t1", "ann"));
  STORE_FAIL (store, ANNOT_ERROR_NOT_FOUND, find_token, "hash-of-t1");
  STORE_FAIL (store, ANNOT_ERROR_NOT_FOUND, remove_token, "t1", NULL);
  g_assert_true (STORE_GET (store, remove_account, "bob"));
  STORE_FAIL (store, ANNOT_ERROR_NOT_FOUND, find_token, "hash-of-t2");
}

static void
test_sessions (StoreFixture *fixture, gconstpointer plugin)
{
  AnnotStore *store = fixture->store;
  g_autoptr (GPtrArray) one = NULL;
  g_autoptr (GPtrArray) rest = NULL;
  g_autoptr (GPtrArray) none = NULL;
  g_autoptr (GPtrArray) listed = NULL;

  add_session (store, "s1", "ann", 600);
  add_session (store, "s2", "ann", 600);
  add_session (store, "s3", "bob", 600);
  add_session (store, "over", "ann", -10);
  g_assert_cmpuint (count_revoked (store), ==, 0);
  one = STORE_GET (store, revoke_sessions, "s1", NULL);
  g_assert_cmpuint (one->len, ==, 1);
  g_assert_cmpstr (((AnnotSession *) one->pdata[0])->jti, ==, "s1");
  g_assert_cmpstr (((AnnotSession *) one->pdata[0])->account, ==, "ann");
  g_assert_true (((AnnotSession *) one->pdata[0])->revoked);
  none = STORE_GET (store, revoke_sessions, "unknown", NULL);
  g_assert_cmpuint (none->len, ==, 0);
  rest = STORE_GET (store, revoke_sessions, NULL, "ann");
  g_assert_cmpuint (rest->len, ==, 2);
  listed = STORE_GET (store, list_revoked);
  g_assert_cmpuint (listed->len, ==, 2);
  g_assert_true (((AnnotSession *) listed->pdata[0])->revoked);
}

static void
test_change_ends_sessions (StoreFixture *fixture, gconstpointer plugin)
{
  g_autoptr (AnnotAccount) account = annot_account_new ("ann", ANNOT_ROLE_ADMIN);

  add_account (fixture->store, "ann", ANNOT_ROLE_ANNOTATOR);
  add_account (fixture->store, "bob", ANNOT_ROLE_ANNOTATOR);
  add_session (fixture->store, "s1", "ann", 600);
  add_session (fixture->store, "s2", "bob", 600);
  g_assert_true (STORE_GET (fixture->store, update_account, account));
  g_assert_cmpuint (count_revoked (fixture->store), ==, 1);
  g_assert_true (STORE_GET (fixture->store, remove_account, "bob"));
  g_assert_cmpuint (count_revoked (fixture->store), ==, 2);
}

static void
test_secrets (StoreFixture *fixture, gconstpointer plugin)
{
  g_autofree char *first = STORE_GET (fixture->store, get_secret, "signing", "one");
  g_autofree char *second = STORE_GET (fixture->store, get_secret, "signing", "two");
  g_autofree char *other = STORE_GET (fixture->store, get_secret, "other", "three");

  g_assert_cmpstr (first, ==, "one");
  g_assert_cmpstr (second, ==, "one");
  g_assert_cmpstr (other, ==, "three");
}

void
store_contract_add_accounts (const char *plugin)
{
  store_contract_add (plugin, "accounts/accounts", test_accounts);
  store_contract_add (plugin, "accounts/tokens", test_tokens);
  store_contract_add (plugin, "accounts/sessions", test_sessions);
  store_contract_add (plugin, "accounts/change-ends-sessions", test_change_ends_sessions);
  store_contract_add (plugin, "accounts/secrets", test_secrets);
}
