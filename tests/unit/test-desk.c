/* SPDX-License-Identifier: Apache-2.0 */
/* Leases, annotations, skips and removals, and what pages and the outbox hear of them. */
#include "pipeline/annot-desk.h"

#include "annot-test-rooms.h"

#include <string.h>

typedef struct {
  AnnotTestRooms *rooms;
  AnnotNotifier *notifier;
  AnnotRelay *relay;
  AnnotDesk *desk;
  GString *events;
  GString *personal;
} Fixture;

static void
on_event (AnnotNotifier *notifier, GBytes *text, gpointer user_data)
{
  Fixture *self = user_data;

  if (g_bytes_get_size (text) > 18 && memcmp (g_bytes_get_data (text, NULL), "{\"type\":\"pending\"", 17) == 0)
    return;
  g_string_append_len (self->events, g_bytes_get_data (text, NULL), (gssize) g_bytes_get_size (text));
}

static void
on_personal (AnnotNotifier *notifier, const char *account, GBytes *text, gpointer user_data)
{
  Fixture *self = user_data;

  g_string_append_printf (self->personal, "%s:%.*s", account, (int) g_bytes_get_size (text),
                          (const char *) g_bytes_get_data (text, NULL));
}

static void
set_up (Fixture *self, gconstpointer data)
{
  g_auto (AnnotTestCall) call = ANNOT_TEST_CALL_INIT;
  const char *options[] = {"annotation.max-skips=2", "annotation.lease-seconds=5", NULL};

  self->rooms = annot_test_rooms_new (options, TRUE);
  if (!self->rooms)
    return;
  self->events = g_string_new (NULL);
  self->personal = g_string_new (NULL);
  self->notifier = annot_notifier_new (self->rooms->store, self->rooms->state);
  g_signal_connect (self->notifier, "event", G_CALLBACK (on_event), self);
  g_signal_connect (self->notifier, "personal", G_CALLBACK (on_personal), self);
  annot_notifier_start (self->notifier, NULL, annot_test_call_done, &call);
  g_assert_true (annot_notifier_start_finish (self->notifier, annot_test_call_wait (&call), NULL));
  self->relay = annot_relay_new (self->rooms->config, self->rooms->store, self->rooms->state, self->rooms->broker);
  self->desk = annot_desk_new (self->rooms->config, self->rooms->store, self->notifier, self->relay);
}

static void
tear_down (Fixture *self, gconstpointer data)
{
  if (!self->rooms)
    return;
  annot_desk_stop (self->desk);
  annot_notifier_stop (self->notifier);
  annot_test_wait_for (20);
  g_assert_finalize_object (self->desk);
  g_assert_finalize_object (self->relay);
  g_assert_finalize_object (self->notifier);
  annot_test_rooms_free (self->rooms);
  g_string_free (self->events, TRUE);
  g_string_free (self->personal, TRUE);
}

static GPtrArray *
claim (Fixture *self, const char *annotator, guint count)
{
  g_auto (AnnotTestCall) call = ANNOT_TEST_CALL_INIT;
  g_autoptr (GError) error = NULL;
  GPtrArray *leases;

  annot_desk_claim (self->desk, annotator, count, NULL, annot_test_call_done, &call);
  leases = annot_desk_claim_finish (self->desk, annot_test_call_wait (&call), &error);
  g_assert_no_error (error);
  return leases;
}

static AnnotSubmitResult *
submit (Fixture *self, const char *event_id, const char *annotator, const AnnotLeaseToken *token, const char *label,
        GError **error)
{
  g_auto (AnnotTestCall) call = ANNOT_TEST_CALL_INIT;
  g_autofree char *text = token ? annot_lease_token_to_string (*token) : NULL;
  g_autofree char *body = g_strdup_printf (
      "{\"corrected_detections\":[{\"bbox\":[1,2,3,4],\"class_name\":\"a\",\"corrected_class\":\"%s\"}]%s%s%s}", label,
      text ? ",\"lease\":\"" : "", text ? text : "", text ? "\"" : "");
  const AnnotLimits limits = ANNOT_LIMITS_DEFAULT;
  g_autoptr (GError) problem = NULL;
  g_autoptr (AnnotCorrection) correction = annot_correction_parse (body, strlen (body), &limits, &problem);

  g_assert_no_error (problem);
  annot_desk_submit (self->desk, event_id, annotator, correction, NULL, annot_test_call_done, &call);
  /* It needs the correction no longer. */
  g_clear_pointer (&correction, annot_correction_free);
  return annot_desk_submit_finish (self->desk, annot_test_call_wait (&call), error);
}

