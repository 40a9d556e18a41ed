/* SPDX-License-Identifier: Apache-2.0 */
/* Submitting, skipping and removing: every outcome, in the order in which they are tried; statistics. */
#include "store-contract.h"

#include <math.h>
#include <string.h>

/* Submits what must be refused. */
static void
refuse (AnnotStore *store, AnnotError code, const char *event_id, const char *annotator, guint revision,
        const char *digest, const AnnotLeaseToken *token)
{
  g_autoptr (AnnotAnnotation) annotation = store_contract_make_annotation (event_id, annotator, revision, digest);
  g_autoptr (GPtrArray) before = STORE_GET (store, list_outgoing, FALSE, 100);
  g_autoptr (GPtrArray) after = NULL;
  g_autoptr (GError) error = NULL;

  g_assert_null (store_contract_submit (store, annotation, token, &error));
  g_assert_error (error, ANNOT_ERROR, (int) code);
  after = STORE_GET (store, list_outgoing, FALSE, 100);
  g_assert_cmpuint (after->len, ==, before->len);
}

/* Submits what must be taken. Returns: (transfer full) */
static AnnotSubmitResult *
accept (AnnotStore *store, const char *event_id, const char *annotator, guint revision, const char *digest,
        const AnnotLeaseToken *token)
{
  g_autoptr (AnnotAnnotation) annotation = store_contract_make_annotation (event_id, annotator, revision, digest);
  g_autoptr (GError) error = NULL;
  AnnotSubmitResult *result = store_contract_submit (store, annotation, token, &error);

  g_assert_no_error (error);
  return result;
}

static void
test_under_lease (StoreFixture *fixture, gconstpointer plugin)
{
  g_autoptr (AnnotLease) lease = NULL;
  g_autoptr (AnnotSubmitResult) result = NULL;
  g_autoptr (AnnotExample) example = NULL;
  g_autoptr (GPtrArray) outgoing = NULL;

  store_contract_put_many (fixture->store, "x", 1, 0.5);
  lease = store_contract_claim_one (fixture->store, "ann");
  result = accept (fixture->store, "x-0", "ann", 1, "d1", &lease->token);
  g_assert_false (result->repeated);
  g_assert_cmpstr (result->annotation->annotator, ==, "ann");
  example = STORE_GET (fixture->store, get_example, "x-0", FALSE);
  g_assert_cmpint (example->status, ==, ANNOT_EXAMPLE_COMPLETED);
  g_assert_cmpuint (example->revision, ==, 1);
  g_assert_cmpstr (example->annotator, ==, "ann");
  g_assert_cmpint (example->finished_at, >, 0);
  outgoing = STORE_GET (fixture->store, list_outgoing, FALSE, 10);
  g_assert_cmpuint (outgoing->len, ==, 1);
  g_assert_cmpstr (((AnnotOutgoing *) outgoing->pdata[0])->id, ==, result->annotation->id);
}

static void
test_unknown (StoreFixture *fixture, gconstpointer plugin)
{
  AnnotSkip skip = { .event_id = "nobody", .annotator = "ann", .reason = "r", .max_skips = 3 };

  refuse (fixture->store, ANNOT_ERROR_NOT_FOUND, "nobody", "ann", 1, "d", NULL);
  STORE_FAIL (fixture->store, ANNOT_ERROR_NOT_FOUND, skip, &skip);
  STORE_FAIL (fixture->store, ANNOT_ERROR_NOT_FOUND, remove, "nobody", NULL);
}

/* Without a token: allowed while pending, or leased by oneself. */
static void
test_without_token (StoreFixture *fixture, gconstpointer plugin)
{
  g_autoptr (AnnotSubmitResult) pending = NULL;
  g_autoptr (AnnotSubmitResult) own = NULL;
  g_autoptr (AnnotLease) lease = NULL;

  store_contract_put_many (fixture->store, "x", 2, 0.5);
  pending = accept (fixture->store, "x-0", "ann", 1, "d", NULL);
  lease = store_contract_claim_one (fixture->store, "ann");
  refuse (fixture->store, ANNOT_ERROR_STALE, "x-1", "bob", 1, "d", NULL);
  own = accept (fixture->store, "x-1", "ann", 1, "d", NULL);
  g_assert_false (own->repeated);
}

