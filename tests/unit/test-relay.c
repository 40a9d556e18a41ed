/* SPDX-License-Identifier: Apache-2.0 */
/* Every message of the outbox reaches the broker, in order for each example, however long that takes. */
#include "pipeline/annot-relay.h"

#include "annot-test-rooms.h"

#include <string.h>

typedef struct {
  AnnotTestRooms *rooms;
  AnnotRelay *relay;
} Fixture;

static void
set_up (Fixture *self, gconstpointer data)
{
  const char *options[] = {"annotation.retry-interval=1", "annotation.retry-attempts=10", NULL};

  self->rooms = annot_test_rooms_new_faked (options, TRUE);
  if (self->rooms)
    self->relay = annot_relay_new (self->rooms->config, self->rooms->store, self->rooms->state, self->rooms->broker);
}

static gboolean
drain (Fixture *self, guint cancel_after, GError **error)
{
  g_auto (AnnotTestCall) call = ANNOT_TEST_CALL_INIT;
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();

  annot_relay_drain (self->relay, cancellable, annot_test_call_done, &call);
  if (cancel_after) {
    annot_test_wait_for (cancel_after);
    g_cancellable_cancel (cancellable);
  }
  return annot_relay_drain_finish (self->relay, annot_test_call_wait (&call), error);
}

static void
tear_down (Fixture *self, gconstpointer data)
{
  if (!self->rooms)
    return;
  annot_test_rooms_script (self->rooms, "store", "[]");
  annot_test_rooms_script (self->rooms, "state", "[]");
  annot_test_rooms_script (self->rooms, "broker", "[]");
  drain (self, 0, NULL);
  annot_test_wait_for (50);
  g_assert_finalize_object (self->relay);
  annot_test_rooms_free (self->rooms);
}

/* Skips the example: the cheapest change with a message. Each by another account. */
static void
write_message (Fixture *self, const char *event_id, guint number)
{
  g_autofree char *annotator = g_strdup_printf ("ann-%u", number);
  g_autofree char *payload = g_strdup_printf ("{\"example_id\":\"%s\",\"number\":%u}", event_id, number);
  g_autoptr (AnnotOutgoing) outgoing = annot_outgoing_new ("annotation.events", event_id, event_id, payload);
  AnnotSkip skip = {.event_id = event_id, .annotator = annotator, .reason = "x", .max_skips = 1000, .outgoing = outgoing};
  g_auto (AnnotTestCall) call = ANNOT_TEST_CALL_INIT;
  g_autoptr (GError) error = NULL;

  annot_store_skip (self->rooms->store, &skip, NULL, annot_test_call_done, &call);
  annot_store_skip_finish (self->rooms->store, annot_test_call_wait (&call), &error);
  g_assert_no_error (error);
}

/* Returns: (transfer full): "number number …" of what was published, in order */
static char *
published (Fixture *self)
{
  g_autofree char *text = annot_test_rooms_read_topic (self->rooms, "annotation.events");
  g_auto (GStrv) lines = g_strsplit (text, "\n", -1);
  GString *out = g_string_new (NULL);

  for (char **line = lines; *line && **line; line++) {
    const char *number = strstr (*line, "\"number\":");

    g_assert_nonnull (number);
    g_string_append_printf (out, "%s%d", out->len ? " " : "", (int) g_ascii_strtoll (number + 9, NULL, 10));
  }
  return g_string_free (out, FALSE);
}

static guint
waiting (Fixture *self, gboolean failed_only)
{
  g_auto (AnnotTestCall) call = ANNOT_TEST_CALL_INIT;
  g_autoptr (GPtrArray) outgoing = NULL;

  annot_store_list_outgoing (self->rooms->store, failed_only, 1000, NULL, annot_test_call_done, &call);
  outgoing = annot_store_list_outgoing_finish (self->rooms->store, annot_test_call_wait (&call), NULL);
  g_assert_nonnull (outgoing);
  return outgoing ? outgoing->len : G_MAXUINT;
}

