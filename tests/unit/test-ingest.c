/* SPDX-License-Identifier: Apache-2.0 */
/* What comes in is stored once or is a dead letter, and no offset passes what is neither. */
#include "pipeline/annot-ingest.h"

#include "annot-test-rooms.h"

#include <string.h>

typedef struct {
  AnnotTestRooms *rooms;
  AnnotNotifier *notifier;
  AnnotIngest *ingest;
  guint told;
} Fixture;

static void
on_event (AnnotNotifier *notifier, GBytes *text, gpointer user_data)
{
  Fixture *self = user_data;

  if (g_strstr_len (g_bytes_get_data (text, NULL), 24, "new_example"))
    self->told++;
}

static void
set_up (Fixture *self, gconstpointer data)
{
  const char *options[] = {"broker.batch-size=4", "broker.batch-milliseconds=10", "limits.message-bytes=2K", NULL};
  g_auto (AnnotTestCall) call = ANNOT_TEST_CALL_INIT;
  g_autoptr (GError) error = NULL;

  self->rooms = annot_test_rooms_new_faked (options, TRUE);
  if (!self->rooms)
    return;
  self->notifier = annot_notifier_new (self->rooms->store, self->rooms->state);
  g_signal_connect (self->notifier, "event", G_CALLBACK (on_event), self);
  annot_notifier_start (self->notifier, NULL, annot_test_call_done, &call);
  g_assert_true (annot_notifier_start_finish (self->notifier, annot_test_call_wait (&call), &error));
  self->ingest = annot_ingest_new (self->rooms->config, self->rooms->store, self->rooms->broker, self->notifier);
}

static void
start (Fixture *self)
{
  g_auto (AnnotTestCall) call = ANNOT_TEST_CALL_INIT;
  g_autoptr (GError) error = NULL;

  annot_ingest_start (self->ingest, NULL, annot_test_call_done, &call);
  annot_ingest_start_finish (self->ingest, annot_test_call_wait (&call), &error);
  g_assert_no_error (error);
}

/* What is said before anything that a test expects. */
static void
expect_assigned (void)
{
  g_test_expect_message (G_LOG_DOMAIN, G_LOG_LEVEL_MESSAGE, "intake: 1 partition assigned");
}

static gboolean
drain (Fixture *self, guint cancel_after, GError **error)
{
  g_auto (AnnotTestCall) call = ANNOT_TEST_CALL_INIT;
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();

  annot_ingest_drain (self->ingest, cancellable, annot_test_call_done, &call);
  if (cancel_after) {
    annot_test_wait_for (cancel_after);
    g_cancellable_cancel (cancellable);
  }
  return annot_ingest_drain_finish (self->ingest, annot_test_call_wait (&call), error);
}

static void
tear_down (Fixture *self, gconstpointer data)
{
  if (!self->rooms)
    return;
  annot_notifier_stop (self->notifier);
  annot_test_rooms_script (self->rooms, "store", "[]");
  annot_test_rooms_script (self->rooms, "broker", "[]");
  g_object_add_weak_pointer (G_OBJECT (self->ingest), (gpointer *) &self->ingest);
  g_object_unref (self->ingest);
  annot_test_wait_for (20);
  g_assert_null (self->ingest);
  g_assert_finalize_object (self->notifier);
  annot_test_rooms_free (self->rooms);
}

static AnnotIngestCounters
counters (Fixture *self)
{
  AnnotIngestCounters result;

  annot_ingest_get_counters (self->ingest, &result);
  return result;
}

static gint64
known_offset (Fixture *self)
{
  g_autoptr (GPtrArray) partitions = annot_broker_get_assignment (self->rooms->broker);

  return partitions->len == 1 ? ((const AnnotPartition *) g_ptr_array_index (partitions, 0))->offset : -1;
}

/* The broker's numbers are as of the last look at its health. */
static gint64
stored_offset (Fixture *self)
{
  annot_broker_health (self->rooms->broker, NULL, NULL, NULL);
  annot_test_wait_for (50);
  return known_offset (self);
}

