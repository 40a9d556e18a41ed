/* SPDX-License-Identifier: Apache-2.0 */
/* Putting and getting examples: seq without gaps, doubles, frames, position. */
#include "store-contract.h"

#include <math.h>

#define BATCHES 40
#define ROWS 7

static void
test_round_trip (StoreFixture *fixture, gconstpointer plugin)
{
  AnnotExample *put = annot_example_ref (store_contract_make_example ("a", 0.25));
  g_autoptr (AnnotExample) keep = put;
  g_autoptr (AnnotExample) got = NULL;
  gint64 before = g_get_real_time ();
  const char *const hashes[] = { "00ff", NULL };

  g_strfreev (put->face_hashes);
  put->face_hashes = g_strdupv ((char **) hashes);
  g_free (put->labels[0]);
  put->labels[0] = g_strdup ("a \"quoted\"\nlabel\\");
  store_contract_add_frame (put, "frame bytes");
  g_assert_cmpint (store_contract_put (fixture->store, put), ==, 1);

  got = STORE_GET (fixture->store, get_example, "a", FALSE);
  g_assert_cmpstr (got->event_id, ==, "a");
  g_assert_cmpstr (got->camera_id, ==, put->camera_id);
  g_assert_cmpint (got->timestamp, ==, put->timestamp);
  g_assert_cmpfloat (got->priority, ==, 0.25);
  g_assert_cmpstr (got->payload, ==, put->payload);
  g_assert_cmpstr (got->detections, ==, put->detections);
  g_assert_cmpstrv (got->labels, put->labels);
  g_assert_cmpstrv (got->face_hashes, hashes);
  g_assert_null (got->frame);
  g_assert_cmpint (got->frame_type, ==, ANNOT_FRAME_PNG);
  g_assert_cmpstr (got->frame_sha256, ==, put->frame_sha256);
  g_assert_cmpstr (got->source_topic, ==, "hard-examples");
  g_assert_cmpint (got->source_partition, ==, 3);
  g_assert_cmpint (got->source_offset, ==, put->source_offset);
  g_assert_cmpint (got->seq, ==, 1);
  g_assert_cmpint (got->status, ==, ANNOT_EXAMPLE_PENDING);
  g_assert_cmpint (got->received_at, >=, before - G_TIME_SPAN_SECOND);
  g_assert_cmpint (got->received_at, <=, g_get_real_time () + G_TIME_SPAN_SECOND);
  g_assert_cmpuint (got->revision, ==, 0);
  g_assert_cmpuint (got->skips, ==, 0);
  g_assert_null (got->annotator);
  g_assert_cmpint (got->finished_at, ==, 0);
}

static void
test_frame (StoreFixture *fixture, gconstpointer plugin)
{
  AnnotExample *put = store_contract_make_example ("framed", 0.5);
  g_autoptr (AnnotExample) got = NULL;
  g_autoptr (AnnotExample) bare = NULL;
  g_autoptr (GBytes) expected = g_bytes_new_static ("pixels", 6);

  store_contract_add_frame (put, "pixels");
  store_contract_put (fixture->store, put);
  store_contract_put (fixture->store, store_contract_make_example ("bare", 0.5));

  got = STORE_GET (fixture->store, get_example, "framed", TRUE);
  g_assert_nonnull (got->frame);
  g_assert_true (g_bytes_equal (got->frame, expected));
  bare = STORE_GET (fixture->store, get_example, "bare", TRUE);
  g_assert_null (bare->frame);
  g_assert_cmpint (bare->frame_type, ==, ANNOT_FRAME_NONE);
  g_assert_null (bare->frame_sha256);
}

static void
test_get_unknown (StoreFixture *fixture, gconstpointer plugin)
{
  STORE_FAIL (fixture->store, ANNOT_ERROR_NOT_FOUND, get_example, "nobody", FALSE);
}

/* New, known and twice in one batch; what was there first stays as it was. */
static void
test_known (StoreFixture *fixture, gconstpointer plugin)
{
  g_autoptr (GPtrArray) batch = g_ptr_array_new_with_free_func ((GDestroyNotify) annot_example_unref);
  g_autoptr (GArray) results = NULL;
  g_autoptr (AnnotExample) got = NULL;
  g_autoptr (AnnotPosition) position = NULL;
  const gboolean known[] = { TRUE, FALSE, TRUE, FALSE };
  const gint64 seqs[] = { 1, 2, 2, 3 };

  store_contract_put (fixture->store, store_contract_make_example ("old", 0.1));
  g_ptr_array_add (batch, store_contract_make_example ("old", 0.9));
  g_ptr_array_add (batch, store_contract_make_example ("new", 0.2));
  g_ptr_array_add (batch, store_contract_make_example ("new", 0.3));
  g_ptr_array_add (batch, store_contract_make_example ("newer", 0.4));
  results = STORE_GET (fixture->store, put_examples, batch);
  g_assert_cmpuint (results->len, ==, 4);
  for (guint i = 0; i < 4; i++) {
    g_assert_cmpint (g_array_index (results, AnnotPutResult, i).known, ==, known[i]);
    g_assert_cmpint (g_array_index (results, AnnotPutResult, i).seq, ==, seqs[i]);
  }
  got = STORE_GET (fixture->store, get_example, "old", FALSE);
  g_assert_cmpfloat (got->priority, ==, 0.1);
  position = STORE_GET (fixture->store, get_position);
  g_assert_cmpint (position->seq, ==, 3);
  g_assert_cmpint (position->pending, ==, 3);
}

static void
test_empty_batch (StoreFixture *fixture, gconstpointer plugin)
{
  g_autoptr (GPtrArray) batch = g_ptr_array_new ();
  g_autoptr (GArray) results = STORE_GET (fixture->store, put_examples, batch);

  g_assert_cmpuint (results->len, ==, 0);
}

