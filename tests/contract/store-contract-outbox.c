/* SPDX-License-Identifier: Apache-2.0 */
/* Outgoing messages: order of each example, claims with a deadline, confirm, postpone, drop. */
#include "store-contract.h"

/* Completes "a" and "b", and "a" once more: the outbox holds a1, b1, a2. */
static void
fill (AnnotStore *store)
{
  g_autoptr (AnnotAnnotation) second = store_contract_make_annotation ("a", "ann", 2, "second");
  g_autoptr (AnnotSubmitResult) result = NULL;
  g_autoptr (GError) error = NULL;

  store_contract_complete (store, "a", "ann");
  store_contract_complete (store, "b", "ann");
  result = store_contract_submit (store, second, NULL, &error);
  g_assert_no_error (error);
}

static const AnnotOutgoing *
message (GPtrArray *messages, guint i)
{
  g_assert_cmpuint (messages->len, >, i);
  return messages->pdata[i];
}

static void
confirm (AnnotStore *store, const char *id)
{
  const char *const ids[] = { id, "unknown", NULL };

  g_assert_true (STORE_GET (store, confirm_outgoing, ids));
}

static void
test_order_of_an_example (StoreFixture *fixture, gconstpointer plugin)
{
  g_autoptr (GPtrArray) first = NULL;
  g_autoptr (GPtrArray) second = NULL;
  g_autoptr (GPtrArray) third = NULL;

  fill (fixture->store);
  first = STORE_GET (fixture->store, take_outgoing, 10, 60);
  g_assert_cmpuint (first->len, ==, 2);
  g_assert_cmpstr (message (first, 0)->event_id, ==, "a");
  g_assert_cmpstr (message (first, 1)->event_id, ==, "b");
  g_assert_cmpstr (message (first, 0)->topic, ==, "labeled-examples");
  g_assert_cmpstr (message (first, 0)->key, ==, "cam-1");
  g_assert_cmpstr (message (first, 0)->payload, ==, "{\"labelled\":true}");
  g_assert_cmpint (message (first, 0)->created_at, >, 0);
  second = STORE_GET (fixture->store, take_outgoing, 10, 60);
  g_assert_cmpuint (second->len, ==, 0);
  confirm (fixture->store, message (first, 0)->id);
  confirm (fixture->store, message (first, 0)->id);
  third = STORE_GET (fixture->store, take_outgoing, 10, 60);
  g_assert_cmpuint (third->len, ==, 1);
  g_assert_cmpstr (message (third, 0)->event_id, ==, "a");
  g_assert_cmpstr (message (third, 0)->id, !=, message (first, 0)->id);
}

/* A topic that takes nothing holds back nothing that goes to another. */
static void
test_order_of_topics (StoreFixture *fixture, gconstpointer plugin)
{
  g_autoptr (AnnotOutgoing) event = annot_outgoing_new ("annotation.events", "a", "a", "{\"skipped\":true}");
  g_autoptr (AnnotOutgoing) again = annot_outgoing_new ("annotation.events", "a", "a", "{\"skipped\":true}");
  AnnotSkip skip = { .event_id = "a-0", .annotator = "ann", .reason = "r", .max_skips = 9, .outgoing = event };
  g_autoptr (GPtrArray) first = NULL;
  g_autoptr (GPtrArray) second = NULL;

  store_contract_put_many (fixture->store, "a", 1, 0.5);
  g_assert_cmpint (STORE_GET (fixture->store, skip, &skip), ==, ANNOT_EXAMPLE_PENDING);
  skip.annotator = "bob";
  skip.outgoing = again;
  g_assert_cmpint (STORE_GET (fixture->store, skip, &skip), ==, ANNOT_EXAMPLE_PENDING);
  store_contract_complete (fixture->store, "a-0", "eve");
  first = STORE_GET (fixture->store, take_outgoing, 10, 60);
  g_assert_cmpuint (first->len, ==, 2);
  g_assert_cmpstr (message (first, 0)->id, ==, event->id);
  g_assert_cmpstr (message (first, 1)->topic, ==, "labeled-examples");
  second = STORE_GET (fixture->store, take_outgoing, 10, 60);
  g_assert_cmpuint (second->len, ==, 0);
}