/* What the offset is to be once all of the file is done. */
static gint64
end_of_topic (Fixture *self)
{
  g_autofree char *text = annot_test_rooms_read_topic (self->rooms, "hard-examples");

  return (gint64) strlen (text);
}

/* Where the topic's line of that number begins. */
static gint64
offset_after (Fixture *self, guint lines)
{
  g_autofree char *text = annot_test_rooms_read_topic (self->rooms, "hard-examples");
  const char *at = text;

  while (lines-- > 0)
    at = strchr (at, '\n') + 1;
  return at - text;
}

static gboolean
is_done (gpointer user_data)
{
  Fixture *self = user_data;

  annot_broker_health (self->rooms->broker, NULL, NULL, NULL);
  return known_offset (self) == end_of_topic (self) && counters (self).in_flight == 0;
}

static gboolean
has_batch_under_way (gpointer user_data)
{
  return counters (user_data).in_flight == 4;
}

static gboolean
has_retried_twice (gpointer user_data)
{
  return counters (user_data).store_retries >= 2;
}

static gboolean
is_paused (gpointer user_data)
{
  return counters (user_data).paused;
}

static gboolean
has_stored_two (gpointer user_data)
{
  return counters (user_data).stored == 2;
}

static gboolean
has_stored_four (gpointer user_data)
{
  return counters (user_data).stored >= 4;
}

static void
feed (Fixture *self, const char *prefix, guint count)
{
  for (guint i = 0; i < count; i++) {
    g_autofree char *event_id = g_strdup_printf ("%s-%u", prefix, i);
    g_autofree char *document = annot_test_rooms_document (event_id);

    annot_test_rooms_feed (self->rooms, "hard-examples", document);
  }
}

static gint64
seq_of_store (Fixture *self)
{
  g_autoptr (AnnotPosition) position = annot_test_rooms_position (self->rooms);

  return position->seq;
}

static void
test_stored (Fixture *self, gconstpointer data)
{
  g_auto (AnnotTestCall) call = ANNOT_TEST_CALL_INIT;
  g_autoptr (AnnotExample) example = NULL;

  if (!self->rooms)
    return;
  feed (self, "a", 10);
  feed (self, "a", 3);
  start (self);
  g_assert_true (annot_test_wait_until (is_done, self, ANNOT_TEST_PATIENCE));
  g_assert_cmpint (seq_of_store (self), ==, 10);
  g_assert_cmpuint (counters (self).stored, ==, 10);
  g_assert_cmpuint (counters (self).known, ==, 3);
  g_assert_cmpuint (counters (self).consumed, ==, 13);
  g_assert_cmpuint (self->told, ==, 10);
  annot_store_get_example (self->rooms->store, "a-1", FALSE, NULL, annot_test_call_done, &call);
  example = annot_store_get_example_finish (self->rooms->store, annot_test_call_wait (&call), NULL);
  g_assert_cmpstr (example->source_topic, ==, "hard-examples");
  g_assert_cmpint (example->source_offset, ==, offset_after (self, 1));
}