static guint
scheduled (Fixture *self)
{
  g_auto (AnnotTestCall) call = ANNOT_TEST_CALL_INIT;
  g_autoptr (AnnotHealth) health = NULL;

  annot_state_health (self->rooms->state, NULL, annot_test_call_done, &call);
  health = annot_state_health_finish (self->rooms->state, annot_test_call_wait (&call), NULL);
  return (guint) json_object_get_int_member (health->details, "retries");
}

/* Whether so many wait in the end. */
static gboolean
wait_waiting (Fixture *self, gboolean failed_only, guint count)
{
  for (guint i = 0; i < ANNOT_TEST_PATIENCE / 50; i++) {
    if (waiting (self, failed_only) == count)
      return TRUE;
    annot_test_wait_for (50);
  }
  return FALSE;
}

static gboolean
wait_empty (Fixture *self)
{
  return wait_waiting (self, FALSE, 0);
}

static gboolean
wait_scheduled (Fixture *self, guint count)
{
  for (guint i = 0; i < ANNOT_TEST_PATIENCE / 50; i++) {
    if (scheduled (self) == count)
      return TRUE;
    annot_test_wait_for (50);
  }
  return FALSE;
}

static AnnotRelayCounters
counters (Fixture *self)
{
  AnnotRelayCounters result;

  annot_relay_get_counters (self->relay, &result);
  return result;
}

static gboolean
has_failed_often (gpointer user_data)
{
  return counters (user_data).failed > 100;
}

static gboolean
is_under_way (gpointer user_data)
{
  return counters (user_data).in_flight > 0;
}

static void
test_in_order (Fixture *self, gconstpointer data)
{
  g_autoptr (GPtrArray) examples = NULL;
  g_autofree char *text = NULL;

  if (!self->rooms)
    return;
  examples = annot_test_rooms_put (self->rooms, "a", 1);
  for (guint i = 1; i <= 6; i++)
    write_message (self, "a-0", i);
  annot_relay_start (self->relay);
  g_assert_true (wait_empty (self));
  text = published (self);
  g_assert_cmpstr (text, ==, "1 2 3 4 5 6");
  g_assert_cmpuint (counters (self).published, ==, 6);
  g_assert_cmpuint (counters (self).in_flight, ==, 0);
}

static void
test_woken (Fixture *self, gconstpointer data)
{
  g_autoptr (GPtrArray) examples = NULL;
  gint64 began;

  if (!self->rooms)
    return;
  examples = annot_test_rooms_put (self->rooms, "a", 40);
  annot_relay_start (self->relay);
  annot_test_wait_for (30);
  for (guint i = 0; i < 40; i++) {
    const AnnotExample *example = g_ptr_array_index (examples, i);

    write_message (self, example->event_id, i);
    annot_relay_wake (self->relay);
  }
  began = g_get_monotonic_time ();
  while (waiting (self, FALSE) > 0)
    annot_test_wait_for (5);
  /* Sooner than the poll would have found the last one. */
  g_assert_cmpint (g_get_monotonic_time () - began, <, annot_test_patience (400 * 1000));
}

static void
test_broker_away (Fixture *self, gconstpointer data)
{
  g_autoptr (GPtrArray) examples = NULL;
  g_autofree char *text = NULL;

  if (!self->rooms)
    return;
  examples = annot_test_rooms_put (self->rooms, "a", 1);
  annot_test_rooms_script (self->rooms, "broker", "[{\"method\":\"produce\",\"error\":\"not-connected\"}]");
  write_message (self, "a-0", 1);
  write_message (self, "a-0", 2);
  g_test_expect_message (G_LOG_DOMAIN, G_LOG_LEVEL_WARNING, "relay: topic annotation.events did not take *");
  annot_relay_start (self->relay);
  g_assert_true (wait_scheduled (self, 1));
  g_test_assert_expected_messages ();
  g_assert_cmpuint (waiting (self, FALSE), ==, 2);
  g_assert_cmpuint (waiting (self, TRUE), ==, 1);
  g_assert_cmpuint (counters (self).failed, >=, 1);
  annot_test_rooms_script (self->rooms, "broker", "[]");
  g_assert_true (wait_empty (self));
  text = published (self);
  g_assert_cmpstr (text, ==, "1 2");
  g_assert_true (wait_scheduled (self, 0));
}

