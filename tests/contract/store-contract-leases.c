/* SPDX-License-Identifier: Apache-2.0 */
/* Leases: who gets what, never two people the same, deadlines and fencing. */
#include "store-contract.h"

#define PEOPLE 30
#define EACH 4

static GArray *
tokens_of (const AnnotLeaseToken *token)
{
  GArray *tokens = g_array_new (FALSE, FALSE, sizeof (AnnotLeaseToken));

  g_array_append_val (tokens, *token);
  return tokens;
}

static void
test_order (StoreFixture *fixture, gconstpointer plugin)
{
  const char *const expected[] = { "b", "c", "a" };
  g_autoptr (GPtrArray) leases = NULL;
  g_autoptr (GPtrArray) none = NULL;

  store_contract_put (fixture->store, store_contract_make_example ("a", 0.1));
  store_contract_put (fixture->store, store_contract_make_example ("b", 0.9));
  store_contract_put (fixture->store, store_contract_make_example ("c", 0.9));
  leases = STORE_GET (fixture->store, claim, "ann", 5, 60);
  g_assert_cmpuint (leases->len, ==, 3);
  for (guint i = 0; i < leases->len; i++) {
    const AnnotLease *lease = leases->pdata[i];

    g_assert_cmpstr (lease->event_id, ==, expected[i]);
    g_assert_cmpstr (lease->annotator, ==, "ann");
    g_assert_nonnull (lease->example);
    g_assert_cmpstr (lease->example->event_id, ==, expected[i]);
    g_assert_null (lease->example->frame);
    g_assert_cmpint (lease->token.seq, ==, lease->example->seq);
    g_assert_cmpint (lease->token.fence, >, 0);
    g_assert_cmpint (lease->expires_at - lease->leased_at, ==, 60 * G_TIME_SPAN_SECOND);
    store_contract_assert_status (fixture->store, expected[i], ANNOT_EXAMPLE_LEASED);
  }
  none = STORE_GET (fixture->store, claim, "bob", 5, 60);
  g_assert_cmpuint (none->len, ==, 0);
}

/* For how long somebody has had it is known to whoever shares the store. */
static void
test_leased_for (StoreFixture *fixture, gconstpointer plugin)
{
  g_autoptr (AnnotStore) another = store_fixture_open_another (fixture);
  g_autoptr (AnnotLease) lease = NULL;
  g_autoptr (AnnotExample) before = NULL;
  g_autoptr (AnnotExample) held = NULL;

  store_contract_put_many (fixture->store, "x", 1, 0.5);
  before = STORE_GET (another, get_example, "x-0", FALSE);
  g_assert_cmpint (before->leased_for, ==, 0);
  lease = store_contract_claim_one (fixture->store, "ann");
  g_usleep (20000);
  held = STORE_GET (another, get_example, "x-0", FALSE);
  g_assert_cmpint (held->leased_for, >=, 20000);
  g_assert_cmpint (held->leased_for, <, 60 * G_TIME_SPAN_SECOND);
}

/* What one person is handed at once is bounded in bytes, but for the first. */
static void
test_bytes (StoreFixture *fixture, gconstpointer plugin)
{
  static const gsize sizes[] = { ANNOT_CLAIM_BYTES + 1, ANNOT_CLAIM_BYTES / 2, ANNOT_CLAIM_BYTES / 3, ANNOT_CLAIM_BYTES / 3 };
  static const guint expected[] = { 1, 2, 1 };

  for (guint i = 0; i < G_N_ELEMENTS (sizes); i++) {
    g_autofree char *id = g_strdup_printf ("large-%u", i);
    AnnotExample *example = store_contract_make_example (id, 0.9 - i * 0.1);
    g_autofree char *filler = g_strnfill (sizes[i], 'x');

    g_free (example->payload);
    example->payload = g_strdup_printf ("{\"event_id\":\"%s\",\"text\":\"%s\"}", id, filler);
    store_contract_put (fixture->store, example);
  }
  for (guint i = 0; i < G_N_ELEMENTS (expected); i++) {
    g_autoptr (GPtrArray) leases = STORE_GET (fixture->store, claim, "ann", 5, 60);

    g_assert_cmpuint (leases->len, ==, expected[i]);
  }
}