static void
test_dead_letters (Fixture *self, gconstpointer data)
{
  g_autofree char *large = g_strdup_printf ("{\"event_id\":\"large\",\"text\":\"%s\"}",
                                            "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef");
  g_autofree char *letters = NULL;
  g_autoptr (GString) huge = g_string_new ("{\"event_id\":\"huge\",\"text\":\"");

  if (!self->rooms)
    return;
  for (guint i = 0; i < 3000; i++)
    g_string_append_c (huge, 'x');
  g_string_append (huge, "\"}");
  feed (self, "a", 1);
  annot_test_rooms_feed (self->rooms, "hard-examples", "{not JSON");
  annot_test_rooms_feed (self->rooms, "hard-examples", large);
  annot_test_rooms_feed (self->rooms, "hard-examples", huge->str);
  feed (self, "b", 1);
  expect_assigned ();
  g_test_expect_message (G_LOG_DOMAIN, G_LOG_LEVEL_WARNING, "intake: hard-examples:0:* goes to hard-examples.dlq: *");
  start (self);
  g_assert_true (annot_test_wait_until (is_done, self, ANNOT_TEST_PATIENCE));
  g_test_assert_expected_messages ();
  g_assert_cmpint (seq_of_store (self), ==, 2);
  g_assert_cmpuint (counters (self).dead_lettered, ==, 3);
  letters = annot_test_rooms_read_topic (self->rooms, "hard-examples.dlq");
  g_assert_nonnull (strstr (letters, "{not JSON"));
  g_assert_nonnull (strstr (letters, "\"event_id\":\"large\""));
  g_assert_nonnull (strstr (letters, "\"event_id\":\"huge\""));
}

static void
test_dead_letter_topic_away (Fixture *self, gconstpointer data)
{
  if (!self->rooms)
    return;
  annot_test_rooms_script (self->rooms, "broker", "[{\"method\":\"produce\",\"error\":\"not-connected\"}]");
  annot_test_rooms_feed (self->rooms, "hard-examples", "{not JSON");
  feed (self, "a", 2);
  expect_assigned ();
  g_test_expect_message (G_LOG_DOMAIN, G_LOG_LEVEL_WARNING, "intake: hard-examples:0:0 goes to hard-examples.dlq: *");
  g_test_expect_message (G_LOG_DOMAIN, G_LOG_LEVEL_WARNING, "intake: topic hard-examples.dlq did not take *");
  start (self);
  g_assert_true (annot_test_wait_until (has_stored_two, self, ANNOT_TEST_PATIENCE));
  annot_test_wait_for (300);
  g_test_assert_expected_messages ();
  /* What follows is stored, but the offset stays before what is nowhere. */
  g_assert_cmpint (seq_of_store (self), ==, 2);
  g_assert_cmpint (stored_offset (self), <=, 0);
  annot_test_rooms_script (self->rooms, "broker", "[]");
  g_assert_true (annot_test_wait_until (is_done, self, ANNOT_TEST_PATIENCE));
  g_assert_cmpuint (counters (self).dead_lettered, ==, 1);
}

/* One message that can go nowhere must not let what is finished behind it grow without end. */
static void
test_dead_letter_topic_long_away (Fixture *self, gconstpointer data)
{
  if (!self->rooms)
    return;
  annot_test_rooms_script (self->rooms, "broker", "[{\"method\":\"produce\",\"error\":\"not-connected\"}]");
  annot_test_rooms_feed (self->rooms, "hard-examples", "{not JSON");
  feed (self, "a", 300);
  expect_assigned ();
  g_test_expect_message (G_LOG_DOMAIN, G_LOG_LEVEL_WARNING, "intake: hard-examples:0:0 goes to hard-examples.dlq: *");
  g_test_expect_message (G_LOG_DOMAIN, G_LOG_LEVEL_WARNING, "intake: topic hard-examples.dlq did not take *");
  start (self);
  g_assert_true (annot_test_wait_until (is_paused, self, ANNOT_TEST_PATIENCE));
  annot_test_wait_for (1000);
  g_test_assert_expected_messages ();
  /* Twenty batches of four, and what was delivered before the pause took hold. */
  g_assert_true (counters (self).paused);
  g_assert_cmpint (seq_of_store (self), >=, 75);
  g_assert_cmpint (seq_of_store (self), <, 200);
  annot_test_rooms_script (self->rooms, "broker", "[]");
  g_assert_true (annot_test_wait_until (is_done, self, ANNOT_TEST_PATIENCE));
  g_assert_cmpuint (counters (self).dead_lettered, ==, 1);
  g_assert_cmpint (seq_of_store (self), ==, 300);
}