/* The failures of a broker that is away are not the message's: it does not wait longer and longer for them. */
static void
test_broker_long_away (Fixture *self, gconstpointer data)
{
  g_autoptr (GPtrArray) examples = NULL;
  gint64 due_at = 0;
  guint attempts = 0;

  if (!self->rooms)
    return;
  examples = annot_test_rooms_put (self->rooms, "a", 1);
  annot_test_rooms_script (self->rooms, "broker", "[{\"method\":\"produce\",\"error\":\"not-connected\"}]");
  write_message (self, "a-0", 1);
  g_test_expect_message (G_LOG_DOMAIN, G_LOG_LEVEL_WARNING, "relay: topic annotation.events did not take *");
  annot_relay_start (self->relay);
  for (guint i = 0; i < ANNOT_TEST_PATIENCE / 50 && attempts < 4; i++) {
    g_autoptr (GPtrArray) outgoing = NULL;
    g_auto (AnnotTestCall) call = ANNOT_TEST_CALL_INIT;

    annot_test_wait_for (50);
    annot_store_list_outgoing (self->rooms->store, TRUE, 10, NULL, annot_test_call_done, &call);
    outgoing = annot_store_list_outgoing_finish (self->rooms->store, annot_test_call_wait (&call), NULL);
    if (outgoing->len == 0)
      continue;
    attempts = ((const AnnotOutgoing *) g_ptr_array_index (outgoing, 0))->attempts;
    due_at = ((const AnnotOutgoing *) g_ptr_array_index (outgoing, 0))->due_at;
  }
  g_assert_cmpuint (attempts, ==, 4);
  /* One that doubles would be eight seconds by now. */
  g_assert_cmpint (due_at - g_get_real_time (), <, 4 * G_USEC_PER_SEC);
  g_test_assert_expected_messages ();
}

/* A process that stands still while it takes messages finds them taken by others when it goes on. */
static void
test_stood_still (Fixture *self, gconstpointer data)
{
  g_autoptr (GPtrArray) examples = NULL;

  if (!self->rooms)
    return;
  examples = annot_test_rooms_put (self->rooms, "a", 1);
  write_message (self, "a-0", 1);
  annot_test_rooms_script (self->rooms, "store",
                           "[{\"method\":\"take_outgoing\",\"times\":1,\"answer-delay-ms\":16000}]");
  annot_relay_start (self->relay);
  annot_test_wait_for (17000);
  g_assert_cmpuint (counters (self).published, ==, 0);
  g_assert_cmpuint (counters (self).in_flight, ==, 0);
  g_assert_cmpuint (waiting (self, FALSE), ==, 1);
}

/* Hundreds of messages and no broker: after those that were under way it is asked now and then, with one of them. */
static void
test_no_hammering (Fixture *self, gconstpointer data)
{
  g_autoptr (GPtrArray) examples = NULL;

  if (!self->rooms)
    return;
  examples = annot_test_rooms_put (self->rooms, "a", 450);
  for (guint i = 0; i < 450; i++)
    write_message (self, ((const AnnotExample *) g_ptr_array_index (examples, i))->event_id, i);
  annot_test_rooms_script (self->rooms, "broker", "[{\"method\":\"produce\",\"error\":\"not-connected\"}]");
  g_test_expect_message (G_LOG_DOMAIN, G_LOG_LEVEL_WARNING, "relay: topic annotation.events did not take *");
  annot_relay_start (self->relay);
  g_assert_true (annot_test_wait_until (has_failed_often, self, ANNOT_TEST_PATIENCE));
  annot_test_wait_for (2000);
  g_test_assert_expected_messages ();
  g_assert_cmpuint (counters (self).failed, <=, 404);
  g_assert_cmpuint (waiting (self, FALSE), ==, 450);
  annot_test_rooms_script (self->rooms, "broker", "[]");
  g_assert_true (wait_empty (self));
}

