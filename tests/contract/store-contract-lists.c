/* SPDX-License-Identifier: Apache-2.0 */
/* Listing examples: orders, filters, cursors, numbered pages, totals. */
#include "store-contract.h"

#include <string.h>

/* The ids of a query's first page, joined by spaces. */
static char *
list (AnnotStore *store, const AnnotExampleQuery *query)
{
  g_autoptr (AnnotExamplePage) page = STORE_GET (store, list_examples, query);
  GString *ids = g_string_new (NULL);

  for (guint i = 0; i < page->examples->len; i++)
    g_string_append_printf (ids, "%s%s", i ? " " : "", ((AnnotExample *) page->examples->pdata[i])->event_id);
  return g_string_free (ids, FALSE);
}

#define ASSERT_LIST(store_, expected, ...)                                                                             \
  do {                                                                                                                 \
    AnnotExampleQuery query_ = { __VA_ARGS__ };                                                                        \
    query_.limit = query_.limit ? query_.limit : 100;                                                                  \
    g_autofree char *ids_ = list (store_, &query_);                                                                    \
    g_assert_cmpstr (ids_, ==, expected);                                                                              \
  } while (0)

static void
test_orders (StoreFixture *fixture, gconstpointer plugin)
{
  AnnotStore *store = fixture->store;

  store_contract_put (store, store_contract_make_example ("low", 0.1));
  store_contract_put (store, store_contract_make_example ("high", 0.9));
  store_contract_put (store, store_contract_make_example ("high-too", 0.9));
  store_contract_put (store, store_contract_make_example ("negative", -3));
  ASSERT_LIST (store, "high high-too low negative", .order = ANNOT_ORDER_PRIORITY);
  ASSERT_LIST (store, "negative high-too high low", .order = ANNOT_ORDER_NEWEST);
  ASSERT_LIST (store, "low high high-too negative", .order = ANNOT_ORDER_OLDEST);
  ASSERT_LIST (store, "high high-too low negative", .order = ANNOT_ORDER_PRIORITY, .any_status = TRUE);
  ASSERT_LIST (store, "negative high-too high low", .order = ANNOT_ORDER_NEWEST, .any_status = TRUE);
}

/* done completed by ann, leased by bob, the others pending. */
static void
fill (AnnotStore *store)
{
  AnnotExample *other = store_contract_make_example ("other", 0.3);

  store_contract_complete (store, "done", "ann");
  store_contract_put (store, store_contract_make_example ("with-bob", 0.8));
  annot_lease_free (store_contract_claim_one (store, "bob"));
  g_free (other->camera_id);
  other->camera_id = g_strdup ("cam-2");
  g_free (other->labels[1]);
  other->labels[1] = g_strdup ("dog");
  store_contract_put (store, other);
  store_contract_put (store, store_contract_make_example ("plain", 0.2));
}

static void
test_filters (StoreFixture *fixture, gconstpointer plugin)
{
  AnnotStore *store = fixture->store;
  const AnnotExampleOrder orders[] = { ANNOT_ORDER_PRIORITY, ANNOT_ORDER_OLDEST };

  fill (store);
  for (guint i = 0; i < G_N_ELEMENTS (orders); i++) {
    ASSERT_LIST (store, "other plain", .order = orders[i]);
    ASSERT_LIST (store, "with-bob", .order = orders[i], .status = ANNOT_EXAMPLE_LEASED);
    ASSERT_LIST (store, "done", .order = orders[i], .status = ANNOT_EXAMPLE_COMPLETED);
    ASSERT_LIST (store, "", .order = orders[i], .status = ANNOT_EXAMPLE_SKIPPED);
    ASSERT_LIST (store, "other", .order = orders[i], .any_status = TRUE, .camera_id = "cam-2");
    ASSERT_LIST (store, "plain", .order = orders[i], .camera_id = "cam-1");
    ASSERT_LIST (store, "other", .order = orders[i], .any_status = TRUE, .label = "dog");
    ASSERT_LIST (store, "plain", .order = orders[i], .label = "person");
    ASSERT_LIST (store, "plain", .order = orders[i], .camera_id = "cam-1", .label = "person");
    ASSERT_LIST (store, "done", .order = orders[i], .any_status = TRUE, .annotator = "ann");
    ASSERT_LIST (store, "with-bob", .order = orders[i], .status = ANNOT_EXAMPLE_LEASED, .annotator = "bob");
    ASSERT_LIST (store, "plain", .order = orders[i], .any_status = TRUE, .text = "plai");
    ASSERT_LIST (store, "", .order = orders[i], .any_status = TRUE, .text = "PLAI");
    ASSERT_LIST (store, "other", .order = orders[i], .any_status = TRUE, .text = "cam-2");
    ASSERT_LIST (store, "other plain", .order = orders[i], .any_status = TRUE, .after_seq = 2);
  }
  ASSERT_LIST (store, "with-bob done other plain", .any_status = TRUE, .camera_id = NULL);
  ASSERT_LIST (store, "with-bob done plain", .any_status = TRUE, .camera_id = "cam-1");
  ASSERT_LIST (store, "done with-bob plain", .any_status = TRUE, .camera_id = "cam-1", .order = ANNOT_ORDER_OLDEST);
  ASSERT_LIST (store, "", .any_status = TRUE, .text = "%");
}