/* Requests that come while a batch is in the store hear of its failure, too: not minutes later. */
static void
test_put_while_store_fails (Fixture *self, gconstpointer data)
{
  g_autoptr (GPtrArray) examples = g_ptr_array_new_with_free_func ((GDestroyNotify) annot_example_unref);
  g_auto (AnnotTestCall) first = ANNOT_TEST_CALL_INIT;
  g_auto (AnnotTestCall) second = ANNOT_TEST_CALL_INIT;
  g_autoptr (GError) error = NULL;
  gint64 began = g_get_monotonic_time ();

  if (!self->rooms)
    return;
  annot_test_rooms_script (self->rooms, "store",
                           "[{\"method\":\"put_examples\",\"delay-ms\":500,\"error\":\"temporary\"}]");
  g_test_expect_message (G_LOG_DOMAIN, G_LOG_LEVEL_WARNING, "intake: the store did not take a batch: *");
  g_ptr_array_add (examples, annot_test_rooms_make_example ("http", 0));
  annot_ingest_put (self->ingest, examples, NULL, annot_test_call_done, &first);
  annot_ingest_put (self->ingest, examples, NULL, annot_test_call_done, &second);
  g_assert_null (annot_ingest_put_finish (self->ingest, annot_test_call_wait (&first), &error));
  g_assert_true (annot_error_is_transient (error));
  g_clear_error (&error);
  g_assert_null (annot_ingest_put_finish (self->ingest, annot_test_call_wait (&second), &error));
  g_assert_true (annot_error_is_transient (error));
  g_assert_cmpint (g_get_monotonic_time () - began, <, annot_test_patience (950 * 1000));
  g_test_assert_expected_messages ();
  g_assert_cmpuint (counters (self).in_flight, ==, 0);
}

static void
test_store_away (Fixture *self, gconstpointer data)
{
  g_autoptr (GPtrArray) examples = g_ptr_array_new_with_free_func ((GDestroyNotify) annot_example_unref);
  g_auto (AnnotTestCall) call = ANNOT_TEST_CALL_INIT;
  g_autoptr (GError) error = NULL;

  if (!self->rooms)
    return;
  annot_test_rooms_script (self->rooms, "store", "[{\"method\":\"put_examples\",\"error\":\"temporary\"}]");
  feed (self, "a", 30);
  expect_assigned ();
  g_test_expect_message (G_LOG_DOMAIN, G_LOG_LEVEL_WARNING, "intake: the store did not take a batch: *");
  start (self);
  g_assert_true (annot_test_wait_until (has_retried_twice, self, ANNOT_TEST_PATIENCE));
  g_test_assert_expected_messages ();
  g_assert_true (counters (self).paused);
  /* Bounded, however much there is. */
  g_assert_cmpuint (counters (self).in_flight, <=, 16);
  g_assert_cmpint (stored_offset (self), <=, 0);
  g_ptr_array_add (examples, annot_test_rooms_make_example ("http", 0));
  annot_ingest_put (self->ingest, examples, NULL, annot_test_call_done, &call);
  g_assert_null (annot_ingest_put_finish (self->ingest, annot_test_call_wait (&call), &error));
  g_assert_true (annot_error_is_transient (error));
  annot_test_rooms_script (self->rooms, "store", "[]");
  g_assert_true (annot_test_wait_until (is_done, self, ANNOT_TEST_PATIENCE));
  g_assert_cmpint (seq_of_store (self), ==, 30);
  g_assert_false (counters (self).paused);
  g_assert_cmpuint (counters (self).dead_lettered, ==, 0);
}

/* Of two batches in the store the later one may end first: the offset waits for the other, which nothing is lost of. */
static void
test_overtaken (Fixture *self, gconstpointer data)
{
  if (!self->rooms)
    return;
  annot_test_rooms_script (self->rooms, "store", "[{\"method\":\"put_examples\",\"times\":1,\"delay-ms\":2000}]");
  feed (self, "a", 8);
  start (self);
  g_assert_true (annot_test_wait_until (has_stored_four, self, ANNOT_TEST_PATIENCE));
  g_assert_cmpint (seq_of_store (self), ==, 4);
  g_assert_cmpuint (counters (self).in_flight, ==, 4);
  g_assert_cmpint (stored_offset (self), <=, 0);
  g_assert_true (annot_test_wait_until (is_done, self, ANNOT_TEST_PATIENCE));
  g_assert_cmpint (seq_of_store (self), ==, 8);
  g_assert_cmpuint (counters (self).batches, ==, 2);
  g_assert_cmpint (self->told, ==, 8);
}

