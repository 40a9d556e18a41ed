/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What every AnnotBroker must do. Usage: contract-broker [PLUGIN]; its options come from the environment. Each test has
 * a topic of one partition to itself: a new name, or, where a topic has to be there before it is used, the next one of
 * ANNOT_CONTRACT_TOPICS (names with spaces between, which whoever runs this has made).
 */
#include "annot-test-backend.h"
#include "annot-test-consumer.h"
#include "annot-test-loop.h"

#include <string.h>

static const char *plugin = "local";

typedef struct {
  char *directory;
  char *topic;
} Fixture;

static char *
name_topic (void)
{
  static guint taken;
  const char *made = g_getenv ("ANNOT_CONTRACT_TOPICS");
  g_auto (GStrv) names = g_strsplit (made ? made : "", " ", -1);
  g_autofree char *unique = g_uuid_string_random ();

  if (!made)
    return g_strconcat ("contract-", unique, NULL);
  g_assert_cmpuint (taken, <, g_strv_length (names));
  return g_strdup (names[taken++]);
}

static void
set_up (Fixture *fixture, gconstpointer data)
{
  fixture->directory = annot_test_make_directory ();
  fixture->topic = name_topic ();
}

static void
tear_down (Fixture *fixture, gconstpointer data)
{
  annot_test_remove_tree (fixture->directory);
  g_free (fixture->directory);
  g_free (fixture->topic);
}

static AnnotTestConsumer *
open_broker (Fixture *fixture)
{
  return annot_test_consumer_new (plugin, fixture->directory, NULL);
}

static AnnotTestConsumer *
open_consumer (Fixture *fixture)
{
  AnnotTestConsumer *consumer = open_broker (fixture);

  annot_test_consumer_consume (consumer, fixture->topic);
  return consumer;
}

static void
produce_range (AnnotTestConsumer *self, const char *topic, guint from, guint to)
{
  for (guint i = from; i < to; i++) {
    g_autofree char *value = g_strdup_printf ("{\"n\":%u}", i);
    g_autofree char *id = g_strdup_printf ("%s-%u", topic, i);
    g_autoptr (GError) error = NULL;

    annot_test_produce (self->broker, topic, id, value, &error);
    g_assert_no_error (error);
  }
}

static void
assert_range (AnnotTestConsumer *self, guint at, guint from, guint to)
{
  for (guint i = from; i < to; i++) {
    g_autofree char *expected = g_strdup_printf ("{\"n\":%u}", i);
    g_autofree char *got = annot_test_consumer_text (self, at + i - from);

    g_assert_cmpstr (got, ==, expected);
  }
}

static void
test_order_and_offsets (Fixture *fixture, gconstpointer data)
{
  g_autoptr (AnnotTestConsumer) consumer = open_broker (fixture);

  produce_range (consumer, fixture->topic, 0, 100);
  annot_test_consumer_consume (consumer, fixture->topic);
  g_assert_true (annot_test_consumer_wait (consumer, 100));
  assert_range (consumer, 0, 0, 100);
  for (guint i = 0; i < 100; i++) {
    const AnnotMessage *message = g_ptr_array_index (consumer->messages, i);

    g_assert_cmpstr (message->topic, ==, fixture->topic);
    g_assert_cmpint (message->next_offset, >, message->offset);
    if (i > 0)
      g_assert_cmpint (message->offset, >=,
                       ((AnnotMessage *) g_ptr_array_index (consumer->messages, i - 1))->next_offset);
  }
  produce_range (consumer, fixture->topic, 100, 110);
  g_assert_true (annot_test_consumer_wait (consumer, 110));
  assert_range (consumer, 0, 0, 110);
}