static void
test_finished_range (StoreFixture *fixture, gconstpointer plugin)
{
  g_autoptr (AnnotExample) done = NULL;

  fill (fixture->store);
  done = STORE_GET (fixture->store, get_example, "done", FALSE);
  ASSERT_LIST (fixture->store, "done", .any_status = TRUE, .finished_after = done->finished_at);
  ASSERT_LIST (fixture->store, "", .any_status = TRUE, .finished_after = done->finished_at + 1);
  ASSERT_LIST (fixture->store, "done", .any_status = TRUE, .finished_before = done->finished_at + 1);
  ASSERT_LIST (fixture->store, "", .any_status = TRUE, .finished_before = done->finished_at);
}

/* Walks through all pages by cursor while rows are added: none is missed, none comes twice. */
static void
walk (AnnotStore *store, AnnotExampleOrder order, gboolean any_status, guint expected)
{
  g_autoptr (GHashTable) seen = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  g_autofree char *cursor = NULL;

  do {
    AnnotExampleQuery query = { .order = order, .any_status = any_status, .limit = 7, .cursor = cursor };
    g_autoptr (AnnotExamplePage) page = STORE_GET (store, list_examples, &query);

    g_assert_cmpint (page->total, ==, -1);
    g_assert_cmpuint (page->examples->len, <=, 7);
    for (guint i = 0; i < page->examples->len; i++)
      g_assert_true (g_hash_table_add (seen, g_strdup (((AnnotExample *) page->examples->pdata[i])->event_id)));
    g_free (cursor);
    cursor = g_steal_pointer (&page->next_cursor);
  } while (cursor);
  g_assert_cmpuint (g_hash_table_size (seen), ==, expected);
}

static void
test_cursors (StoreFixture *fixture, gconstpointer plugin)
{
  store_contract_put_many (fixture->store, "same", 20, 0.5);
  store_contract_put_many (fixture->store, "more", 15, 0.7);
  for (AnnotExampleOrder order = ANNOT_ORDER_PRIORITY; order <= ANNOT_ORDER_OLDEST; order++) {
    walk (fixture->store, order, FALSE, 35);
    walk (fixture->store, order, TRUE, 35);
  }
}

static void
test_last_page (StoreFixture *fixture, gconstpointer plugin)
{
  AnnotExampleQuery query = { .limit = 5 };
  g_autoptr (AnnotExamplePage) page = NULL;

  store_contract_put_many (fixture->store, "l", 5, 0.5);
  page = STORE_GET (fixture->store, list_examples, &query);
  g_assert_cmpuint (page->examples->len, ==, 5);
  g_assert_null (page->next_cursor);
}