static gboolean
is_told_three (gpointer user_data)
{
  return ((const Fixture *) user_data)->told >= 3;
}

/* Whether the commit took effect is unknown: putting it again changes nothing. */
static void
test_answer_lost (Fixture *self, gconstpointer data)
{
  if (!self->rooms)
    return;
  annot_test_rooms_script (self->rooms, "store",
                           "[{\"method\":\"put_examples\",\"times\":1,\"error\":\"timeout\",\"answer-lost\":true}]");
  feed (self, "a", 3);
  expect_assigned ();
  g_test_expect_message (G_LOG_DOMAIN, G_LOG_LEVEL_WARNING, "intake: the store did not take a batch: *");
  start (self);
  g_assert_true (annot_test_wait_until (is_done, self, ANNOT_TEST_PATIENCE));
  g_test_assert_expected_messages ();
  g_assert_cmpint (seq_of_store (self), ==, 3);
  /* Nobody announced them; the poll does. */
  g_assert_true (annot_test_wait_until (is_told_three, self, ANNOT_TEST_PATIENCE));
  g_assert_cmpuint (self->told, ==, 3);
}

/* Four rows, two, one: the first one is it. */
static void
test_poison_row (Fixture *self, gconstpointer data)
{
  g_autofree char *letters = NULL;

  if (!self->rooms)
    return;
  annot_test_rooms_script (self->rooms, "store",
                           "[{\"method\":\"put_examples\",\"times\":3,\"error\":\"permanent\",\"message\":\"bad row\"}]");
  feed (self, "a", 4);
  expect_assigned ();
  g_test_expect_message (G_LOG_DOMAIN, G_LOG_LEVEL_WARNING, "intake: hard-examples:0:0 goes to hard-examples.dlq: bad row*");
  start (self);
  g_assert_true (annot_test_wait_until (is_done, self, ANNOT_TEST_PATIENCE));
  g_test_assert_expected_messages ();
  g_assert_cmpint (seq_of_store (self), ==, 3);
  g_assert_cmpuint (counters (self).dead_lettered, ==, 1);
  letters = annot_test_rooms_read_topic (self->rooms, "hard-examples.dlq");
  g_assert_nonnull (strstr (letters, "\"a-0\""));
  g_assert_null (strstr (letters, "\"a-1\""));
}

static gboolean
is_told_seven (gpointer user_data)
{
  return ((const Fixture *) user_data)->told >= 7 && counters (user_data).in_flight == 0;
}