static GPtrArray *
outbox (Fixture *self)
{
  g_auto (AnnotTestCall) call = ANNOT_TEST_CALL_INIT;
  g_autoptr (GError) error = NULL;
  GPtrArray *outgoing;

  annot_store_list_outgoing (self->rooms->store, FALSE, 100, NULL, annot_test_call_done, &call);
  outgoing = annot_store_list_outgoing_finish (self->rooms->store, annot_test_call_wait (&call), &error);
  g_assert_no_error (error);
  return outgoing;
}

static void
assert_heard (Fixture *self, const char *text)
{
  annot_test_wait_for (30);
  g_assert_cmpstr (self->events->str, ==, text);
  g_string_truncate (self->events, 0);
}

static void
test_submit (Fixture *self, gconstpointer data)
{
  g_autoptr (GPtrArray) examples = NULL;
  g_autoptr (GPtrArray) leases = NULL;
  g_autoptr (GPtrArray) outgoing = NULL;
  g_autoptr (AnnotSubmitResult) result = NULL;
  g_autoptr (AnnotSubmitResult) again = NULL;
  g_autoptr (GError) error = NULL;
  const AnnotOutgoing *message;
  const AnnotLease *lease;

  if (!self->rooms)
    return;
  examples = annot_test_rooms_put (self->rooms, "a", 1);
  leases = claim (self, "ann", 2);
  g_assert_cmpuint (leases->len, ==, 1);
  lease = g_ptr_array_index (leases, 0);
  g_assert_nonnull (lease->example);
  assert_heard (self, "{\"type\":\"example_taken\",\"example_id\":\"a-0\"}");
  result = submit (self, "a-0", "ann", &lease->token, "cat", &error);
  g_assert_no_error (error);
  g_assert_false (result->repeated);
  g_assert_cmpuint (result->annotation->revision, ==, 1);
  g_assert_cmpint (result->annotation->lead_time_ms, >=, 20);
  g_assert_cmpint (result->annotation->lead_time_ms, <, 10000);
  assert_heard (self, "{\"type\":\"example_done\",\"example_id\":\"a-0\"}");
  outgoing = outbox (self);
  g_assert_cmpuint (outgoing->len, ==, 1);
  message = g_ptr_array_index (outgoing, 0);
  g_assert_cmpstr (message->id, ==, result->annotation->id);
  g_assert_cmpstr (message->topic, ==, "labeled-examples");
  g_assert_cmpstr (message->key, ==, "cam");
  g_assert_nonnull (strstr (message->payload, "\"annotator_id\":\"ann\""));
  /* The same once more: the same answer, and nothing more to publish. */
  again = submit (self, "a-0", "ann", &lease->token, "cat", &error);
  g_assert_no_error (error);
  g_assert_true (again->repeated);
  g_assert_cmpstr (again->annotation->id, ==, result->annotation->id);
  g_clear_pointer (&outgoing, g_ptr_array_unref);
  outgoing = outbox (self);
  g_assert_cmpuint (outgoing->len, ==, 1);
}