static void
test_refused (Fixture *self, gconstpointer data)
{
  static const char once[] = "[{\"method\":\"produce\",\"times\":1,\"error\":\"permanent\",\"message\":\"too large\"}]";
  g_autoptr (GPtrArray) examples = NULL;

  if (!self->rooms)
    return;
  examples = annot_test_rooms_put (self->rooms, "a", 2);
  write_message (self, "a-0", 1);
  annot_test_rooms_script (self->rooms, "broker", once);
  g_test_expect_message (G_LOG_DOMAIN, G_LOG_LEVEL_WARNING, "relay: topic annotation.events refuses message *too large*");
  annot_relay_start (self->relay);
  g_assert_true (wait_waiting (self, TRUE, 1));
  /* The others go on. */
  write_message (self, "a-1", 2);
  annot_relay_wake (self->relay);
  g_assert_true (wait_waiting (self, FALSE, 1));
  /* It stays until it is taken; that it was refused again is not said again. */
  annot_test_rooms_script (self->rooms, "broker", once);
  for (guint i = 0; i < ANNOT_TEST_PATIENCE / 50 && counters (self).failed < 2; i++)
    annot_test_wait_for (50);
  g_assert_cmpuint (counters (self).failed, ==, 2);
  g_assert_true (wait_empty (self));
  g_test_assert_expected_messages ();
}

static void
test_not_confirmed (Fixture *self, gconstpointer data)
{
  g_autoptr (GPtrArray) examples = NULL;
  g_autofree char *text = NULL;

  if (!self->rooms)
    return;
  examples = annot_test_rooms_put (self->rooms, "a", 1);
  write_message (self, "a-0", 1);
  annot_test_rooms_script (self->rooms, "store",
                           "[{\"method\":\"confirm_outgoing\",\"times\":2,\"error\":\"temporary\"}]");
  g_test_expect_message (G_LOG_DOMAIN, G_LOG_LEVEL_WARNING, "relay: published messages were not removed*");
  annot_relay_start (self->relay);
  g_assert_true (wait_empty (self));
  g_test_assert_expected_messages ();
  text = published (self);
  g_assert_cmpstr (text, ==, "1");
}

/* What the schedule still holds of messages that are gone is cleared. */
static void
test_orphan (Fixture *self, gconstpointer data)
{
  g_auto (AnnotTestCall) call = ANNOT_TEST_CALL_INIT;

  if (!self->rooms)
    return;
  annot_state_add_retry (self->rooms->state, "gone", g_get_real_time (), NULL, annot_test_call_done, &call);
  g_assert_true (annot_state_add_retry_finish (self->rooms->state, annot_test_call_wait (&call), NULL));
  g_assert_cmpuint (scheduled (self), ==, 1);
  annot_relay_start (self->relay);
  g_assert_true (wait_scheduled (self, 0));
}

static void
test_drain (Fixture *self, gconstpointer data)
{
  g_autoptr (GPtrArray) examples = NULL;
  g_autoptr (GError) error = NULL;

  if (!self->rooms)
    return;
  examples = annot_test_rooms_put (self->rooms, "a", 20);
  for (guint i = 0; i < 20; i++)
    write_message (self, ((const AnnotExample *) g_ptr_array_index (examples, i))->event_id, i);
  annot_test_rooms_script (self->rooms, "broker", "[{\"method\":\"produce\",\"delay-ms\":100}]");
  annot_relay_start (self->relay);
  g_assert_true (annot_test_wait_until (is_under_way, self, ANNOT_TEST_PATIENCE));
  g_assert_true (drain (self, 0, &error));
  g_assert_cmpuint (waiting (self, FALSE), ==, 0);
  g_assert_cmpuint (counters (self).in_flight, ==, 0);
}