static void
test_put (Fixture *self, gconstpointer data)
{
  g_autoptr (GPtrArray) examples = g_ptr_array_new_with_free_func ((GDestroyNotify) annot_example_unref);
  g_autoptr (GPtrArray) none = g_ptr_array_new ();
  g_auto (AnnotTestCall) first = ANNOT_TEST_CALL_INIT;
  g_auto (AnnotTestCall) second = ANNOT_TEST_CALL_INIT;
  g_auto (AnnotTestCall) empty = ANNOT_TEST_CALL_INIT;
  g_autoptr (GArray) fresh = NULL;
  g_autoptr (GArray) known = NULL;
  g_autoptr (GArray) nothing = NULL;

  if (!self->rooms)
    return;
  /* Without a consumer, too. */
  for (guint i = 0; i < 7; i++)
    g_ptr_array_add (examples, annot_test_rooms_make_example ("http", i));
  annot_ingest_put (self->ingest, examples, NULL, annot_test_call_done, &first);
  annot_ingest_put (self->ingest, examples, NULL, annot_test_call_done, &second);
  annot_ingest_put (self->ingest, none, NULL, annot_test_call_done, &empty);
  fresh = annot_ingest_put_finish (self->ingest, annot_test_call_wait (&first), NULL);
  known = annot_ingest_put_finish (self->ingest, annot_test_call_wait (&second), NULL);
  nothing = annot_ingest_put_finish (self->ingest, annot_test_call_wait (&empty), NULL);
  g_assert_cmpuint (fresh->len, ==, 7);
  g_assert_cmpuint (known->len, ==, 7);
  g_assert_cmpuint (nothing->len, ==, 0);
  for (guint i = 0; i < 7; i++) {
    g_assert_false (g_array_index (fresh, AnnotPutResult, i).known);
    g_assert_true (g_array_index (known, AnnotPutResult, i).known);
    g_assert_cmpint (g_array_index (fresh, AnnotPutResult, i).seq, ==, i + 1);
    g_assert_cmpint (g_array_index (known, AnnotPutResult, i).seq, ==, i + 1);
  }
  g_assert_true (annot_test_wait_until (is_told_seven, self, ANNOT_TEST_PATIENCE));
  g_assert_cmpuint (self->told, ==, 7);
}

static void
test_offset_not_stored (Fixture *self, gconstpointer data)
{
  if (!self->rooms)
    return;
  annot_test_rooms_script (self->rooms, "broker", "[{\"method\":\"store_offset\",\"times\":1,\"error\":\"temporary\"}]");
  feed (self, "a", 2);
  expect_assigned ();
  g_test_expect_message (G_LOG_DOMAIN, G_LOG_LEVEL_WARNING, "intake: the offset of hard-examples:0 was not stored: *");
  start (self);
  g_assert_true (annot_test_wait_until (is_done, self, ANNOT_TEST_PATIENCE));
  g_test_assert_expected_messages ();
}

static void
test_drain (Fixture *self, gconstpointer data)
{
  g_autoptr (GPtrArray) examples = g_ptr_array_new_with_free_func ((GDestroyNotify) annot_example_unref);
  g_auto (AnnotTestCall) call = ANNOT_TEST_CALL_INIT;
  g_autoptr (GError) error = NULL;
  gint64 seq;

  if (!self->rooms)
    return;
  annot_test_rooms_script (self->rooms, "store", "[{\"method\":\"put_examples\",\"delay-ms\":100}]");
  feed (self, "a", 20);
  start (self);
  g_assert_true (annot_test_wait_until (has_stored_four, self, ANNOT_TEST_PATIENCE));
  g_assert_true (drain (self, 0, &error));
  g_assert_cmpuint (counters (self).in_flight, ==, 0);
  seq = seq_of_store (self);
  g_assert_cmpint (seq, >, 0);
  /* Exactly what is stored is also behind the offset: nothing is read twice. */
  g_assert_cmpint (stored_offset (self), ==, offset_after (self, (guint) seq));
  annot_test_wait_for (100);
  g_assert_cmpint (seq_of_store (self), ==, seq);
  g_ptr_array_add (examples, annot_test_rooms_make_example ("late", 0));
  annot_ingest_put (self->ingest, examples, NULL, annot_test_call_done, &call);
  g_assert_null (annot_ingest_put_finish (self->ingest, annot_test_call_wait (&call), &error));
}

/* A store that hangs must not hold up the end. */
static void
test_drain_cut_short (Fixture *self, gconstpointer data)
{
  g_autoptr (GError) error = NULL;

  if (!self->rooms)
    return;
  annot_test_rooms_script (self->rooms, "store", "[{\"method\":\"put_examples\",\"error\":\"temporary\"}]");
  feed (self, "a", 20);
  expect_assigned ();
  g_test_expect_message (G_LOG_DOMAIN, G_LOG_LEVEL_WARNING, "intake: the store did not take a batch: *");
  start (self);
  g_assert_true (annot_test_wait_until (has_retried_twice, self, ANNOT_TEST_PATIENCE));
  g_assert_false (drain (self, 50, &error));
  g_test_assert_expected_messages ();
  g_assert_error (error, ANNOT_ERROR, ANNOT_ERROR_TIMEOUT);
  g_assert_cmpint (stored_offset (self), <=, 0);
}

