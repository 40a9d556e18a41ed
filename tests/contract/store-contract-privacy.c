/* SPDX-License-Identifier: Apache-2.0 */
/* Erasing a data subject, and retention. */
#include "store-contract.h"

static AnnotExample *
make_with_face (const char *event_id, const char *hash)
{
  AnnotExample *example = store_contract_make_example (event_id, 0.5);
  const char *const hashes[] = { "ff", hash, NULL };

  g_strfreev (example->face_hashes);
  example->face_hashes = g_strdupv ((char **) hashes);
  store_contract_add_frame (example, "a face");
  return example;
}

static void
complete (AnnotStore *store, const char *event_id)
{
  g_autoptr (AnnotAnnotation) annotation = store_contract_make_annotation (event_id, "ann", 1, "d");
  g_autoptr (GError) error = NULL;
  g_autoptr (AnnotSubmitResult) result = store_contract_submit (store, annotation, NULL, &error);

  g_assert_no_error (error);
}

static void
confirm_all (AnnotStore *store)
{
  g_autoptr (GPtrArray) all = STORE_GET (store, list_outgoing, FALSE, 1000);

  for (guint i = 0; i < all->len; i++)
    g_assert_true (STORE_GET (store, drop_outgoing, ((AnnotOutgoing *) all->pdata[i])->id));
}

static void
test_erase (StoreFixture *fixture, gconstpointer plugin)
{
  AnnotStore *store = fixture->store;
  g_autoptr (AnnotOutgoing) event = annot_outgoing_new ("annotation.events", NULL, NULL, "{\"erased\":2}");
  g_autofree AnnotErasure *erasure = NULL;
  g_autofree AnnotErasure *again = NULL;
  g_autoptr (GPtrArray) outgoing = NULL;
  g_autoptr (AnnotPosition) position = NULL;

  store_contract_put (store, make_with_face ("one", "aa"));
  store_contract_put (store, make_with_face ("two", "aa"));
  store_contract_put (store, make_with_face ("other", "bb"));
  store_contract_put (store, store_contract_make_example ("none", 0.5));
  complete (store, "one");
  complete (store, "other");
  erasure = STORE_GET (store, erase_subject, "aa", "officer", event);
  g_assert_cmpint (erasure->examples, ==, 2);
  g_assert_cmpint (erasure->frames, ==, 2);
  g_assert_cmpint (erasure->annotations, ==, 1);
  g_assert_cmpint (erasure->outgoing, ==, 1);
  STORE_FAIL (store, ANNOT_ERROR_NOT_FOUND, get_example, "one", TRUE);
  STORE_FAIL (store, ANNOT_ERROR_NOT_FOUND, get_example, "two", TRUE);
  store_contract_assert_status (store, "other", ANNOT_EXAMPLE_COMPLETED);
  store_contract_assert_status (store, "none", ANNOT_EXAMPLE_PENDING);
  outgoing = STORE_GET (store, list_outgoing, FALSE, 10);
  g_assert_cmpuint (outgoing->len, ==, 2);
  position = STORE_GET (store, get_position);
  g_assert_cmpint (position->seq, ==, 4);
  g_assert_cmpint (position->pending, ==, 1);
  again = STORE_GET (store, erase_subject, "aa", "officer", NULL);
  g_assert_cmpint (again->examples, ==, 0);
}

static void
test_retain_examples (StoreFixture *fixture, gconstpointer plugin)
{
  AnnotStore *store = fixture->store;
  g_autofree AnnotErasure *early = NULL;
  g_autofree AnnotErasure *unpublished = NULL;
  g_autofree AnnotErasure *one = NULL;
  g_autofree AnnotErasure *rest = NULL;

  store_contract_put (store, make_with_face ("a", "aa"));
  store_contract_put (store, make_with_face ("b", "aa"));
  store_contract_put (store, store_contract_make_example ("pending", 0.5));
  complete (store, "a");
  complete (store, "b");
  g_usleep (2);
  unpublished = STORE_GET (store, retain, 1, 1, 100);
  g_assert_cmpint (unpublished->examples, ==, 0);
  g_assert_cmpint (unpublished->frames, ==, 0);
  confirm_all (store);
  early = STORE_GET (store, retain, G_TIME_SPAN_HOUR, 0, 100);
  g_assert_cmpint (early->examples, ==, 0);
  one = STORE_GET (store, retain, 1, 0, 1);
  g_assert_cmpint (one->examples, ==, 1);
  g_assert_cmpint (one->frames, ==, 1);
  g_assert_cmpint (one->annotations, ==, 1);
  rest = STORE_GET (store, retain, 1, 0, 100);
  g_assert_cmpint (rest->examples, ==, 1);
  store_contract_assert_status (store, "pending", ANNOT_EXAMPLE_PENDING);
}

static void
test_retain_frames (StoreFixture *fixture, gconstpointer plugin)
{
  AnnotStore *store = fixture->store;
  g_autofree AnnotErasure *erasure = NULL;
  g_autoptr (AnnotExample) finished = NULL;
  g_autoptr (AnnotExample) pending = NULL;

  store_contract_put (store, make_with_face ("a", "aa"));
  store_contract_put (store, make_with_face ("b", "aa"));
  complete (store, "a");
  confirm_all (store);
  g_usleep (2);
  erasure = STORE_GET (store, retain, 0, 1, 100);
  g_assert_cmpint (erasure->examples, ==, 0);
  g_assert_cmpint (erasure->frames, ==, 1);
  finished = STORE_GET (store, get_example, "a", TRUE);
  g_assert_null (finished->frame);
  g_assert_cmpint (finished->frame_type, ==, ANNOT_FRAME_NONE);
  pending = STORE_GET (store, get_example, "b", TRUE);
  g_assert_nonnull (pending->frame);
}

static void
test_retain_tokens (StoreFixture *fixture, gconstpointer plugin)
{
  AnnotStore *store = fixture->store;
  g_autoptr (AnnotAccount) account = annot_account_new ("ann", ANNOT_ROLE_ADMIN);
  g_autoptr (AnnotToken) token = annot_token_new ();
  g_autofree AnnotErasure *erasure = NULL;
  g_autoptr (GPtrArray) tokens = NULL;

  token->id = g_strdup ("old");
  token->account = g_strdup ("ann");
  token->hash = g_strdup ("h");
  token->expires_at = g_get_real_time () - G_TIME_SPAN_HOUR;
  g_assert_true (STORE_GET (store, add_account, account));
  g_assert_true (STORE_GET (store, add_token, token));
  erasure = STORE_GET (store, retain, 0, 0, 100);
  tokens = STORE_GET (store, list_tokens, NULL);
  g_assert_cmpuint (tokens->len, ==, 0);
}

void
store_contract_add_privacy (const char *plugin)
{
  store_contract_add (plugin, "privacy/erase", test_erase);
  store_contract_add (plugin, "privacy/retain-examples", test_retain_examples);
  store_contract_add (plugin, "privacy/retain-frames", test_retain_frames);
  store_contract_add (plugin, "privacy/retain-tokens", test_retain_tokens);
}