static void
test_wrong_cursor (StoreFixture *fixture, gconstpointer plugin)
{
  AnnotExampleQuery query = { .limit = 2, .camera_id = "cam-1" };
  g_autoptr (AnnotExamplePage) page = NULL;
  const char *const wrong[] = { "", "nonsense", "AAAA", "@@@@", "zzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzz" };

  store_contract_put_many (fixture->store, "w", 5, 0.5);
  page = STORE_GET (fixture->store, list_examples, &query);
  g_assert_nonnull (page->next_cursor);
  g_assert_true (strspn (page->next_cursor, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_=.~")
                 == strlen (page->next_cursor));
  for (guint i = 0; i < G_N_ELEMENTS (wrong); i++) {
    AnnotExampleQuery bad = { .limit = 2, .camera_id = "cam-1", .cursor = wrong[i] };

    STORE_FAIL (fixture->store, ANNOT_ERROR_INVALID, list_examples, &bad);
  }
  query.cursor = page->next_cursor;
  query.order = ANNOT_ORDER_NEWEST;
  STORE_FAIL (fixture->store, ANNOT_ERROR_INVALID, list_examples, &query);
  query.order = ANNOT_ORDER_PRIORITY;
  query.camera_id = "cam-2";
  STORE_FAIL (fixture->store, ANNOT_ERROR_INVALID, list_examples, &query);
}

static void
test_numbered_pages (StoreFixture *fixture, gconstpointer plugin)
{
  AnnotStore *store = fixture->store;

  store_contract_put_many (store, "n", 5, 0.5);
  ASSERT_LIST (store, "n-2 n-3", .offset = 2, .limit = 2);
  ASSERT_LIST (store, "n-4", .offset = 4, .limit = 2, .any_status = TRUE);
  ASSERT_LIST (store, "n-2 n-1", .offset = 2, .limit = 2, .order = ANNOT_ORDER_NEWEST);
  ASSERT_LIST (store, "", .offset = 5, .limit = 2);
  ASSERT_LIST (store, "", .offset = G_MAXUINT64, .limit = 2);
}

static gint64
count (AnnotStore *store, const AnnotExampleQuery *query)
{
  g_autoptr (AnnotExamplePage) page = STORE_GET (store, list_examples, query);

  return page->total;
}

#define ASSERT_TOTAL(store_, expected, ...)                                                                            \
  do {                                                                                                                 \
    AnnotExampleQuery query_ = { .limit = 1, .with_total = TRUE, __VA_ARGS__ };                                        \
    g_assert_cmpint (count (store_, &query_), ==, expected);                                                           \
  } while (0)

static void
test_totals (StoreFixture *fixture, gconstpointer plugin)
{
  AnnotStore *store = fixture->store;

  fill (store);
  ASSERT_TOTAL (store, 4, .any_status = TRUE);
  ASSERT_TOTAL (store, 2, .status = ANNOT_EXAMPLE_PENDING);
  ASSERT_TOTAL (store, 1, .status = ANNOT_EXAMPLE_COMPLETED);
  ASSERT_TOTAL (store, 3, .any_status = TRUE, .camera_id = "cam-1");
  ASSERT_TOTAL (store, 1, .camera_id = "cam-1");
  ASSERT_TOTAL (store, 3, .any_status = TRUE, .label = "person");
  ASSERT_TOTAL (store, 1, .any_status = TRUE, .annotator = "bob");
  ASSERT_TOTAL (store, 2, .any_status = TRUE, .after_seq = 2);
  ASSERT_TOTAL (store, 4, .any_status = TRUE, .text = "\"reason\"");
}

static void
test_with_annotation (StoreFixture *fixture, gconstpointer plugin)
{
  AnnotExampleQuery query
      = { .limit = 10, .any_status = TRUE, .order = ANNOT_ORDER_OLDEST, .with_annotation = TRUE, .with_frame = TRUE };
  g_autoptr (AnnotExamplePage) page = NULL;
  AnnotExample *framed = store_contract_make_example ("framed", 0.1);
  AnnotAnnotation *annotation;

  fill (fixture->store);
  store_contract_add_frame (framed, "image");
  store_contract_put (fixture->store, framed);
  page = STORE_GET (fixture->store, list_examples, &query);
  g_assert_cmpuint (page->examples->len, ==, 5);
  g_assert_cmpuint (page->annotations->len, ==, 5);
  annotation = page->annotations->pdata[0];
  g_assert_nonnull (annotation);
  g_assert_cmpstr (annotation->annotator, ==, "ann");
  g_assert_cmpstr (annotation->event_id, ==, "done");
  g_assert_null (page->annotations->pdata[1]);
  g_assert_null (((AnnotExample *) page->examples->pdata[3])->frame);
  g_assert_nonnull (((AnnotExample *) page->examples->pdata[4])->frame);
}

static void
test_limit (StoreFixture *fixture, gconstpointer plugin)
{
  AnnotExampleQuery none = { .limit = 0 };
  AnnotExampleQuery many = { .limit = 1001 };

  STORE_FAIL (fixture->store, ANNOT_ERROR_INVALID, list_examples, &none);
  STORE_FAIL (fixture->store, ANNOT_ERROR_INVALID, list_examples, &many);
}

void
store_contract_add_lists (const char *plugin)
{
  store_contract_add (plugin, "lists/orders", test_orders);
  store_contract_add (plugin, "lists/filters", test_filters);
  store_contract_add (plugin, "lists/finished-range", test_finished_range);
  store_contract_add (plugin, "lists/cursors", test_cursors);
  store_contract_add (plugin, "lists/last-page", test_last_page);
  store_contract_add (plugin, "lists/wrong-cursor", test_wrong_cursor);
  store_contract_add (plugin, "lists/numbered-pages", test_numbered_pages);
  store_contract_add (plugin, "lists/totals", test_totals);
  store_contract_add (plugin, "lists/with-annotation", test_with_annotation);
  store_contract_add (plugin, "lists/limit", test_limit);
}