static gboolean
has_partition (gpointer user_data)
{
  g_autoptr (GPtrArray) partitions = annot_broker_get_assignment (((Fixture *) user_data)->rooms->broker);

  return partitions->len == 1;
}

static gboolean
has_no_partition (gpointer user_data)
{
  return !has_partition (user_data);
}

/* A rebalance while a batch is in the store: it is waited for, so that its next owner does not read it again. */
static void
test_revoked (Fixture *self, gconstpointer data)
{
  if (!self->rooms)
    return;
  annot_test_rooms_script (self->rooms, "store", "[{\"method\":\"put_examples\",\"delay-ms\":1000}]");
  feed (self, "a", 4);
  start (self);
  g_assert_true (annot_test_wait_until (has_batch_under_way, self, ANNOT_TEST_PATIENCE));
  annot_test_rooms_script (self->rooms, "broker", "[{\"event\":\"revoke\"}]");
  g_assert_true (annot_test_wait_until (has_no_partition, self, ANNOT_TEST_PATIENCE));
  g_assert_cmpuint (counters (self).stored, ==, 4);
  annot_test_rooms_script (self->rooms, "broker", "[{\"event\":\"assign\"}]");
  g_assert_true (annot_test_wait_until (has_partition, self, ANNOT_TEST_PATIENCE));
  g_assert_true (annot_test_wait_until (is_done, self, ANNOT_TEST_PATIENCE));
  g_assert_cmpuint (counters (self).known, ==, 0);
}

static void
test_lost (Fixture *self, gconstpointer data)
{
  if (!self->rooms)
    return;
  annot_test_rooms_script (self->rooms, "store", "[{\"method\":\"put_examples\",\"delay-ms\":1000}]");
  feed (self, "a", 4);
  start (self);
  g_assert_true (annot_test_wait_until (has_batch_under_way, self, ANNOT_TEST_PATIENCE));
  annot_test_rooms_script (self->rooms, "broker", "[{\"event\":\"revoke-lost\"}]");
  g_assert_true (annot_test_wait_until (has_no_partition, self, ANNOT_TEST_PATIENCE));
  g_assert_true (annot_test_wait_until (has_stored_four, self, ANNOT_TEST_PATIENCE));
  annot_test_rooms_script (self->rooms, "broker", "[{\"event\":\"assign\"}]");
  g_assert_true (annot_test_wait_until (is_done, self, ANNOT_TEST_PATIENCE));
  /* Read again, as no offset was stored, and known. */
  g_assert_cmpuint (counters (self).stored, ==, 4);
  g_assert_cmpint (seq_of_store (self), ==, 4);
}

#define ADD(name, function) g_test_add ("/ingest/" name, Fixture, NULL, set_up, function, tear_down)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  ADD ("stored", test_stored);
  ADD ("dead-letters", test_dead_letters);
  ADD ("dead-letter-topic-away", test_dead_letter_topic_away);
  ADD ("dead-letter-topic-long-away", test_dead_letter_topic_long_away);
  ADD ("put-while-store-fails", test_put_while_store_fails);
  ADD ("store-away", test_store_away);
  ADD ("overtaken", test_overtaken);
  ADD ("answer-lost", test_answer_lost);
  ADD ("poison-row", test_poison_row);
  ADD ("put", test_put);
  ADD ("offset-not-stored", test_offset_not_stored);
  ADD ("drain", test_drain);
  ADD ("drain-cut-short", test_drain_cut_short);
  ADD ("revoked", test_revoked);
  ADD ("lost", test_lost);
  return g_test_run ();
}