static void
test_restart_without_storing (Fixture *fixture, gconstpointer data)
{
  g_autoptr (AnnotTestConsumer) first = open_broker (fixture);

  produce_range (first, fixture->topic, 0, 10);
  annot_test_consumer_consume (first, fixture->topic);
  g_assert_true (annot_test_consumer_wait (first, 10));
  g_clear_pointer (&first, annot_test_consumer_free);
  first = open_consumer (fixture);
  g_assert_true (annot_test_consumer_wait (first, 10));
  assert_range (first, 0, 0, 10);
}

static void
test_restart_in_the_middle (Fixture *fixture, gconstpointer data)
{
  g_autoptr (AnnotTestConsumer) first = open_broker (fixture);

  produce_range (first, fixture->topic, 0, 10);
  annot_test_consumer_consume (first, fixture->topic);
  g_assert_true (annot_test_consumer_wait (first, 10));
  annot_test_consumer_store (first, 2);
  annot_test_consumer_store (first, 5);
  g_clear_pointer (&first, annot_test_consumer_free);
  first = open_consumer (fixture);
  g_assert_true (annot_test_consumer_wait (first, 4));
  annot_test_wait_for (100);
  g_assert_cmpuint (first->messages->len, ==, 4);
  assert_range (first, 0, 6, 10);
  annot_test_consumer_store (first, 3);
  g_clear_pointer (&first, annot_test_consumer_free);
  first = open_consumer (fixture);
  g_assert_true (annot_test_consumer_wait_assigned (first, 1));
  produce_range (first, fixture->topic, 10, 11);
  g_assert_true (annot_test_consumer_wait (first, 1));
  assert_range (first, 0, 10, 11);
}

static void
test_pause (Fixture *fixture, gconstpointer data)
{
  g_autoptr (AnnotTestConsumer) consumer = open_broker (fixture);
  guint held = 0;

  produce_range (consumer, fixture->topic, 0, 50);
  consumer->pause_at = 7;
  annot_test_consumer_consume (consumer, fixture->topic);
  g_assert_true (annot_test_consumer_wait (consumer, 7));
  /* "but for the few that were under way" */
  annot_test_wait_for (200);
  held = consumer->messages->len;
  g_assert_cmpuint (held, <, 50);
  produce_range (consumer, fixture->topic, 50, 60);
  annot_test_wait_for (300);
  g_assert_cmpuint (consumer->messages->len, ==, held);
  annot_broker_resume (consumer->broker);
  g_assert_true (annot_test_consumer_wait (consumer, 60));
  assert_range (consumer, 0, 0, 60);
}

static void
test_pause_before_consuming (Fixture *fixture, gconstpointer data)
{
  g_autoptr (AnnotTestConsumer) consumer = open_broker (fixture);

  produce_range (consumer, fixture->topic, 0, 5);
  annot_broker_pause (consumer->broker);
  annot_test_consumer_consume (consumer, fixture->topic);
  g_assert_true (annot_test_consumer_wait_assigned (consumer, 1));
  annot_test_wait_for (300);
  g_assert_cmpuint (consumer->messages->len, ==, 0);
  annot_broker_resume (consumer->broker);
  g_assert_true (annot_test_consumer_wait (consumer, 5));
}

static void
count_answer (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GError) error = NULL;

  annot_broker_produce_finish (ANNOT_BROKER (source), result, &error);
  g_assert_no_error (error);
  (*(guint *) user_data)++;
}

static void
start_produce (AnnotTestConsumer *self, const char *topic, guint n, GCancellable *cancellable,
               GAsyncReadyCallback callback, gpointer user_data)
{
  g_autofree char *value = g_strdup_printf ("{\"n\":%u}", n);
  g_autoptr (GBytes) bytes = g_bytes_new (value, strlen (value));
  g_autoptr (AnnotMessage) message = annot_message_new (topic, NULL, bytes);

  annot_broker_produce (self->broker, message, cancellable, callback, user_data);
}