/* A poison row fails its batch wholly, and no number is lost with it. */
static void
test_poison_row (StoreFixture *fixture, gconstpointer plugin)
{
  g_autoptr (GPtrArray) batch = g_ptr_array_new_with_free_func ((GDestroyNotify) annot_example_unref);
  AnnotExample *poison = store_contract_make_example ("poison", (double) NAN);

  g_ptr_array_add (batch, store_contract_make_example ("before", 0.5));
  g_ptr_array_add (batch, poison);
  STORE_FAIL (fixture->store, ANNOT_ERROR_PERMANENT, put_examples, batch);
  STORE_FAIL (fixture->store, ANNOT_ERROR_NOT_FOUND, get_example, "before", FALSE);
  g_assert_cmpint (store_contract_put (fixture->store, store_contract_make_example ("after", 0.5)), ==, 1);
}

static int
compare_seqs (gconstpointer a, gconstpointer b)
{
  gint64 x = *(const gint64 *) a, y = *(const gint64 *) b;

  return (x > y) - (x < y);
}

/* Many batches at once, every fifth of them poisoned: the numbers of the others are 1 … n, each once, rising in a
 * batch. */
static void
test_concurrent_batches (StoreFixture *fixture, gconstpointer plugin)
{
  AnnotTestCall calls[BATCHES] = { 0 };
  g_autoptr (GArray) seqs = g_array_new (FALSE, FALSE, sizeof (gint64));
  g_autoptr (AnnotPosition) position = NULL;

  for (guint i = 0; i < BATCHES; i++) {
    g_autoptr (GPtrArray) batch = g_ptr_array_new_with_free_func ((GDestroyNotify) annot_example_unref);

    for (guint row = 0; row < ROWS; row++) {
      g_autofree char *id = g_strdup_printf ("%u-%u", i, row);

      g_ptr_array_add (batch, store_contract_make_example (id, i % 5 == 0 && row == ROWS - 1 ? (double) NAN : 0.5));
    }
    annot_store_put_examples (fixture->store, batch, NULL, annot_test_call_done, &calls[i]);
  }
  for (guint i = 0; i < BATCHES; i++) {
    g_autoptr (GError) error = NULL;
    g_autoptr (GArray) results
        = annot_store_put_examples_finish (fixture->store, annot_test_call_wait (&calls[i]), &error);
    gint64 last = 0;

    annot_test_call_clear (&calls[i]);
    if (i % 5 == 0) {
      g_assert_error (error, ANNOT_ERROR, ANNOT_ERROR_PERMANENT);
      continue;
    }
    g_assert_no_error (error);
    for (guint row = 0; row < ROWS; row++) {
      gint64 seq = g_array_index (results, AnnotPutResult, row).seq;

      g_assert_cmpint (seq, >, last);
      last = seq;
      g_array_append_val (seqs, seq);
    }
  }
  g_array_sort (seqs, compare_seqs);
  for (guint i = 0; i < seqs->len; i++)
    g_assert_cmpint (g_array_index (seqs, gint64, i), ==, i + 1);
  position = STORE_GET (fixture->store, get_position);
  g_assert_cmpint (position->seq, ==, seqs->len);
  g_assert_cmpint (position->pending, ==, seqs->len);
}

static void
test_position (StoreFixture *fixture, gconstpointer plugin)
{
  g_autoptr (AnnotPosition) empty = STORE_GET (fixture->store, get_position);
  g_autoptr (AnnotPosition) full = NULL;

  g_assert_cmpint (empty->seq, ==, 0);
  g_assert_cmpint (empty->pending, ==, 0);
  g_assert_true (g_uuid_string_is_valid (empty->epoch));
  store_contract_put_many (fixture->store, "p", 5, 0.5);
  annot_lease_free (store_contract_claim_one (fixture->store, "ann"));
  full = STORE_GET (fixture->store, get_position);
  g_assert_cmpstr (full->epoch, ==, empty->epoch);
  g_assert_cmpint (full->seq, ==, 5);
  g_assert_cmpint (full->pending, ==, 4);
}

static void
test_removed_and_put_again (StoreFixture *fixture, gconstpointer plugin)
{
  g_autoptr (AnnotPosition) position = NULL;

  store_contract_put_many (fixture->store, "r", 2, 0.5);
  g_assert_true (STORE_GET (fixture->store, remove, "r-1", NULL));
  g_assert_cmpint (store_contract_put (fixture->store, store_contract_make_example ("r-1", 0.5)), ==, 3);
  position = STORE_GET (fixture->store, get_position);
  g_assert_cmpint (position->seq, ==, 3);
  g_assert_cmpint (position->pending, ==, 2);
}

static void
test_health (StoreFixture *fixture, gconstpointer plugin)
{
  g_autoptr (AnnotHealth) health = STORE_GET (fixture->store, health);

  g_assert_true (health->healthy);
  g_assert_nonnull (health->details);
}

void
store_contract_add_examples (const char *plugin)
{
  store_contract_add (plugin, "examples/round-trip", test_round_trip);
  store_contract_add (plugin, "examples/frame", test_frame);
  store_contract_add (plugin, "examples/get-unknown", test_get_unknown);
  store_contract_add (plugin, "examples/known", test_known);
  store_contract_add (plugin, "examples/empty-batch", test_empty_batch);
  store_contract_add (plugin, "examples/poison-row", test_poison_row);
  store_contract_add (plugin, "examples/concurrent-batches", test_concurrent_batches);
  store_contract_add (plugin, "examples/position", test_position);
  store_contract_add (plugin, "examples/removed-and-put-again", test_removed_and_put_again);
  store_contract_add (plugin, "examples/health", test_health);
}
