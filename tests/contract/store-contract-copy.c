/* SPDX-License-Identifier: Apache-2.0 */
/* Administration of a store that is not open: inspect, migrate, and carrying all of it into another by records. */
#include "store-contract.h"

#include <json-glib/json-glib.h>
#include <string.h>

#define MANY 1200

/* Runs the call and answers whether the plugin offers it; what it does not offer is no failure of the contract. */
static gboolean
is_offered (const GError *error)
{
  if (!g_error_matches (error, G_IO_ERROR, G_IO_ERROR_NOT_SUPPORTED))
    return TRUE;
  g_test_skip (error->message);
  return FALSE;
}

static AnnotSchema *
inspect (AnnotStore *store)
{
  g_autoptr (GError) error = NULL;
  AnnotSchema *schema = STORE_DO (store, inspect, &error);

  if (is_offered (error))
    g_assert_no_error (error);
  return schema;
}

/* Returns: (transfer full) (nullable): all records of a closed store; NULL when the plugin does not dump */
static GPtrArray *
dump_all (AnnotStore *store)
{
  g_autoptr (GPtrArray) all = g_ptr_array_new_with_free_func ((GDestroyNotify) g_bytes_unref);

  for (;;) {
    g_autoptr (GError) error = NULL;
    g_autoptr (GPtrArray) batch = STORE_DO (store, dump, &error);

    if (!is_offered (error))
      return NULL;
    g_assert_no_error (error);
    if (batch->len == 0)
      break;
    g_assert_cmpuint (batch->len, <=, ANNOT_RECORDS_MAX);
    for (guint i = 0; i < batch->len; i++)
      g_ptr_array_add (all, g_bytes_ref (batch->pdata[i]));
  }
  g_assert_true (STORE_GET (store, close));
  return g_steal_pointer (&all);
}

/* As many records as that from one on. */
static void
restore_some (AnnotStore *store, GPtrArray *records, guint from, guint n)
{
  g_autoptr (GPtrArray) batch = g_ptr_array_new_with_free_func ((GDestroyNotify) g_bytes_unref);

  for (guint i = from; i < from + n; i++)
    g_ptr_array_add (batch, g_bytes_ref (records->pdata[i]));
  g_assert_true (STORE_GET (store, restore, batch));
}

static void
restore_all (AnnotStore *store, GPtrArray *records)
{
  restore_some (store, records, 0, 1);
  for (guint i = 1; i + 1 < records->len; i += 3)
    restore_some (store, records, i, MIN (3, records->len - 1 - i));
  restore_some (store, records, records->len - 1, 1);
}

static gboolean
restore_text (AnnotStore *store, const char *text, GError **error)
{
  g_autoptr (GPtrArray) batch = g_ptr_array_new_with_free_func ((GDestroyNotify) g_bytes_unref);

  g_ptr_array_add (batch, g_bytes_new (text, strlen (text)));
  return STORE_DO (store, restore, error, batch);
}

static JsonObject *
parse (GBytes *record)
{
  g_autofree char *text = g_strndup (g_bytes_get_data (record, NULL), g_bytes_get_size (record));
  g_autoptr (GError) error = NULL;
  g_autoptr (JsonNode) node = json_from_string (text, &error);

  g_assert_no_error (error);
  g_assert_true (JSON_NODE_HOLDS_OBJECT (node));
  g_assert_true (g_str_has_prefix (text, "{\"record\":\""));
  return json_object_ref (json_node_get_object (node));
}

static void
test_inspect (StoreFixture *fixture, gconstpointer plugin)
{
  g_autoptr (AnnotSchema) schema = NULL;
  g_autoptr (GError) error = NULL;

  g_assert_null (STORE_DO (fixture->store, inspect, &error));
  if (!is_offered (error))
    return;
  g_assert_error (error, ANNOT_ERROR, ANNOT_ERROR_EXISTS);
  g_assert_true (STORE_GET (fixture->store, close));
  schema = inspect (fixture->store);
  g_assert_nonnull (schema->address);
  g_assert_cmpint (schema->known, >, 0);
  g_assert_cmpint (schema->version, ==, schema->known);
  g_assert_cmpuint (g_strv_length (schema->pending), ==, 0);
  g_assert_false (schema->unfinished);
  STORE_FAIL (fixture->store, ANNOT_ERROR_NOT_CONNECTED, get_position);
  STORE_FAIL (fixture->store, ANNOT_ERROR_EXISTS, open);
  store_fixture_reopen (fixture);
}