static void
test_flush (Fixture *fixture, gconstpointer data)
{
  g_autoptr (AnnotTestConsumer) consumer = open_broker (fixture);
  g_auto (AnnotTestCall) call = ANNOT_TEST_CALL_INIT;
  guint answers = 0;

  for (guint i = 0; i < 500; i++)
    start_produce (consumer, fixture->topic, i, NULL, count_answer, &answers);
  annot_broker_flush (consumer->broker, NULL, annot_test_call_done, &call);
  g_assert_true (annot_broker_flush_finish (consumer->broker, annot_test_call_wait (&call), NULL));
  g_assert_cmpuint (answers, ==, 500);
  annot_test_consumer_consume (consumer, fixture->topic);
  g_assert_true (annot_test_consumer_wait (consumer, 500));
  assert_range (consumer, 0, 0, 500);
}

/* As the intake pauses: often and for a moment, and now and then for longer. Nothing is skipped, nothing comes twice.
 */
static void
test_pause_often (Fixture *fixture, gconstpointer data)
{
  static const guint pauses[] = { 0, 20, 480, 500, 520, 0, 700, 20, 510, 1100 };
  g_autoptr (AnnotTestConsumer) consumer = open_broker (fixture);
  g_auto (AnnotTestCall) call = ANNOT_TEST_CALL_INIT;

  for (guint i = 0; i < 8000; i++)
    start_produce (consumer, fixture->topic, i, NULL, NULL, NULL);
  annot_broker_flush (consumer->broker, NULL, annot_test_call_done, &call);
  g_assert_true (annot_broker_flush_finish (consumer->broker, annot_test_call_wait (&call), NULL));
  for (guint i = 0; i < G_N_ELEMENTS (pauses); i++) {
    consumer->pause_at = 100 + i * 700;
    if (i == 0)
      annot_test_consumer_consume (consumer, fixture->topic);
    else
      annot_broker_resume (consumer->broker);
    g_assert_true (annot_test_consumer_wait (consumer, consumer->pause_at));
    annot_test_wait_for (pauses[i]);
  }
  annot_broker_resume (consumer->broker);
  g_assert_true (annot_test_consumer_wait (consumer, 8000));
  annot_test_wait_for (100);
  g_assert_cmpuint (consumer->messages->len, ==, 8000);
  assert_range (consumer, 0, 0, 8000);
}

static void
test_flush_of_nothing (Fixture *fixture, gconstpointer data)
{
  g_autoptr (AnnotTestConsumer) consumer = open_broker (fixture);
  g_auto (AnnotTestCall) call = ANNOT_TEST_CALL_INIT;

  annot_broker_flush (consumer->broker, NULL, annot_test_call_done, &call);
  g_assert_true (annot_broker_flush_finish (consumer->broker, annot_test_call_wait (&call), NULL));
}

/* Closing answers after every produce has; what was confirmed is there afterwards. */
static void
test_close_under_load (Fixture *fixture, gconstpointer data)
{
  g_autoptr (AnnotTestConsumer) consumer = open_broker (fixture);
  guint answers = 0;

  produce_range (consumer, fixture->topic, 0, 100);
  annot_test_consumer_consume (consumer, fixture->topic);
  g_assert_true (annot_test_consumer_wait (consumer, 1));
  for (guint i = 0; i < 200; i++)
    start_produce (consumer, fixture->topic, 100 + i, NULL, count_answer, &answers);
  annot_test_consumer_close (consumer);
  g_assert_cmpuint (answers, ==, 200);
  g_clear_pointer (&consumer, annot_test_consumer_free);
  consumer = open_consumer (fixture);
  g_assert_true (annot_test_consumer_wait (consumer, 300));
  assert_range (consumer, 0, 0, 300);
}

typedef struct {
  guint confirmed;
  guint cancelled;
} Outcome;

static void
note_outcome (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Outcome *outcome = user_data;
  g_autoptr (GError) error = NULL;

  if (annot_broker_produce_finish (ANNOT_BROKER (source), result, &error)) {
    outcome->confirmed++;
  } else {
    g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
    outcome->cancelled++;
  }
}