/* Many people at once, more than there are examples: each example goes to one of them. */
static void
test_never_two_people (StoreFixture *fixture, gconstpointer plugin)
{
  AnnotTestCall calls[PEOPLE] = { 0 };
  g_autoptr (GHashTable) given = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  g_autoptr (AnnotStore) another = store_fixture_open_another (fixture);

  store_contract_put_many (fixture->store, "x", 100, 0.5);
  for (guint i = 0; i < PEOPLE; i++) {
    g_autofree char *name = g_strdup_printf ("person-%u", i);

    annot_store_claim (i % 2 ? another : fixture->store, name, EACH, 60, NULL, annot_test_call_done, &calls[i]);
  }
  for (guint i = 0; i < PEOPLE; i++) {
    g_autoptr (GError) error = NULL;
    g_autoptr (GPtrArray) leases
        = annot_store_claim_finish (i % 2 ? another : fixture->store, annot_test_call_wait (&calls[i]), &error);

    g_assert_no_error (error);
    annot_test_call_clear (&calls[i]);
    for (guint k = 0; k < leases->len; k++)
      g_assert_true (g_hash_table_add (given, g_strdup (((AnnotLease *) leases->pdata[k])->event_id)));
  }
  g_assert_cmpuint (g_hash_table_size (given), ==, 100);
  g_assert_true (STORE_GET (another, close));
}

static void
test_renew (StoreFixture *fixture, gconstpointer plugin)
{
  g_autoptr (AnnotLease) lease = NULL;
  g_autoptr (GArray) tokens = NULL;
  g_autoptr (GPtrArray) renewed = NULL;
  g_autoptr (GPtrArray) by_other = NULL;
  AnnotLeaseToken unknown = { .seq = 999, .fence = 1 };
  const AnnotLease *got;

  store_contract_put_many (fixture->store, "x", 2, 0.5);
  lease = store_contract_claim_one (fixture->store, "ann");
  tokens = tokens_of (&lease->token);
  g_array_append_val (tokens, unknown);
  renewed = STORE_GET (fixture->store, renew, "ann", tokens, 600);
  g_assert_cmpuint (renewed->len, ==, 1);
  got = renewed->pdata[0];
  g_assert_cmpint (got->token.fence, ==, lease->token.fence);
  g_assert_cmpstr (got->event_id, ==, lease->event_id);
  g_assert_null (got->example);
  g_assert_cmpint (got->leased_at, ==, lease->leased_at);
  g_assert_cmpint (got->expires_at, >, lease->expires_at);
  by_other = STORE_GET (fixture->store, renew, "bob", tokens, 600);
  g_assert_cmpuint (by_other->len, ==, 0);
}

static void
test_release (StoreFixture *fixture, gconstpointer plugin)
{
  g_autoptr (AnnotLease) lease = NULL;
  g_autoptr (AnnotLease) again = NULL;
  g_autoptr (GArray) tokens = NULL;
  g_autoptr (GPtrArray) by_other = NULL;
  g_autoptr (GPtrArray) released = NULL;
  g_autoptr (GPtrArray) twice = NULL;

  store_contract_put_many (fixture->store, "x", 1, 0.5);
  lease = store_contract_claim_one (fixture->store, "ann");
  tokens = tokens_of (&lease->token);
  by_other = STORE_GET (fixture->store, release, "bob", tokens);
  g_assert_cmpuint (by_other->len, ==, 0);
  released = STORE_GET (fixture->store, release, "ann", tokens);
  g_assert_cmpuint (released->len, ==, 1);
  g_assert_cmpstr (((AnnotLease *) released->pdata[0])->event_id, ==, "x-0");
  store_contract_assert_status (fixture->store, "x-0", ANNOT_EXAMPLE_PENDING);
  twice = STORE_GET (fixture->store, release, "ann", tokens);
  g_assert_cmpuint (twice->len, ==, 0);
  again = store_contract_claim_one (fixture->store, "bob");
  g_assert_cmpint (again->token.fence, >, lease->token.fence);
}