static void
test_migrate (StoreFixture *fixture, gconstpointer plugin)
{
  g_autoptr (AnnotSchema) before = NULL;
  g_autoptr (AnnotSchema) again = NULL;
  g_autoptr (AnnotSchema) after = NULL;

  store_fixture_empty (fixture);
  before = inspect (fixture->store);
  if (!before)
    return;
  g_assert_cmpint (before->version, ==, 0);
  g_assert_cmpuint (g_strv_length (before->pending), ==, before->known);
  again = inspect (fixture->store);
  g_assert_cmpint (again->version, ==, 0);
  g_assert_cmpint (STORE_GET (fixture->store, migrate), ==, before->known);
  g_assert_cmpint (STORE_GET (fixture->store, migrate), ==, 0);
  after = inspect (fixture->store);
  g_assert_cmpint (after->version, ==, before->known);
  g_assert_cmpuint (g_strv_length (after->pending), ==, 0);
  store_fixture_reopen (fixture);
  g_assert_cmpint (store_contract_put (fixture->store, store_contract_make_example ("a", 0.5)), ==, 1);
}

static void
skip_as (AnnotStore *store, const char *event_id, const char *annotator, guint max_skips, const char *reason)
{
  AnnotSkip skip = { .event_id = event_id, .annotator = annotator, .reason = reason, .max_skips = max_skips };

  (void) STORE_GET (store, skip, &skip);
}

static void
fill_accounts (AnnotStore *store)
{
  g_autoptr (AnnotAccount) ann = annot_account_new ("ann", ANNOT_ROLE_ANNOTATOR | ANNOT_ROLE_ADMIN);
  g_autoptr (AnnotAccount) robot = annot_account_new ("robot", ANNOT_ROLE_PRODUCER);
  g_autoptr (AnnotToken) token = annot_token_new ();
  g_autoptr (AnnotSession) session = annot_session_new ("jti-1", "ann", g_get_real_time () + G_TIME_SPAN_DAY);
  g_autoptr (AnnotSession) ended = annot_session_new ("jti-2", "ann", g_get_real_time () + G_TIME_SPAN_DAY);
  g_autoptr (GPtrArray) revoked = NULL;
  g_autofree char *secret = NULL;

  ann->password_hash = g_strdup ("$y$j9T$salt$hash");
  ann->created_at = 17;
  robot->disabled = TRUE;
  g_assert_true (STORE_GET (store, add_account, ann));
  g_assert_true (STORE_GET (store, add_account, robot));
  token->id = g_strdup ("t1");
  token->account = g_strdup ("robot");
  token->description = g_strdup ("a \"quoted\" \\ one\nof two lines");
  token->hash = g_strdup ("hash-of-t1");
  token->roles = ANNOT_ROLE_PRODUCER;
  token->created_at = 18;
  g_assert_true (STORE_GET (store, add_token, token));
  g_assert_true (STORE_GET (store, add_session, session));
  g_assert_true (STORE_GET (store, add_session, ended));
  revoked = STORE_GET (store, revoke_sessions, "jti-2", NULL);
  secret = STORE_GET (store, get_secret, "signing", "a secret of the first store");
}

static AnnotExample *
make_odd_example (void)
{
  const char *const labels[] = { "caf\xc3\xa9 \"noir\"", "person", NULL };
  const char *const hashes[] = { "aa", "bb", NULL };
  AnnotExample *example = store_contract_make_example ("odd:1", 0.1 + 0.2);

  g_free (example->payload);
  example->payload = g_strdup ("{ \"event_id\" : \"odd:1\", \"n\":1.10, \"z\":\"\\u0000\\ud83d\\ude00\" }");
  g_strfreev (example->labels);
  example->labels = g_strdupv ((char **) labels);
  g_strfreev (example->face_hashes);
  example->face_hashes = g_strdupv ((char **) hashes);
  g_clear_pointer (&example->source_topic, g_free);
  example->source_partition = 0;
  example->source_offset = 0;
  store_contract_add_frame (example, "\x89PNG and so on");
  return example;
}