static void
test_refused (Fixture *self, gconstpointer data)
{
  g_autoptr (GPtrArray) examples = NULL;
  g_autoptr (GPtrArray) leases = NULL;
  g_autoptr (AnnotSubmitResult) result = NULL;
  g_autoptr (GError) error = NULL;
  AnnotLeaseToken token;

  if (!self->rooms)
    return;
  examples = annot_test_rooms_put (self->rooms, "a", 1);
  leases = claim (self, "ann", 1);
  token = ((const AnnotLease *) g_ptr_array_index (leases, 0))->token;
  g_assert_null (submit (self, "nobody", "ann", NULL, "cat", &error));
  g_assert_error (error, ANNOT_ERROR, ANNOT_ERROR_NOT_FOUND);
  g_clear_error (&error);
  g_assert_null (submit (self, "a-0", "bob", &token, "cat", &error));
  g_assert_error (error, ANNOT_ERROR, ANNOT_ERROR_STALE);
  g_clear_error (&error);
  token.fence++;
  g_assert_null (submit (self, "a-0", "ann", &token, "cat", &error));
  g_assert_error (error, ANNOT_ERROR, ANNOT_ERROR_STALE);
  g_clear_error (&error);
  result = submit (self, "a-0", "ann", NULL, "cat", &error);
  g_assert_no_error (error);
  g_assert_cmpint (result->annotation->lead_time_ms, ==, -1);
  g_assert_null (submit (self, "a-0", "bob", NULL, "cat", &error));
  g_assert_error (error, ANNOT_ERROR, ANNOT_ERROR_FINISHED);
}

static void
test_changed_mind (Fixture *self, gconstpointer data)
{
  g_autoptr (GPtrArray) examples = NULL;
  g_autoptr (GPtrArray) outgoing = NULL;
  g_autoptr (AnnotSubmitResult) first = NULL;
  g_autoptr (AnnotSubmitResult) second = NULL;
  g_autoptr (GError) error = NULL;

  if (!self->rooms)
    return;
  examples = annot_test_rooms_put (self->rooms, "a", 1);
  first = submit (self, "a-0", "ann", NULL, "cat", &error);
  g_assert_no_error (error);
  second = submit (self, "a-0", "ann", NULL, "dog", &error);
  g_assert_no_error (error);
  g_assert_cmpuint (second->annotation->revision, ==, 2);
  outgoing = outbox (self);
  g_assert_cmpuint (outgoing->len, ==, 2);
}

typedef struct {
  guint waiting;
  guint good;
  guint revisions;
} Race;

static void
on_raced (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Race *race = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (AnnotSubmitResult) done = annot_desk_submit_finish (ANNOT_DESK (source), result, &error);

  race->waiting--;
  if (done)
    race->revisions |= 1u << done->annotation->revision;
  race->good += done != NULL;
}

static gboolean
race_is_over (gpointer user_data)
{
  return ((const Race *) user_data)->waiting == 0;
}

/* Two tabs of one person submit at the same moment: both saw the same revision, both count. */
static void
test_revision_race (Fixture *self, gconstpointer data)
{
  g_autoptr (GPtrArray) examples = NULL;
  const AnnotLimits limits = ANNOT_LIMITS_DEFAULT;
  Race race = {.waiting = 2};

  if (!self->rooms)
    return;
  examples = annot_test_rooms_put (self->rooms, "a", 1);
  for (guint i = 0; i < 2; i++) {
    g_autofree char *body = g_strdup_printf ("{\"bbox\":[1,2,3,4],\"label\":\"label-%u\"}", i);
    g_autoptr (AnnotCorrection) correction = annot_correction_parse (body, strlen (body), &limits, NULL);

    g_assert_nonnull (correction);
    annot_desk_submit (self->desk, "a-0", "ann", correction, NULL, on_raced, &race);
  }
  g_assert_true (annot_test_wait_until (race_is_over, &race, ANNOT_TEST_PATIENCE));
  g_assert_cmpuint (race.good, ==, 2);
  g_assert_cmphex (race.revisions, ==, (1u << 1) | (1u << 2));
}

static int
skip (Fixture *self, const char *annotator, GError **error)
{
  g_auto (AnnotTestCall) call = ANNOT_TEST_CALL_INIT;

  annot_desk_skip (self->desk, "a-0", annotator, NULL, "blurred", NULL, annot_test_call_done, &call);
  return annot_desk_skip_finish (self->desk, annot_test_call_wait (&call), error);
}