static void
test_wrong_token (StoreFixture *fixture, gconstpointer plugin)
{
  g_autoptr (AnnotLease) lease = NULL;
  AnnotLeaseToken wrong;

  store_contract_put_many (fixture->store, "x", 2, 0.5);
  lease = store_contract_claim_one (fixture->store, "ann");
  wrong = lease->token;
  wrong.fence++;
  refuse (fixture->store, ANNOT_ERROR_STALE, "x-0", "ann", 1, "d", &wrong);
  /* Another example's token, another person's, and one for an example that is pending. */
  refuse (fixture->store, ANNOT_ERROR_STALE, "x-1", "ann", 1, "d", &lease->token);
  refuse (fixture->store, ANNOT_ERROR_STALE, "x-0", "bob", 1, "d", &lease->token);
  store_contract_assert_status (fixture->store, "x-0", ANNOT_EXAMPLE_LEASED);
}

static void
test_wrong_revision (StoreFixture *fixture, gconstpointer plugin)
{
  store_contract_put_many (fixture->store, "x", 1, 0.5);
  refuse (fixture->store, ANNOT_ERROR_STALE, "x-0", "ann", 2, "d", NULL);
  refuse (fixture->store, ANNOT_ERROR_STALE, "x-0", "ann", 0, "d", NULL);
  store_contract_assert_status (fixture->store, "x-0", ANNOT_EXAMPLE_PENDING);
}

static void
test_repeated (StoreFixture *fixture, gconstpointer plugin)
{
  g_autoptr (AnnotLease) lease = NULL;
  g_autoptr (AnnotSubmitResult) first = NULL;
  g_autoptr (AnnotSubmitResult) second = NULL;
  g_autoptr (GPtrArray) outgoing = NULL;

  store_contract_put_many (fixture->store, "x", 1, 0.5);
  lease = store_contract_claim_one (fixture->store, "ann");
  first = accept (fixture->store, "x-0", "ann", 1, "same", &lease->token);
  second = accept (fixture->store, "x-0", "ann", 1, "same", &lease->token);
  g_assert_true (second->repeated);
  g_assert_cmpstr (second->annotation->id, ==, first->annotation->id);
  g_assert_cmpstr (second->annotation->event_id, ==, "x-0");
  g_assert_cmpstr (second->annotation->notes, ==, "seen");
  g_assert_cmpint (second->annotation->lead_time_ms, ==, 1500);
  g_assert_true (isnan (second->annotation->quality_score));
  g_assert_cmpstr (second->annotation->corrected_detections, ==, first->annotation->corrected_detections);
  outgoing = STORE_GET (fixture->store, list_outgoing, FALSE, 10);
  g_assert_cmpuint (outgoing->len, ==, 1);
}

static void
test_finished (StoreFixture *fixture, gconstpointer plugin)
{
  AnnotSkip skip = { .event_id = "x", .annotator = "ann", .reason = "r", .max_skips = 3 };

  store_contract_complete (fixture->store, "x", "ann");
  refuse (fixture->store, ANNOT_ERROR_FINISHED, "x", "bob", 1, "digest", NULL);
  refuse (fixture->store, ANNOT_ERROR_FINISHED, "x", "bob", 2, "other", NULL);
  refuse (fixture->store, ANNOT_ERROR_FINISHED, "x", "ann", 1, "other", NULL);
  refuse (fixture->store, ANNOT_ERROR_FINISHED, "x", "ann", 3, "other", NULL);
  STORE_FAIL (fixture->store, ANNOT_ERROR_FINISHED, skip, &skip);
}