/* Something of every kind, also what is carried over changed: a lease, a claim. seq 1 is gone. */
static void
fill_examples (AnnotStore *store)
{
  g_autoptr (AnnotAnnotation) second = store_contract_make_annotation ("done", "ann", 2, "other");
  g_autoptr (AnnotSubmitResult) corrected = NULL;
  g_autofree AnnotErasure *erasure = NULL;
  g_autoptr (GPtrArray) taken = NULL;
  g_autoptr (AnnotExample) gone = store_contract_make_example ("gone", 0.5);

  g_assert_cmpint (store_contract_put (store, annot_example_ref (gone)), ==, 1);
  g_assert_true (STORE_GET (store, remove, "gone", NULL));
  store_contract_put (store, make_odd_example ());
  store_contract_complete (store, "done", "ann");
  second->quality_score = 0.7;
  corrected = store_contract_submit (store, second, NULL, NULL);
  g_assert_nonnull (corrected);
  store_contract_complete (store, "done-by-bob", "bob");
  store_contract_put (store, store_contract_make_example ("skipped", 0.5));
  skip_as (store, "skipped", "ann", 2, "unclear");
  skip_as (store, "skipped", "bob", 2, "too \"dark\"");
  store_contract_put (store, store_contract_make_example ("skipped-once", 0.4));
  skip_as (store, "skipped-once", "ann", 3, "later");
  store_contract_put_many (store, "more", 5, 0.3);
  taken = STORE_GET (store, take_outgoing, 1, 600);
  g_assert_cmpuint (taken->len, ==, 1);
  g_assert_true (STORE_GET (store, postpone_outgoing, ((AnnotOutgoing *) taken->pdata[0])->id, 600, "no broker"));
  erasure = STORE_GET (store, erase_subject, "cc", "officer", NULL);
}

static void
assert_same (GPtrArray *one, GPtrArray *other)
{
  g_assert_cmpuint (one->len, ==, other->len);
  for (guint i = 0; i < one->len; i++) {
    g_autofree char *a = g_strndup (g_bytes_get_data (one->pdata[i], NULL), g_bytes_get_size (one->pdata[i]));
    g_autofree char *b = g_strndup (g_bytes_get_data (other->pdata[i], NULL), g_bytes_get_size (other->pdata[i]));

    g_assert_cmpstr (a, ==, b);
  }
}

/* The kinds in their order, and as many as `end` says. */
static void
assert_order (GPtrArray *records)
{
  const char *const kinds[] = { "store",   "account",    "token", "session",  "secret", "audit",
                                "example", "annotation", "skip",  "outgoing", "end",    NULL };
  gint64 counts[G_N_ELEMENTS (kinds)] = { 0 };
  g_autoptr (JsonObject) first = parse (records->pdata[0]);
  g_autoptr (JsonObject) last = parse (records->pdata[records->len - 1]);
  guint at = 0;

  for (guint i = 0; i < records->len; i++) {
    g_autoptr (JsonObject) record = parse (records->pdata[i]);

    while (kinds[at] && !g_str_equal (kinds[at], json_object_get_string_member (record, "record")))
      at++;
    g_assert_nonnull (kinds[at]);
    counts[at]++;
  }
  g_assert_cmpint (json_object_get_int_member (first, "format"), ==, ANNOT_RECORD_FORMAT);
  g_assert_cmpint (json_object_get_int_member (first, "records"), ==, records->len);
  g_assert_cmpint (counts[0], ==, 1);
  g_assert_cmpstr (json_object_get_string_member (last, "record"), ==, "end");
  for (guint k = 1; k + 2 < G_N_ELEMENTS (kinds); k++)
    g_assert_cmpint (json_object_get_int_member (last, kinds[k]), ==, counts[k]);
  g_assert_cmpint (json_object_get_int_member (last, "frame"), ==, 1);
}

static void
assert_same_counts (GPtrArray *one, GPtrArray *other)
{
  g_assert_cmpuint (one->len, ==, other->len);
  for (guint i = 0; i < one->len; i++) {
    const AnnotCount *a = one->pdata[i], *b = other->pdata[i];

    g_assert_cmpstr (a->name, ==, b->name);
    g_assert_cmpint (a->count, ==, b->count);
  }
}