static void
test_skip (Fixture *self, gconstpointer data)
{
  g_autoptr (GPtrArray) examples = NULL;
  g_autoptr (GPtrArray) leases = NULL;
  g_autoptr (GPtrArray) outgoing = NULL;
  g_autoptr (GError) error = NULL;
  const AnnotOutgoing *message;

  if (!self->rooms)
    return;
  examples = annot_test_rooms_put (self->rooms, "a", 1);
  g_assert_cmpint (skip (self, "ann", &error), ==, ANNOT_EXAMPLE_PENDING);
  assert_heard (self, "{\"type\":\"example_released\",\"example_id\":\"a-0\"}");
  leases = claim (self, "ann", 1);
  g_assert_cmpuint (leases->len, ==, 0);
  g_assert_cmpint (skip (self, "bob", &error), ==, ANNOT_EXAMPLE_SKIPPED);
  assert_heard (self, "{\"type\":\"example_done\",\"example_id\":\"a-0\"}");
  outgoing = outbox (self);
  g_assert_cmpuint (outgoing->len, ==, 2);
  message = g_ptr_array_index (outgoing, 0);
  g_assert_cmpstr (message->topic, ==, "annotation.events");
  g_assert_nonnull (strstr (message->payload, "\"event_type\":\"skipped\""));
  g_assert_nonnull (strstr (message->payload, "\"reason\":\"blurred\""));
  g_assert_cmpint (skip (self, "cid", &error), ==, -1);
  g_assert_error (error, ANNOT_ERROR, ANNOT_ERROR_FINISHED);
}

static void
test_release_and_renew (Fixture *self, gconstpointer data)
{
  g_autoptr (GPtrArray) examples = NULL;
  g_autoptr (GPtrArray) leases = NULL;
  g_autoptr (GPtrArray) renewed = NULL;
  g_autoptr (GPtrArray) released = NULL;
  g_autoptr (GArray) tokens = g_array_new (FALSE, FALSE, sizeof (AnnotLeaseToken));
  g_auto (AnnotTestCall) renewal = ANNOT_TEST_CALL_INIT;
  g_auto (AnnotTestCall) release = ANNOT_TEST_CALL_INIT;

  if (!self->rooms)
    return;
  examples = annot_test_rooms_put (self->rooms, "a", 1);
  leases = claim (self, "ann", 1);
  g_array_append_val (tokens, ((AnnotLease *) g_ptr_array_index (leases, 0))->token);
  annot_desk_renew (self->desk, "ann", tokens, NULL, annot_test_call_done, &renewal);
  renewed = annot_desk_renew_finish (self->desk, annot_test_call_wait (&renewal), NULL);
  g_assert_cmpuint (renewed->len, ==, 1);
  annot_desk_release (self->desk, "ann", tokens, NULL, annot_test_call_done, &release);
  released = annot_desk_release_finish (self->desk, annot_test_call_wait (&release), NULL);
  g_assert_cmpuint (released->len, ==, 1);
  assert_heard (self, "{\"type\":\"example_taken\",\"example_id\":\"a-0\"}"
                      "{\"type\":\"example_released\",\"example_id\":\"a-0\"}");
}

static gboolean
has_personal (gpointer user_data)
{
  return ((Fixture *) user_data)->personal->len > 0;
}

static void
test_expiry (Fixture *self, gconstpointer data)
{
  g_autoptr (GPtrArray) examples = NULL;
  g_autoptr (GPtrArray) leases = NULL;

  if (!self->rooms)
    return;
  examples = annot_test_rooms_put (self->rooms, "a", 1);
  annot_desk_start (self->desk);
  leases = claim (self, "ann", 1);
  g_assert_true (annot_test_wait_until (has_personal, self, ANNOT_TEST_PATIENCE));
  g_assert_cmpstr (self->personal->str, ==, "ann:{\"type\":\"lease_expired\",\"example_id\":\"a-0\"}");
  /* The poll has found the example by now, as nobody announced it. */
  g_assert_nonnull (strstr (self->events->str, "{\"type\":\"example_released\",\"example_id\":\"a-0\"}"));
}