/* One's own correction: a new revision with a message of its own, which does not count twice in the statistic. */
static void
test_second_revision (StoreFixture *fixture, gconstpointer plugin)
{
  AnnotExampleQuery query = { .any_status = TRUE, .limit = 1, .with_annotation = TRUE };
  g_autoptr (AnnotSubmitResult) result = NULL;
  g_autoptr (AnnotSubmitResult) again = NULL;
  g_autoptr (AnnotExamplePage) page = NULL;
  g_autoptr (GPtrArray) outgoing = NULL;
  g_autoptr (AnnotStats) stats = NULL;

  store_contract_complete (fixture->store, "x", "ann");
  result = accept (fixture->store, "x", "ann", 2, "better", NULL);
  g_assert_false (result->repeated);
  page = STORE_GET (fixture->store, list_examples, &query);
  g_assert_cmpuint (((AnnotExample *) page->examples->pdata[0])->revision, ==, 2);
  g_assert_cmpuint (((AnnotAnnotation *) page->annotations->pdata[0])->revision, ==, 2);
  g_assert_cmpstr (((AnnotAnnotation *) page->annotations->pdata[0])->digest, ==, "better");
  again = accept (fixture->store, "x", "ann", 2, "better", NULL);
  g_assert_true (again->repeated);
  outgoing = STORE_GET (fixture->store, list_outgoing, FALSE, 10);
  g_assert_cmpuint (outgoing->len, ==, 2);
  stats = STORE_GET (fixture->store, get_stats);
  g_assert_cmpint (stats->completed, ==, 1);
  g_assert_cmpint (((AnnotCount *) stats->by_annotator->pdata[0])->count, ==, 1);
  g_assert_cmpint (((AnnotCount *) stats->by_label->pdata[0])->count, ==, 1);
}

/* Two people submit the same pending example at the same moment: one is first. */
static void
test_race (StoreFixture *fixture, gconstpointer plugin)
{
  AnnotTestCall calls[2] = { 0 };
  guint taken = 0;

  store_contract_put_many (fixture->store, "x", 1, 0.5);
  for (guint i = 0; i < 2; i++) {
    g_autoptr (AnnotAnnotation) annotation = store_contract_make_annotation ("x-0", i ? "ann" : "bob", 1, "d");
    AnnotSubmission submission = { .annotation = annotation };

    annot_store_submit (fixture->store, &submission, NULL, annot_test_call_done, &calls[i]);
  }
  for (guint i = 0; i < 2; i++) {
    g_autoptr (GError) error = NULL;
    g_autoptr (AnnotSubmitResult) result
        = annot_store_submit_finish (fixture->store, annot_test_call_wait (&calls[i]), &error);

    annot_test_call_clear (&calls[i]);
    if (!result)
      g_assert_error (error, ANNOT_ERROR, ANNOT_ERROR_FINISHED);
    taken += result != NULL;
  }
  g_assert_cmpuint (taken, ==, 1);
}

static int
skip_as (AnnotStore *store, const char *event_id, const char *annotator, const AnnotLeaseToken *token)
{
  g_autoptr (AnnotOutgoing) outgoing = annot_outgoing_new ("annotation.events", NULL, event_id, "{\"skip\":1}");
  AnnotSkip skip = { .event_id = event_id,
                     .annotator = annotator,
                     .token = token,
                     .reason = "blurred",
                     .max_skips = 2,
                     .outgoing = outgoing };

  return STORE_GET (store, skip, &skip);
}