static void
test_expiry (StoreFixture *fixture, gconstpointer plugin)
{
  g_autoptr (GPtrArray) leases = NULL;
  g_autoptr (GPtrArray) early = NULL;
  g_autoptr (GPtrArray) expired = NULL;
  g_autoptr (GPtrArray) twice = NULL;
  g_autoptr (AnnotPosition) position = NULL;

  store_contract_put_many (fixture->store, "x", 3, 0.5);
  annot_lease_free (store_contract_claim_one (fixture->store, "bob"));
  leases = STORE_GET (fixture->store, claim, "ann", 2, 1);
  g_assert_cmpuint (leases->len, ==, 2);
  early = STORE_GET (fixture->store, expire_leases, 10);
  g_assert_cmpuint (early->len, ==, 0);
  annot_test_wait_for (1200);
  expired = STORE_GET (fixture->store, expire_leases, 1);
  g_assert_cmpuint (expired->len, ==, 1);
  g_assert_cmpstr (((AnnotLease *) expired->pdata[0])->annotator, ==, "ann");
  twice = STORE_GET (fixture->store, expire_leases, 10);
  g_assert_cmpuint (twice->len, ==, 1);
  store_contract_assert_status (fixture->store, "x-0", ANNOT_EXAMPLE_LEASED);
  store_contract_assert_status (fixture->store, "x-1", ANNOT_EXAMPLE_PENDING);
  position = STORE_GET (fixture->store, get_position);
  g_assert_cmpint (position->pending, ==, 2);
}

/* A holder who comes back too late is told from the present one. */
static void
test_fencing (StoreFixture *fixture, gconstpointer plugin)
{
  g_autoptr (GPtrArray) first = NULL;
  g_autoptr (GPtrArray) expired = NULL;
  g_autoptr (GPtrArray) renewed = NULL;
  g_autoptr (AnnotLease) second = NULL;
  g_autoptr (GArray) tokens = NULL;
  g_autoptr (AnnotAnnotation) annotation = store_contract_make_annotation ("x-0", "ann", 1, "d");
  const AnnotLease *late;

  store_contract_put_many (fixture->store, "x", 1, 0.5);
  first = STORE_GET (fixture->store, claim, "ann", 1, 1);
  late = first->pdata[0];
  annot_test_wait_for (1200);
  expired = STORE_GET (fixture->store, expire_leases, 10);
  g_assert_cmpuint (expired->len, ==, 1);
  second = store_contract_claim_one (fixture->store, "ann");
  g_assert_cmpint (second->token.fence, >, late->token.fence);
  tokens = tokens_of (&late->token);
  renewed = STORE_GET (fixture->store, renew, "ann", tokens, 60);
  g_assert_cmpuint (renewed->len, ==, 0);
  for (int as_skip = 0; as_skip < 2; as_skip++) {
    AnnotSkip skip = { .event_id = "x-0", .annotator = "ann", .token = &late->token, .reason = "late", .max_skips = 3 };
    g_autoptr (GError) error = NULL;

    if (as_skip)
      g_assert_cmpint (STORE_DO (fixture->store, skip, &error, &skip), ==, -1);
    else
      g_assert_null (store_contract_submit (fixture->store, annotation, &late->token, &error));
    g_assert_error (error, ANNOT_ERROR, ANNOT_ERROR_STALE);
  }
  store_contract_assert_status (fixture->store, "x-0", ANNOT_EXAMPLE_LEASED);
}

void
store_contract_add_leases (const char *plugin)
{
  store_contract_add (plugin, "leases/order", test_order);
  store_contract_add (plugin, "leases/bytes", test_bytes);
  store_contract_add (plugin, "leases/leased-for", test_leased_for);
  store_contract_add (plugin, "leases/never-two-people", test_never_two_people);
  store_contract_add (plugin, "leases/renew", test_renew);
  store_contract_add (plugin, "leases/release", test_release);
  store_contract_add (plugin, "leases/expiry", test_expiry);
  store_contract_add (plugin, "leases/fencing", test_fencing);
}