static gboolean
is_all_told (gpointer user_data)
{
  const Outcome *outcome = user_data;

  return outcome->confirmed + outcome->cancelled == 100;
}

/* A cancelled produce has either happened wholly, and says so, or not at all. */
static void
test_cancellation (Fixture *fixture, gconstpointer data)
{
  g_autoptr (AnnotTestConsumer) consumer = open_broker (fixture);
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_auto (AnnotTestCall) call = ANNOT_TEST_CALL_INIT;
  Outcome outcome = { 0 };

  for (guint i = 0; i < 100; i++)
    start_produce (consumer, fixture->topic, i, i % 2 ? cancellable : NULL, note_outcome, &outcome);
  g_cancellable_cancel (cancellable);
  annot_broker_flush (consumer->broker, NULL, annot_test_call_done, &call);
  g_assert_true (annot_broker_flush_finish (consumer->broker, annot_test_call_wait (&call), NULL));
  /* GTask tells of a cancelled call a turn of the loop later than of others. */
  g_assert_true (annot_test_wait_until (is_all_told, &outcome, ANNOT_TEST_PATIENCE));
  g_assert_cmpuint (outcome.confirmed, >=, 50);
  annot_test_consumer_consume (consumer, fixture->topic);
  g_assert_true (annot_test_consumer_wait (consumer, outcome.confirmed));
  annot_test_wait_for (200);
  g_assert_cmpuint (consumer->messages->len, ==, outcome.confirmed);
}

static void
test_bad_topics (Fixture *fixture, gconstpointer data)
{
  g_autoptr (AnnotTestConsumer) consumer = open_broker (fixture);
  const char *const names[] = { "", ".", "..", "a/b", "../x", "a b", "topic\n", "\xff\xfe", "ü" };

  for (guint i = 0; i < G_N_ELEMENTS (names); i++) {
    g_autoptr (GError) error = NULL;

    g_assert_false (annot_test_produce (consumer->broker, names[i], NULL, "{}", &error));
    g_assert_error (error, ANNOT_ERROR, ANNOT_ERROR_PERMANENT);
  }
}

static gboolean
is_measured (gpointer user_data)
{
  AnnotTestConsumer *consumer = user_data;
  g_autoptr (GPtrArray) partitions = annot_broker_get_assignment (consumer->broker);
  g_auto (AnnotTestCall) call = ANNOT_TEST_CALL_INIT;
  g_autoptr (AnnotHealth) health = NULL;

  /* Asking for the health makes a broker look. */
  annot_broker_health (consumer->broker, NULL, annot_test_call_done, &call);
  health = annot_broker_health_finish (consumer->broker, annot_test_call_wait (&call), NULL);
  for (guint i = 0; i < partitions->len; i++) {
    const AnnotPartition *partition = g_ptr_array_index (partitions, i);

    if (partition->lag == 13)
      return TRUE;
  }
  return FALSE;
}

static void
test_assignment_and_lag (Fixture *fixture, gconstpointer data)
{
  g_autoptr (AnnotTestConsumer) consumer = open_broker (fixture);
  g_autoptr (GPtrArray) none = annot_broker_get_assignment (consumer->broker);
  g_autoptr (JsonObject) metrics = NULL;

  g_assert_cmpuint (none->len, ==, 0);
  produce_range (consumer, fixture->topic, 0, 20);
  consumer->pause_at = 10;
  annot_test_consumer_consume (consumer, fixture->topic);
  g_assert_true (annot_test_consumer_wait_assigned (consumer, 1));
  g_assert_true (annot_test_consumer_wait (consumer, 10));
  annot_test_consumer_store (consumer, 6);
  g_assert_true (annot_test_wait_until (is_measured, consumer, ANNOT_TEST_PATIENCE));
  metrics = annot_broker_get_metrics (consumer->broker);
  g_assert_true (json_object_has_member (metrics, "group_id"));
  g_assert_true (json_object_has_member (metrics, "lag"));
}