static void
test_skip (StoreFixture *fixture, gconstpointer plugin)
{
  g_autoptr (AnnotLease) lease = NULL;
  g_autoptr (AnnotLease) other = NULL;
  g_autoptr (GPtrArray) none = NULL;
  g_autoptr (GPtrArray) outgoing = NULL;
  g_autoptr (AnnotExample) example = NULL;

  store_contract_put_many (fixture->store, "x", 1, 0.5);
  lease = store_contract_claim_one (fixture->store, "ann");
  g_assert_cmpint (skip_as (fixture->store, "x-0", "ann", &lease->token), ==, ANNOT_EXAMPLE_PENDING);
  /* Not again to the same account, but to others. */
  none = STORE_GET (fixture->store, claim, "ann", 1, 60);
  g_assert_cmpuint (none->len, ==, 0);
  other = store_contract_claim_one (fixture->store, "bob");
  g_assert_cmpuint (other->example->skips, ==, 1);
  g_assert_cmpint (skip_as (fixture->store, "x-0", "bob", &other->token), ==, ANNOT_EXAMPLE_SKIPPED);
  example = STORE_GET (fixture->store, get_example, "x-0", FALSE);
  g_assert_cmpint (example->status, ==, ANNOT_EXAMPLE_SKIPPED);
  g_assert_cmpuint (example->skips, ==, 2);
  g_assert_cmpint (example->finished_at, >, 0);
  g_assert_cmpstr (example->annotator, ==, "bob");
  outgoing = STORE_GET (fixture->store, list_outgoing, FALSE, 10);
  g_assert_cmpuint (outgoing->len, ==, 2);
  refuse (fixture->store, ANNOT_ERROR_FINISHED, "x-0", "ann", 1, "d", NULL);
}

/* A skip that is sent again does not use up the skips of others, and comes to the same, whatever has happened since. */
static void
test_skip_again (StoreFixture *fixture, gconstpointer plugin)
{
  g_autoptr (AnnotLease) lease = NULL;
  g_autoptr (AnnotLease) other = NULL;
  g_autoptr (AnnotExample) example = NULL;
  g_autoptr (GPtrArray) outgoing = NULL;

  store_contract_put_many (fixture->store, "x", 1, 0.5);
  lease = store_contract_claim_one (fixture->store, "ann");
  g_assert_cmpint (skip_as (fixture->store, "x-0", "ann", &lease->token), ==, ANNOT_EXAMPLE_PENDING);
  g_assert_cmpint (skip_as (fixture->store, "x-0", "ann", &lease->token), ==, ANNOT_EXAMPLE_PENDING);
  g_assert_cmpint (skip_as (fixture->store, "x-0", "ann", NULL), ==, ANNOT_EXAMPLE_PENDING);
  other = store_contract_claim_one (fixture->store, "bob");
  g_assert_cmpint (skip_as (fixture->store, "x-0", "ann", &lease->token), ==, ANNOT_EXAMPLE_LEASED);
  store_contract_assert_status (fixture->store, "x-0", ANNOT_EXAMPLE_LEASED);
  g_assert_cmpint (skip_as (fixture->store, "x-0", "bob", &other->token), ==, ANNOT_EXAMPLE_SKIPPED);
  g_assert_cmpint (skip_as (fixture->store, "x-0", "bob", &other->token), ==, ANNOT_EXAMPLE_SKIPPED);
  g_assert_cmpint (skip_as (fixture->store, "x-0", "ann", &lease->token), ==, ANNOT_EXAMPLE_SKIPPED);
  example = STORE_GET (fixture->store, get_example, "x-0", FALSE);
  g_assert_cmpuint (example->skips, ==, 2);
  outgoing = STORE_GET (fixture->store, list_outgoing, FALSE, 10);
  g_assert_cmpuint (outgoing->len, ==, 2);
}

static void
test_skip_of_others_lease (StoreFixture *fixture, gconstpointer plugin)
{
  AnnotSkip skip = { .event_id = "x-0", .annotator = "bob", .reason = "r", .max_skips = 3 };

  store_contract_put_many (fixture->store, "x", 1, 0.5);
  annot_lease_free (store_contract_claim_one (fixture->store, "ann"));
  STORE_FAIL (fixture->store, ANNOT_ERROR_STALE, skip, &skip);
}