static void
assert_same_stats (const AnnotStats *before, const AnnotStats *after)
{
  g_assert_cmpint (after->pending, ==, before->pending + before->leased);
  g_assert_cmpint (after->leased, ==, 0);
  g_assert_cmpint (after->completed, ==, before->completed);
  g_assert_cmpint (after->skipped, ==, before->skipped);
  g_assert_cmpint (after->outgoing, ==, before->outgoing);
  g_assert_cmpint (after->retrying, ==, before->retrying);
  g_assert_cmpint (after->oldest_outgoing, ==, before->oldest_outgoing);
  assert_same_counts (before->by_label, after->by_label);
  assert_same_counts (before->by_annotator, after->by_annotator);
  assert_same_counts (before->by_hour, after->by_hour);
}

/* What the other store makes of it: everything goes on where it stood. */
static void
assert_goes_on (AnnotStore *store, const AnnotLease *old, const AnnotPosition *before)
{
  g_autoptr (AnnotPosition) after = STORE_GET (store, get_position);
  g_autoptr (AnnotAnnotation) late = store_contract_make_annotation (old->event_id, "bob", 1, "d");
  g_autoptr (AnnotAnnotation) repeat = store_contract_make_annotation ("done", "ann", 2, "other");
  g_autoptr (AnnotSubmitResult) repeated = NULL;
  g_autoptr (AnnotLease) lease = NULL;
  g_autoptr (AnnotExample) odd = STORE_GET (store, get_example, "odd:1", TRUE);
  g_autoptr (AnnotExample) expected = make_odd_example ();
  g_autoptr (GPtrArray) revoked = STORE_GET (store, list_revoked);
  g_autoptr (AnnotToken) token = STORE_GET (store, find_token, "hash-of-t1");
  g_autofree char *secret = STORE_GET (store, get_secret, "signing", "another");
  g_autoptr (GError) error = NULL;

  g_assert_cmpstr (after->epoch, ==, before->epoch);
  g_assert_cmpint (after->seq, ==, before->seq);
  g_assert_cmpstr (secret, ==, "a secret of the first store");
  g_assert_cmpuint (revoked->len, ==, 1);
  g_assert_cmpstr (token->account, ==, "robot");
  g_assert_cmpstr (odd->payload, ==, expected->payload);
  g_assert_true (odd->priority == expected->priority);
  g_assert_true (g_bytes_equal (odd->frame, expected->frame));
  g_assert_cmpstrv (odd->labels, expected->labels);
  g_assert_null (store_contract_submit (store, late, &old->token, &error));
  g_assert_error (error, ANNOT_ERROR, ANNOT_ERROR_STALE);
  repeated = store_contract_submit (store, repeat, NULL, NULL);
  g_assert_true (repeated && repeated->repeated);
  lease = store_contract_claim_one (store, "bob");
  g_assert_cmpint (lease->token.seq, ==, old->token.seq);
  g_assert_cmpint (lease->token.fence, >, old->token.fence);
  g_assert_cmpint (store_contract_put (store, store_contract_make_example ("next", 0.5)), ==, before->seq + 1);
}

static void
test_whole (StoreFixture *fixture, gconstpointer plugin)
{
  g_autoptr (AnnotLease) lease = NULL;
  g_autoptr (AnnotPosition) position = NULL;
  g_autoptr (AnnotStats) before = NULL;
  g_autoptr (AnnotStats) after = NULL;
  g_autoptr (GPtrArray) records = NULL;
  g_autoptr (GPtrArray) copied = NULL;

  fill_accounts (fixture->store);
  fill_examples (fixture->store);
  store_contract_put (fixture->store, store_contract_make_example ("leased", 0.99));
  lease = store_contract_claim_one (fixture->store, "bob");
  g_assert_cmpstr (lease->event_id, ==, "leased");
  position = STORE_GET (fixture->store, get_position);
  before = STORE_GET (fixture->store, get_stats);
  g_assert_true (STORE_GET (fixture->store, close));
  records = dump_all (fixture->store);
  if (!records)
    return;
  assert_order (records);
  store_fixture_empty (fixture);
  g_assert_cmpint (STORE_GET (fixture->store, migrate), >, 0);
  restore_all (fixture->store, records);
  g_assert_true (STORE_GET (fixture->store, close));
  copied = dump_all (fixture->store);
  assert_same (records, copied);
  g_assert_true (STORE_GET (fixture->store, open));
  after = STORE_GET (fixture->store, get_stats);
  assert_same_stats (before, after);
  assert_goes_on (fixture->store, lease, position);
}