static void
test_health (Fixture *fixture, gconstpointer data)
{
  g_autoptr (AnnotTestConsumer) consumer = open_consumer (fixture);
  const char *const members[] = { "group_id", "client_id", "consumer_assigned", "assigned_partitions", "lag" };
  g_auto (AnnotTestCall) call = ANNOT_TEST_CALL_INIT;
  g_autoptr (AnnotHealth) health = NULL;
  g_autoptr (GError) error = NULL;

  g_assert_true (annot_test_consumer_wait_assigned (consumer, 1));
  annot_broker_health (consumer->broker, NULL, annot_test_call_done, &call);
  health = annot_broker_health_finish (consumer->broker, annot_test_call_wait (&call), &error);
  g_assert_no_error (error);
  g_assert_true (health->healthy);
  for (guint i = 0; i < G_N_ELEMENTS (members); i++)
    g_assert_true (json_object_has_member (health->details, members[i]));
  g_assert_true (json_object_get_boolean_member (health->details, "consumer_assigned"));
}

static void
test_store_offset_of_a_stranger (Fixture *fixture, gconstpointer data)
{
  g_autoptr (AnnotTestConsumer) consumer = open_consumer (fixture);
  g_auto (AnnotTestCall) call = ANNOT_TEST_CALL_INIT;
  g_autoptr (GError) error = NULL;

  g_assert_true (annot_test_consumer_wait_assigned (consumer, 1));
  annot_broker_store_offset (consumer->broker, "not-consumed", 0, 1, NULL, annot_test_call_done, &call);
  g_assert_false (annot_broker_store_offset_finish (consumer->broker, annot_test_call_wait (&call), &error));
  g_assert_nonnull (error);
}

static void
test_large_message (Fixture *fixture, gconstpointer data)
{
  g_autoptr (AnnotTestConsumer) consumer = open_broker (fixture);
  g_autofree char *filler = g_strnfill (600 * 1024, 'x');
  g_autofree char *value = g_strdup_printf ("{\"v\":\"%s\"}", filler);
  g_autofree char *got = NULL;
  g_autoptr (GError) error = NULL;

  annot_test_produce (consumer->broker, fixture->topic, "large", value, &error);
  g_assert_no_error (error);
  annot_test_consumer_consume (consumer, fixture->topic);
  g_assert_true (annot_test_consumer_wait (consumer, 1));
  got = annot_test_consumer_text (consumer, 0);
  g_assert_true (g_str_equal (got, value));
}

#define ADD(path, function) g_test_add (path, Fixture, NULL, set_up, function, tear_down)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  if (argc > 1)
    plugin = argv[1];
  if (!annot_test_backend_is_built (ANNOT_PLUGIN_BROKER, plugin)) {
    g_print ("1..0 # SKIP the plugin %s was not built\n", plugin);
    return 0;
  }
  ADD ("/broker/order-and-offsets", test_order_and_offsets);
  ADD ("/broker/restart/without-storing", test_restart_without_storing);
  ADD ("/broker/restart/in-the-middle", test_restart_in_the_middle);
  ADD ("/broker/pause/exact", test_pause);
  ADD ("/broker/pause/often", test_pause_often);
  ADD ("/broker/pause/before-consuming", test_pause_before_consuming);
  ADD ("/broker/flush/many", test_flush);
  ADD ("/broker/flush/nothing", test_flush_of_nothing);
  ADD ("/broker/close-under-load", test_close_under_load);
  ADD ("/broker/cancellation", test_cancellation);
  ADD ("/broker/bad-topics", test_bad_topics);
  ADD ("/broker/assignment-and-lag", test_assignment_and_lag);
  ADD ("/broker/health", test_health);
  ADD ("/broker/store-offset-of-a-stranger", test_store_offset_of_a_stranger);
  ADD ("/broker/large-message", test_large_message);
  return g_test_run ();
}