static void
test_limit (StoreFixture *fixture, gconstpointer plugin)
{
  g_autoptr (GPtrArray) first = NULL;
  g_autoptr (GPtrArray) second = NULL;

  fill (fixture->store);
  first = STORE_GET (fixture->store, take_outgoing, 1, 60);
  g_assert_cmpuint (first->len, ==, 1);
  g_assert_cmpstr (message (first, 0)->event_id, ==, "a");
  second = STORE_GET (fixture->store, take_outgoing, 1, 60);
  g_assert_cmpuint (second->len, ==, 1);
  g_assert_cmpstr (message (second, 0)->event_id, ==, "b");
}

/* A relay that dies loses its claims by time. */
static void
test_visibility_deadline (StoreFixture *fixture, gconstpointer plugin)
{
  g_autoptr (GPtrArray) first = NULL;
  g_autoptr (GPtrArray) again = NULL;

  store_contract_complete (fixture->store, "a", "ann");
  first = STORE_GET (fixture->store, take_outgoing, 10, 1);
  g_assert_cmpuint (first->len, ==, 1);
  annot_test_wait_for (1200);
  again = STORE_GET (fixture->store, take_outgoing, 10, 60);
  g_assert_cmpuint (again->len, ==, 1);
  g_assert_cmpstr (message (again, 0)->id, ==, message (first, 0)->id);
  g_assert_cmpuint (message (again, 0)->attempts, ==, 0);
}

static void
test_postpone (StoreFixture *fixture, gconstpointer plugin)
{
  g_autoptr (GPtrArray) taken = NULL;
  g_autoptr (GPtrArray) none = NULL;
  g_autoptr (GPtrArray) failed = NULL;
  g_autoptr (GPtrArray) again = NULL;
  g_autoptr (AnnotStats) stats = NULL;
  const char *id;

  fill (fixture->store);
  taken = STORE_GET (fixture->store, take_outgoing, 1, 60);
  id = message (taken, 0)->id;
  g_assert_true (STORE_GET (fixture->store, postpone_outgoing, id, 60, "broker is away"));
  g_assert_true (STORE_GET (fixture->store, postpone_outgoing, id, 60, "still away"));
  failed = STORE_GET (fixture->store, list_outgoing, TRUE, 10);
  g_assert_cmpuint (failed->len, ==, 1);
  g_assert_cmpstr (message (failed, 0)->id, ==, id);
  g_assert_cmpuint (message (failed, 0)->attempts, ==, 2);
  g_assert_cmpstr (message (failed, 0)->last_error, ==, "still away");
  g_assert_cmpint (message (failed, 0)->due_at, >, message (failed, 0)->created_at + 50 * G_TIME_SPAN_SECOND);
  stats = STORE_GET (fixture->store, get_stats);
  g_assert_cmpint (stats->retrying, ==, 1);
  g_assert_cmpint (stats->outgoing, ==, 3);
  /* Its example's later message waits for it. */
  none = STORE_GET (fixture->store, take_outgoing, 10, 60);
  g_assert_cmpuint (none->len, ==, 1);
  g_assert_cmpstr (message (none, 0)->event_id, ==, "b");
  g_assert_true (STORE_GET (fixture->store, postpone_outgoing, id, 0, NULL));
  again = STORE_GET (fixture->store, take_outgoing, 10, 60);
  g_assert_cmpuint (again->len, ==, 1);
  g_assert_cmpuint (message (again, 0)->attempts, ==, 2);
  STORE_FAIL (fixture->store, ANNOT_ERROR_NOT_FOUND, postpone_outgoing, "unknown", 1, NULL);
}