/* A store that holds anything is left as it is. */
static void
test_occupied (StoreFixture *fixture, gconstpointer plugin)
{
  g_autoptr (GPtrArray) records = NULL;
  g_autoptr (GPtrArray) still = NULL;
  g_autoptr (GPtrArray) first = g_ptr_array_new ();

  store_contract_put (fixture->store, store_contract_make_example ("a", 0.5));
  g_assert_true (STORE_GET (fixture->store, close));
  records = dump_all (fixture->store);
  if (!records)
    return;
  g_ptr_array_add (first, records->pdata[0]);
  STORE_FAIL (fixture->store, ANNOT_ERROR_EXISTS, restore, first);
  g_assert_true (STORE_GET (fixture->store, close));
  still = dump_all (fixture->store);
  assert_same (records, still);
  g_assert_true (STORE_GET (fixture->store, open));
  store_contract_assert_status (fixture->store, "a", ANNOT_EXAMPLE_PENDING);
}

/* A copy that breaks off leaves a store that nobody can open, and that the same copy fills when it is repeated. */
static void
test_interrupted (StoreFixture *fixture, gconstpointer plugin)
{
  g_autoptr (GPtrArray) records = NULL;
  g_autoptr (GPtrArray) copied = NULL;
  g_autoptr (AnnotSchema) schema = NULL;

  fill_accounts (fixture->store);
  fill_examples (fixture->store);
  g_assert_true (STORE_GET (fixture->store, close));
  records = dump_all (fixture->store);
  if (!records)
    return;
  store_fixture_empty (fixture);
  g_assert_cmpint (STORE_GET (fixture->store, migrate), >, 0);
  restore_some (fixture->store, records, 0, 1);
  restore_some (fixture->store, records, 1, records->len - 4);
  /* Its answer was lost. */
  restore_some (fixture->store, records, 1, records->len - 4);
  g_assert_true (STORE_GET (fixture->store, close));
  STORE_FAIL (fixture->store, ANNOT_ERROR_CONFIG, open);
  schema = inspect (fixture->store);
  g_assert_true (schema->unfinished);
  STORE_FAIL (fixture->store, ANNOT_ERROR_CONFIG, dump);
  g_assert_true (STORE_GET (fixture->store, close));
  restore_all (fixture->store, records);
  restore_some (fixture->store, records, records->len - 1, 1);
  g_assert_true (STORE_GET (fixture->store, close));
  copied = dump_all (fixture->store);
  assert_same (records, copied);
  g_assert_true (STORE_GET (fixture->store, open));
}

/* A record that got lost on the way is noticed. */
static void
test_not_whole (StoreFixture *fixture, gconstpointer plugin)
{
  g_autoptr (GPtrArray) records = NULL;
  g_autoptr (GPtrArray) end = g_ptr_array_new ();

  fill_examples (fixture->store);
  g_assert_true (STORE_GET (fixture->store, close));
  records = dump_all (fixture->store);
  if (!records)
    return;
  store_fixture_empty (fixture);
  g_assert_cmpint (STORE_GET (fixture->store, migrate), >, 0);
  restore_some (fixture->store, records, 0, records->len - 2);
  g_ptr_array_add (end, records->pdata[records->len - 1]);
  STORE_FAIL (fixture->store, ANNOT_ERROR_PERMANENT, restore, end);
  g_assert_true (STORE_GET (fixture->store, close));
  STORE_FAIL (fixture->store, ANNOT_ERROR_CONFIG, open);
}