static void
test_drain_cut_short (Fixture *self, gconstpointer data)
{
  g_autoptr (GPtrArray) examples = NULL;
  g_autoptr (GPtrArray) taken = NULL;
  g_autoptr (GError) error = NULL;
  g_auto (AnnotTestCall) call = ANNOT_TEST_CALL_INIT;

  if (!self->rooms)
    return;
  examples = annot_test_rooms_put (self->rooms, "a", 1);
  write_message (self, "a-0", 1);
  annot_test_rooms_script (self->rooms, "broker", "[{\"method\":\"produce\",\"delay-ms\":2000}]");
  annot_relay_start (self->relay);
  g_assert_true (annot_test_wait_until (is_under_way, self, ANNOT_TEST_PATIENCE));
  g_assert_false (drain (self, 50, &error));
  g_assert_error (error, ANNOT_ERROR, ANNOT_ERROR_TIMEOUT);
  annot_test_wait_for (50);
  /* Given back: another instance may take it at once. */
  annot_store_take_outgoing (self->rooms->store, 10, 30, NULL, annot_test_call_done, &call);
  taken = annot_store_take_outgoing_finish (self->rooms->store, annot_test_call_wait (&call), NULL);
  g_assert_cmpuint (taken->len, ==, 1);
  annot_test_wait_for (2500);
}

/* Taken, but the answer comes when the drain is over: not published beside its end, and free for others. */
static void
test_drain_while_taking (Fixture *self, gconstpointer data)
{
  g_autoptr (GPtrArray) examples = NULL;
  g_autoptr (GPtrArray) taken = NULL;
  g_autoptr (GError) error = NULL;
  g_autofree char *text = NULL;
  g_auto (AnnotTestCall) call = ANNOT_TEST_CALL_INIT;

  if (!self->rooms)
    return;
  examples = annot_test_rooms_put (self->rooms, "a", 1);
  write_message (self, "a-0", 1);
  annot_test_rooms_script (self->rooms, "store",
                           "[{\"method\":\"take_outgoing\",\"times\":1,\"answer-delay-ms\":1500}]");
  annot_relay_start (self->relay);
  annot_test_wait_for (50);
  g_assert_false (drain (self, 50, &error));
  g_assert_error (error, ANNOT_ERROR, ANNOT_ERROR_TIMEOUT);
  annot_test_wait_for (1800);
  text = published (self);
  g_assert_cmpstr (text, ==, "");
  annot_store_take_outgoing (self->rooms->store, 10, 30, NULL, annot_test_call_done, &call);
  taken = annot_store_take_outgoing_finish (self->rooms->store, annot_test_call_wait (&call), NULL);
  g_assert_cmpuint (taken->len, ==, 1);
}

#define ADD(name, function) g_test_add ("/relay/" name, Fixture, NULL, set_up, function, tear_down)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  ADD ("in-order", test_in_order);
  ADD ("woken", test_woken);
  ADD ("broker-away", test_broker_away);
  ADD ("broker-long-away", test_broker_long_away);
  ADD ("stood-still", test_stood_still);
  ADD ("no-hammering", test_no_hammering);
  ADD ("refused", test_refused);
  ADD ("not-confirmed", test_not_confirmed);
  ADD ("orphan", test_orphan);
  ADD ("drain", test_drain);
  ADD ("drain-cut-short", test_drain_cut_short);
  ADD ("drain-while-taking", test_drain_while_taking);
  return g_test_run ();
}