static void
test_drop (StoreFixture *fixture, gconstpointer plugin)
{
  g_autoptr (GPtrArray) all = NULL;
  g_autoptr (GPtrArray) rest = NULL;
  g_autoptr (AnnotStats) stats = NULL;

  fill (fixture->store);
  all = STORE_GET (fixture->store, list_outgoing, FALSE, 10);
  g_assert_cmpuint (all->len, ==, 3);
  g_assert_true (STORE_GET (fixture->store, drop_outgoing, message (all, 0)->id));
  STORE_FAIL (fixture->store, ANNOT_ERROR_NOT_FOUND, drop_outgoing, message (all, 0)->id);
  rest = STORE_GET (fixture->store, take_outgoing, 10, 60);
  g_assert_cmpuint (rest->len, ==, 2);
  stats = STORE_GET (fixture->store, get_stats);
  g_assert_cmpint (stats->outgoing, ==, 2);
}

static void
test_inline_frame (StoreFixture *fixture, gconstpointer plugin)
{
  AnnotExample *example = store_contract_make_example ("framed", 0.5);
  g_autoptr (AnnotAnnotation) annotation = store_contract_make_annotation ("framed", "ann", 1, "d");
  g_autoptr (GBytes) expected = g_bytes_new_static ("pixels", 6);
  g_autoptr (AnnotSubmitResult) result = NULL;
  g_autoptr (GPtrArray) taken = NULL;
  g_autoptr (GPtrArray) listed = NULL;
  g_autoptr (GError) error = NULL;

  store_contract_add_frame (example, "pixels");
  store_contract_put (fixture->store, example);
  result = store_contract_submit (fixture->store, annotation, NULL, &error);
  g_assert_no_error (error);
  listed = STORE_GET (fixture->store, list_outgoing, FALSE, 10);
  g_assert_null (message (listed, 0)->frame);
  g_assert_true (message (listed, 0)->inline_frame);
  taken = STORE_GET (fixture->store, take_outgoing, 10, 60);
  g_assert_nonnull (message (taken, 0)->frame);
  g_assert_true (g_bytes_equal (message (taken, 0)->frame, expected));
  g_assert_cmpint (message (taken, 0)->frame_type, ==, ANNOT_FRAME_PNG);
}

/* Two relays at once never hold the same message. */
static void
test_two_relays (StoreFixture *fixture, gconstpointer plugin)
{
  g_autoptr (AnnotStore) another = store_fixture_open_another (fixture);
  g_autoptr (GHashTable) seen = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  AnnotTestCall calls[6] = { 0 };

  for (guint i = 0; i < 20; i++) {
    g_autofree char *id = g_strdup_printf ("e-%u", i);

    store_contract_complete (fixture->store, id, "ann");
  }
  for (guint i = 0; i < G_N_ELEMENTS (calls); i++)
    annot_store_take_outgoing (i % 2 ? another : fixture->store, 5, 60, NULL, annot_test_call_done, &calls[i]);
  for (guint i = 0; i < G_N_ELEMENTS (calls); i++) {
    g_autoptr (GError) error = NULL;
    g_autoptr (GPtrArray) taken
        = annot_store_take_outgoing_finish (i % 2 ? another : fixture->store, annot_test_call_wait (&calls[i]), &error);

    g_assert_no_error (error);
    annot_test_call_clear (&calls[i]);
    for (guint k = 0; k < taken->len; k++)
      g_assert_true (g_hash_table_add (seen, g_strdup (message (taken, k)->id)));
  }
  g_assert_cmpuint (g_hash_table_size (seen), ==, 20);
  g_assert_true (STORE_GET (another, close));
}

void
store_contract_add_outbox (const char *plugin)
{
  store_contract_add (plugin, "outbox/order-of-an-example", test_order_of_an_example);
  store_contract_add (plugin, "outbox/order-of-topics", test_order_of_topics);
  store_contract_add (plugin, "outbox/limit", test_limit);
  store_contract_add (plugin, "outbox/visibility-deadline", test_visibility_deadline);
  store_contract_add (plugin, "outbox/postpone", test_postpone);
  store_contract_add (plugin, "outbox/drop", test_drop);
  store_contract_add (plugin, "outbox/inline-frame", test_inline_frame);
  store_contract_add (plugin, "outbox/two-relays", test_two_relays);
}
