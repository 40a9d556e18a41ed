/* SPDX-License-Identifier: Apache-2.0 */
/* Opening, closing, restarting, two instances, cancelling, closing under load. */
#include "store-contract.h"

#define CALLS 200

static void
test_restart (StoreFixture *fixture, gconstpointer plugin)
{
  g_autoptr (AnnotPosition) before = NULL;
  g_autoptr (AnnotPosition) after = NULL;
  g_autoptr (AnnotLease) lease = NULL;
  g_autoptr (GArray) tokens = g_array_new (FALSE, FALSE, sizeof (AnnotLeaseToken));
  g_autoptr (GPtrArray) renewed = NULL;
  g_autoptr (GPtrArray) outgoing = NULL;

  store_contract_complete (fixture->store, "done", "ann");
  store_contract_put_many (fixture->store, "x", 3, 0.5);
  lease = store_contract_claim_one (fixture->store, "ann");
  before = STORE_GET (fixture->store, get_position);
  store_fixture_reopen (fixture);
  after = STORE_GET (fixture->store, get_position);
  g_assert_cmpstr (after->epoch, ==, before->epoch);
  g_assert_cmpint (after->seq, ==, before->seq);
  g_assert_cmpint (after->pending, ==, before->pending);
  store_contract_assert_status (fixture->store, "done", ANNOT_EXAMPLE_COMPLETED);
  g_array_append_val (tokens, lease->token);
  renewed = STORE_GET (fixture->store, renew, "ann", tokens, 60);
  g_assert_cmpuint (renewed->len, ==, 1);
  outgoing = STORE_GET (fixture->store, list_outgoing, FALSE, 10);
  g_assert_cmpuint (outgoing->len, ==, 1);
  g_assert_cmpint (store_contract_put (fixture->store, store_contract_make_example ("next", 0.5)), ==, 5);
}

static void
test_two_instances (StoreFixture *fixture, gconstpointer plugin)
{
  AnnotStore *another = store_fixture_open_another (fixture);
  g_autoptr (AnnotPosition) mine = NULL;
  g_autoptr (AnnotPosition) theirs = NULL;
  g_autoptr (AnnotLease) lease = NULL;
  AnnotSkip skip = { .event_id = "a", .annotator = "bob", .reason = "r", .max_skips = 3 };

  g_assert_cmpint (store_contract_put (fixture->store, store_contract_make_example ("a", 0.5)), ==, 1);
  g_assert_cmpint (store_contract_put (another, store_contract_make_example ("b", 0.4)), ==, 2);
  g_assert_cmpint (store_contract_put (fixture->store, store_contract_make_example ("b", 0.5)), ==, 2);
  g_assert_cmpint (store_contract_put (fixture->store, store_contract_make_example ("c", 0.3)), ==, 3);
  mine = STORE_GET (fixture->store, get_position);
  theirs = STORE_GET (another, get_position);
  g_assert_cmpstr (mine->epoch, ==, theirs->epoch);
  g_assert_cmpint (mine->seq, ==, theirs->seq);
  lease = store_contract_claim_one (fixture->store, "ann");
  g_assert_cmpstr (lease->event_id, ==, "a");
  STORE_FAIL (another, ANNOT_ERROR_STALE, skip, &skip);
  store_contract_close (another);
}

static void
test_close_and_after (StoreFixture *fixture, gconstpointer plugin)
{
  AnnotStore *store = store_fixture_make (fixture);

  STORE_FAIL (store, ANNOT_ERROR_NOT_CONNECTED, get_position);
  g_assert_true (STORE_GET (store, close));
  g_assert_true (STORE_GET (store, open));
  g_assert_true (STORE_GET (store, close));
  g_assert_true (STORE_GET (store, close));
  STORE_FAIL (store, ANNOT_ERROR_NOT_CONNECTED, get_stats);
  g_assert_true (STORE_GET (store, open));
  store_contract_close (store);
}

typedef struct {
  guint answered;
  guint put;
  gboolean closed;
  guint answered_before_close;
} Load;

static void
put_done (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Load *load = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (GArray) results = annot_store_put_examples_finish (ANNOT_STORE (source), result, &error);

  g_assert_no_error (error);
  load->answered++;
  load->put += results->len;
}