static void
test_remove (StoreFixture *fixture, gconstpointer plugin)
{
  g_autoptr (AnnotOutgoing) event = annot_outgoing_new ("annotation.events", NULL, "x", "{\"removed\":1}");
  g_autoptr (GPtrArray) outgoing = NULL;
  g_autoptr (AnnotStats) stats = NULL;

  store_contract_complete (fixture->store, "x", "ann");
  g_assert_true (STORE_GET (fixture->store, remove, "x", event));
  STORE_FAIL (fixture->store, ANNOT_ERROR_NOT_FOUND, get_example, "x", FALSE);
  outgoing = STORE_GET (fixture->store, list_outgoing, FALSE, 10);
  g_assert_cmpuint (outgoing->len, ==, 1);
  g_assert_cmpstr (((AnnotOutgoing *) outgoing->pdata[0])->topic, ==, "annotation.events");
  stats = STORE_GET (fixture->store, get_stats);
  g_assert_cmpint (stats->completed, ==, 0);
  g_assert_cmpint (stats->outgoing, ==, 1);
  g_assert_cmpuint (stats->by_label->len, ==, 0);
  g_assert_cmpuint (stats->by_annotator->len, ==, 0);
}

static void
test_stats (StoreFixture *fixture, gconstpointer plugin)
{
  g_autoptr (AnnotStats) stats = NULL;
  g_autoptr (GDateTime) now = g_date_time_new_now_utc ();
  g_autofree char *day = g_date_time_format (now, "%Y-%m-%dT");
  const AnnotCount *hour;

  store_contract_complete (fixture->store, "a", "ann");
  store_contract_complete (fixture->store, "b", "ann");
  store_contract_complete (fixture->store, "c", "bob");
  store_contract_put_many (fixture->store, "x", 3, 0.5);
  annot_lease_free (store_contract_claim_one (fixture->store, "ann"));
  stats = STORE_GET (fixture->store, get_stats);
  g_assert_cmpint (stats->pending, ==, 2);
  g_assert_cmpint (stats->leased, ==, 1);
  g_assert_cmpint (stats->completed, ==, 3);
  g_assert_cmpint (stats->skipped, ==, 0);
  g_assert_cmpint (stats->outgoing, ==, 3);
  g_assert_cmpint (stats->retrying, ==, 0);
  g_assert_cmpint (stats->oldest_outgoing, >, 0);
  g_assert_cmpuint (stats->by_label->len, ==, 2);
  g_assert_cmpint (((AnnotCount *) stats->by_label->pdata[0])->count, ==, 3);
  g_assert_cmpuint (stats->by_annotator->len, ==, 2);
  g_assert_cmpstr (((AnnotCount *) stats->by_annotator->pdata[0])->name, ==, "ann");
  g_assert_cmpint (((AnnotCount *) stats->by_annotator->pdata[0])->count, ==, 2);
  g_assert_cmpuint (stats->by_hour->len, >=, 1);
  hour = stats->by_hour->pdata[0];
  g_assert_cmpuint (strlen (hour->name), ==, strlen ("2026-11-23T08:00:00Z"));
  g_assert_true (g_str_has_suffix (hour->name, ":00:00Z"));
  if (stats->by_hour->len == 1) {
    g_assert_true (g_str_has_prefix (hour->name, day));
    g_assert_cmpint (hour->count, ==, 3);
  }
}

void
store_contract_add_annotations (const char *plugin)
{
  store_contract_add (plugin, "annotations/under-lease", test_under_lease);
  store_contract_add (plugin, "annotations/unknown", test_unknown);
  store_contract_add (plugin, "annotations/without-token", test_without_token);
  store_contract_add (plugin, "annotations/wrong-token", test_wrong_token);
  store_contract_add (plugin, "annotations/wrong-revision", test_wrong_revision);
  store_contract_add (plugin, "annotations/repeated", test_repeated);
  store_contract_add (plugin, "annotations/finished", test_finished);
  store_contract_add (plugin, "annotations/second-revision", test_second_revision);
  store_contract_add (plugin, "annotations/race", test_race);
  store_contract_add (plugin, "annotations/skip", test_skip);
  store_contract_add (plugin, "annotations/skip-again", test_skip_again);
  store_contract_add (plugin, "annotations/skip-of-others-lease", test_skip_of_others_lease);
  store_contract_add (plugin, "annotations/remove", test_remove);
  store_contract_add (plugin, "annotations/stats", test_stats);
}