static void
test_remove (Fixture *self, gconstpointer data)
{
  g_autoptr (GPtrArray) examples = NULL;
  g_autoptr (GPtrArray) outgoing = NULL;
  g_autoptr (GError) error = NULL;
  g_auto (AnnotTestCall) call = ANNOT_TEST_CALL_INIT;
  g_auto (AnnotTestCall) again = ANNOT_TEST_CALL_INIT;

  if (!self->rooms)
    return;
  examples = annot_test_rooms_put (self->rooms, "a", 1);
  annot_desk_remove (self->desk, "a-0", "root", "wrong camera", NULL, annot_test_call_done, &call);
  g_assert_true (annot_desk_remove_finish (self->desk, annot_test_call_wait (&call), &error));
  assert_heard (self, "{\"type\":\"example_removed\",\"example_id\":\"a-0\"}");
  outgoing = outbox (self);
  g_assert_cmpuint (outgoing->len, ==, 1);
  g_assert_nonnull (strstr (((AnnotOutgoing *) g_ptr_array_index (outgoing, 0))->payload, "\"event_type\":\"deleted\""));
  annot_desk_remove (self->desk, "a-0", "root", NULL, NULL, annot_test_call_done, &again);
  g_assert_false (annot_desk_remove_finish (self->desk, annot_test_call_wait (&again), &error));
  g_assert_error (error, ANNOT_ERROR, ANNOT_ERROR_NOT_FOUND);
}

static void
test_erase (Fixture *self, gconstpointer data)
{
  static const char hash[] = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
  g_autoptr (GPtrArray) batch = g_ptr_array_new_with_free_func ((GDestroyNotify) annot_example_unref);
  g_autoptr (GPtrArray) outgoing = NULL;
  g_autoptr (GArray) results = NULL;
  g_autofree AnnotErasure *erasure = NULL;
  g_auto (AnnotTestCall) put = ANNOT_TEST_CALL_INIT;
  g_auto (AnnotTestCall) call = ANNOT_TEST_CALL_INIT;
  AnnotExample *example;

  if (!self->rooms)
    return;
  example = annot_test_rooms_make_example ("a", 0);
  g_strfreev (example->face_hashes);
  example->face_hashes = g_strsplit (hash, ",", -1);
  g_ptr_array_add (batch, example);
  annot_store_put_examples (self->rooms->store, batch, NULL, annot_test_call_done, &put);
  results = annot_store_put_examples_finish (self->rooms->store, annot_test_call_wait (&put), NULL);
  g_assert_nonnull (results);
  annot_desk_erase_subject (self->desk, hash, "officer", NULL, annot_test_call_done, &call);
  erasure = annot_desk_erase_subject_finish (self->desk, annot_test_call_wait (&call), NULL);
  g_assert_cmpint (erasure->examples, ==, 1);
  annot_test_wait_for (30);
  g_assert_nonnull (strstr (self->events->str, "\"type\":\"resync\""));
  outgoing = outbox (self);
  g_assert_cmpuint (outgoing->len, ==, 1);
  g_assert_nonnull (strstr (((AnnotOutgoing *) g_ptr_array_index (outgoing, 0))->payload, "data_subject_deleted"));
  g_assert_null (strstr (((AnnotOutgoing *) g_ptr_array_index (outgoing, 0))->payload, hash));
}

#define ADD(name, function) g_test_add ("/desk/" name, Fixture, NULL, set_up, function, tear_down)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  ADD ("submit", test_submit);
  ADD ("refused", test_refused);
  ADD ("changed-mind", test_changed_mind);
  ADD ("revision-race", test_revision_race);
  ADD ("skip", test_skip);
  ADD ("release-and-renew", test_release_and_renew);
  ADD ("expiry", test_expiry);
  ADD ("remove", test_remove);
  ADD ("erase", test_erase);
  return g_test_run ();
}