static void
read_done (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Load *load = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (AnnotStats) stats = annot_store_get_stats_finish (ANNOT_STORE (source), result, &error);

  g_assert_no_error (error);
  load->answered++;
}

static void
close_done (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Load *load = user_data;
  g_autoptr (GError) error = NULL;

  g_assert_true (annot_store_close_finish (ANNOT_STORE (source), result, &error));
  g_assert_no_error (error);
  load->closed = TRUE;
  load->answered_before_close = load->answered;
}

static gboolean
is_closed (gpointer load)
{
  return ((Load *) load)->closed;
}

/* Every call is answered, and close after the last of them. */
static void
test_close_under_load (StoreFixture *fixture, gconstpointer plugin)
{
  Load load = { 0 };
  g_autoptr (AnnotPosition) position = NULL;

  for (guint i = 0; i < CALLS; i++) {
    g_autoptr (GPtrArray) batch = g_ptr_array_new_with_free_func ((GDestroyNotify) annot_example_unref);
    g_autofree char *id = g_strdup_printf ("load-%u", i);

    g_ptr_array_add (batch, store_contract_make_example (id, 0.5));
    annot_store_put_examples (fixture->store, batch, NULL, put_done, &load);
    annot_store_get_stats (fixture->store, NULL, read_done, &load);
  }
  annot_store_close (fixture->store, NULL, close_done, &load);
  STORE_FAIL (fixture->store, ANNOT_ERROR_NOT_CONNECTED, get_position);
  g_assert_true (annot_test_wait_until (is_closed, &load, ANNOT_TEST_PATIENCE));
  g_assert_cmpuint (load.answered_before_close, ==, 2 * CALLS);
  g_assert_cmpuint (load.put, ==, CALLS);
  g_assert_true (STORE_GET (fixture->store, open));
  position = STORE_GET (fixture->store, get_position);
  g_assert_cmpint (position->seq, ==, CALLS);
}

/* A cancelled put has happened wholly or not at all, and the answer says nothing else than the store. */
static void
test_cancel (StoreFixture *fixture, gconstpointer plugin)
{
  AnnotTestCall calls[CALLS] = { 0 };
  GCancellable *cancellables[CALLS];
  g_autoptr (AnnotPosition) position = NULL;
  guint stored = 0;

  for (guint i = 0; i < CALLS; i++) {
    g_autoptr (GPtrArray) batch = g_ptr_array_new_with_free_func ((GDestroyNotify) annot_example_unref);

    for (guint k = 0; k < 2; k++) {
      g_autofree char *id = g_strdup_printf ("c-%u-%u", i, k);

      g_ptr_array_add (batch, store_contract_make_example (id, 0.5));
    }
    cancellables[i] = g_cancellable_new ();
    annot_store_put_examples (fixture->store, batch, cancellables[i], annot_test_call_done, &calls[i]);
  }
  for (guint i = 0; i < CALLS; i += 2)
    g_cancellable_cancel (cancellables[i]);
  for (guint i = 0; i < CALLS; i++) {
    g_autoptr (GError) error = NULL;
    g_autoptr (GArray) results
        = annot_store_put_examples_finish (fixture->store, annot_test_call_wait (&calls[i]), &error);
    guint found = 0;

    annot_test_call_clear (&calls[i]);
    g_object_unref (cancellables[i]);
    for (guint k = 0; k < 2; k++) {
      g_autofree char *id = g_strdup_printf ("c-%u-%u", i, k);
      g_autoptr (AnnotExample) example = STORE_DO (fixture->store, get_example, NULL, id, FALSE);

      found += example != NULL;
    }
    if (!results)
      g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
    else
      g_assert_cmpuint (found, ==, 2);
    g_assert_true (i % 2 == 0 || results != NULL);
    g_assert_true (found == 0 || found == 2);
    stored += found;
  }
  position = STORE_GET (fixture->store, get_position);
  g_assert_cmpint (position->seq, ==, stored);
  g_assert_cmpint (position->pending, ==, stored);
}

void
store_contract_add_life (const char *plugin)
{
  store_contract_add (plugin, "life/restart", test_restart);
  store_contract_add (plugin, "life/two-instances", test_two_instances);
  store_contract_add (plugin, "life/close-and-after", test_close_and_after);
  store_contract_add (plugin, "life/close-under-load", test_close_under_load);
  store_contract_add (plugin, "life/cancel", test_cancel);
}