static void
test_invalid (StoreFixture *fixture, gconstpointer plugin)
{
  const char *const wrong[] = {
    "",
    "no JSON",
    "[1]",
    "{\"kind\":\"store\"}",
    "{\"record\":\"something\"}",
    "{\"record\":\"store\",\"format\":2,\"plugin\":\"p\",\"version\":1,\"epoch\":\"e\",\"seq\":0,\"records\":2}",
    "{\"record\":\"secret\",\"name\":\"n\",\"value\":\"v\"}",
  };

  g_autoptr (AnnotSchema) schema = NULL;

  store_fixture_empty (fixture);
  schema = inspect (fixture->store);
  if (!schema)
    return;
  g_assert_cmpint (STORE_GET (fixture->store, migrate), >, 0);
  for (guint i = 0; i < G_N_ELEMENTS (wrong); i++) {
    g_autoptr (GError) error = NULL;

    g_assert_false (restore_text (fixture->store, wrong[i], &error));
    if (!is_offered (error))
      return;
    g_assert_error (error, ANNOT_ERROR, ANNOT_ERROR_INVALID);
  }
  store_fixture_reopen (fixture);
}

static void
put_large (AnnotStore *store, const char *event_id)
{
  AnnotExample *example = store_contract_make_example (event_id, 0.5);
  g_autofree char *bytes = g_strnfill (3 * 1024 * 1024, 'x');

  store_contract_add_frame (example, bytes);
  store_contract_put (store, example);
}

/* However much there is, a batch is small. */
static void
test_batches (StoreFixture *fixture, gconstpointer plugin)
{
  guint records = 0, batches = 0;
  gsize largest = 0;

  store_contract_put_many (fixture->store, "small", MANY, 0.5);
  for (guint i = 0; i < 6; i++) {
    g_autofree char *id = g_strdup_printf ("large-%u", i);

    put_large (fixture->store, id);
  }
  g_assert_true (STORE_GET (fixture->store, close));
  for (;;) {
    g_autoptr (GError) error = NULL;
    g_autoptr (GPtrArray) batch = STORE_DO (fixture->store, dump, &error);
    gsize bytes = 0;

    if (!is_offered (error))
      return;
    g_assert_no_error (error);
    if (batch->len == 0)
      break;
    for (guint i = 0; i < batch->len; i++)
      bytes += g_bytes_get_size (batch->pdata[i]);
    records += batch->len;
    batches++;
    largest = MAX (largest, bytes);
    g_assert_cmpuint (batch->len, <=, batches == 1 ? 1 : ANNOT_RECORDS_MAX);
  }
  g_assert_cmpuint (records, ==, MANY + 6 + 2);
  g_assert_cmpuint (largest, <, ANNOT_RECORDS_BYTES + 5 * 1024 * 1024);
}

/* A second snapshot, and a close in the middle of one. */
static void
test_again (StoreFixture *fixture, gconstpointer plugin)
{
  g_autoptr (GPtrArray) records = NULL;
  g_autoptr (GPtrArray) batch = NULL;
  g_autoptr (GPtrArray) again = NULL;

  store_contract_put_many (fixture->store, "x", 3, 0.5);
  g_assert_true (STORE_GET (fixture->store, close));
  records = dump_all (fixture->store);
  if (!records)
    return;
  batch = STORE_GET (fixture->store, dump);
  g_assert_cmpuint (batch->len, ==, 1);
  g_assert_true (STORE_GET (fixture->store, close));
  again = dump_all (fixture->store);
  assert_same (records, again);
  g_assert_true (STORE_GET (fixture->store, open));
  store_contract_assert_status (fixture->store, "x-0", ANNOT_EXAMPLE_PENDING);
}

void
store_contract_add_copy (const char *plugin)
{
  store_contract_add (plugin, "copy/inspect", test_inspect);
  store_contract_add (plugin, "copy/migrate", test_migrate);
  store_contract_add (plugin, "copy/whole", test_whole);
  store_contract_add (plugin, "copy/occupied", test_occupied);
  store_contract_add (plugin, "copy/interrupted", test_interrupted);
  store_contract_add (plugin, "copy/not-whole", test_not_whole);
  store_contract_add (plugin, "copy/invalid", test_invalid);
  store_contract_add (plugin, "copy/batches", test_batches);
  store_contract_add (plugin, "copy/again", test_again);
}
