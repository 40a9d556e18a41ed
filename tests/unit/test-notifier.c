/* SPDX-License-Identifier: Apache-2.0 */
/* Notifications reach the pages in order and without gaps, whatever becomes of them on the way. */
#include "pipeline/annot-notifier.h"

#include "annot-test-rooms.h"
#include "pipeline/annot-notification.h"

#include <string.h>

typedef struct {
  AnnotTestRooms *rooms;
  AnnotNotifier *notifier;
  GPtrArray *events;
  GPtrArray *personal;
} Fixture;

static void
on_event (AnnotNotifier *notifier, GBytes *text, gpointer user_data)
{
  Fixture *self = user_data;

  g_ptr_array_add (self->events, g_strndup (g_bytes_get_data (text, NULL), g_bytes_get_size (text)));
}

static void
on_personal (AnnotNotifier *notifier, const char *account, GBytes *text, gpointer user_data)
{
  Fixture *self = user_data;

  g_ptr_array_add (self->personal, g_strdup_printf ("%s %.*s", account, (int) g_bytes_get_size (text),
                                                    (const char *) g_bytes_get_data (text, NULL)));
}

static void
start (Fixture *self)
{
  g_auto (AnnotTestCall) call = ANNOT_TEST_CALL_INIT;
  g_autoptr (GError) error = NULL;

  self->notifier = annot_notifier_new (self->rooms->store, self->rooms->state);
  g_signal_connect (self->notifier, "event", G_CALLBACK (on_event), self);
  g_signal_connect (self->notifier, "personal", G_CALLBACK (on_personal), self);
  annot_notifier_start (self->notifier, NULL, annot_test_call_done, &call);
  annot_notifier_start_finish (self->notifier, annot_test_call_wait (&call), &error);
  g_assert_no_error (error);
}

static void
set_up (Fixture *self, gconstpointer data)
{
  self->rooms = annot_test_rooms_new_faked (NULL, TRUE);
  self->events = g_ptr_array_new_with_free_func (g_free);
  self->personal = g_ptr_array_new_with_free_func (g_free);
  if (self->rooms)
    start (self);
}

static void
tear_down (Fixture *self, gconstpointer data)
{
  if (self->notifier) {
    annot_notifier_stop (self->notifier);
    annot_test_wait_for (20);
    /* What was under way has let go of it. */
    g_assert_finalize_object (self->notifier);
  }
  g_clear_pointer (&self->rooms, annot_test_rooms_free);
  g_ptr_array_unref (self->events);
  g_ptr_array_unref (self->personal);
}

/* Returns: the seq of each new_example so far, as "1 2 3"; "resync:N" where there was one */
static char *
told (Fixture *self)
{
  GString *out = g_string_new (NULL);

  for (guint i = 0; i < self->events->len; i++) {
    const char *text = g_ptr_array_index (self->events, i);
    g_autoptr (GBytes) bytes = g_bytes_new_static (text, strlen (text));
    g_autoptr (AnnotNotification) notification = annot_notification_parse (bytes);

    g_assert_nonnull (notification);
    if (g_str_equal (notification->type, "pending"))
      continue;
    if (out->len > 0)
      g_string_append_c (out, ' ');
    if (!g_str_equal (notification->type, "new_example"))
      g_string_append_printf (out, "%s:", notification->type);
    g_string_append_printf (out, "%" G_GINT64_FORMAT, notification->seq);
  }
  return g_string_free (out, FALSE);
}

typedef struct {
  Fixture *fixture;
  const char *expected;
} Expectation;

static gboolean
is_told (gpointer user_data)
{
  const Expectation *expectation = user_data;
  g_autofree char *text = told (expectation->fixture);

  return g_str_equal (text, expectation->expected);
}

static void
assert_told (Fixture *self, const char *expected)
{
  Expectation expectation = {self, expected};
  g_autofree char *text = NULL;

  annot_test_wait_until (is_told, &expectation, ANNOT_TEST_PATIENCE);
  text = told (self);
  g_assert_cmpstr (text, ==, expected);
}

static void
announce (Fixture *self, GPtrArray *examples, guint first, guint count)
{
  g_autoptr (GPtrArray) some = g_ptr_array_new ();
  g_auto (AnnotTestCall) call = ANNOT_TEST_CALL_INIT;

  for (guint i = first; i < first + count; i++)
    g_ptr_array_add (some, g_ptr_array_index (examples, i));
  annot_notifier_announce_examples (self->notifier, some, NULL, annot_test_call_done, &call);
  g_assert_true (annot_notifier_announce_examples_finish (self->notifier, annot_test_call_wait (&call), NULL));
}

static void
publish (Fixture *self, const char *channel, const char *text)
{
  g_autoptr (GBytes) bytes = g_bytes_new (text, strlen (text));

  annot_state_publish (self->rooms->state, channel, bytes, NULL, NULL, NULL);
}

static void
test_in_order (Fixture *self, gconstpointer data)
{
  g_autoptr (GPtrArray) examples = NULL;

  if (!self->rooms)
    return;
  examples = annot_test_rooms_put (self->rooms, "a", 3);
  announce (self, examples, 0, 3);
  assert_told (self, "1 2 3");
  g_assert_nonnull (strstr (g_ptr_array_index (self->events, 0), "\"a-0\""));
  g_assert_cmpuint (annot_notifier_get_gaps (self->notifier), ==, 0);
}

static void
test_repeated (Fixture *self, gconstpointer data)
{
  g_autoptr (GPtrArray) examples = NULL;

  if (!self->rooms)
    return;
  examples = annot_test_rooms_put (self->rooms, "a", 2);
  announce (self, examples, 0, 2);
  announce (self, examples, 0, 2);
  annot_test_wait_for (150);
  assert_told (self, "1 2");
}

/* Two instances publish side by side: the later commit may be heard first. */
static void
test_overtaken (Fixture *self, gconstpointer data)
{
  g_autoptr (GPtrArray) examples = NULL;

  if (!self->rooms)
    return;
  examples = annot_test_rooms_put (self->rooms, "a", 4);
  announce (self, examples, 2, 2);
  announce (self, examples, 0, 2);
  assert_told (self, "1 2 3 4");
  annot_test_wait_for (100);
  g_assert_cmpuint (annot_notifier_get_gaps (self->notifier), ==, 0);
}

static void
test_lost_before (Fixture *self, gconstpointer data)
{
  g_autoptr (GPtrArray) examples = NULL;

  if (!self->rooms)
    return;
  examples = annot_test_rooms_put (self->rooms, "a", 5);
  announce (self, examples, 4, 1);
  assert_told (self, "1 2 3 4 5");
  g_assert_cmpuint (annot_notifier_get_gaps (self->notifier), ==, 1);
}

/* As an import beside the daemon does it: nobody publishes anything. */
static void
test_lost_last (Fixture *self, gconstpointer data)
{
  g_autoptr (GPtrArray) examples = NULL;

  if (!self->rooms)
    return;
  examples = annot_test_rooms_put (self->rooms, "a", 3);
  assert_told (self, "1 2 3");
}

static void
test_many_pages (Fixture *self, gconstpointer data)
{
  g_autoptr (GPtrArray) examples = NULL;

  if (!self->rooms)
    return;
  examples = annot_test_rooms_put (self->rooms, "a", 900);
  announce (self, examples, 899, 1);
  for (guint i = 0; i < 200 && self->events->len < 900; i++)
    annot_test_wait_for (20);
  g_assert_cmpuint (self->events->len, >=, 900);
  g_assert_cmpuint (annot_notifier_get_gaps (self->notifier), ==, 1);
}

static void
test_too_many (Fixture *self, gconstpointer data)
{
  g_autoptr (GPtrArray) examples = NULL;

  if (!self->rooms)
    return;
  examples = annot_test_rooms_put (self->rooms, "a", 1002);
  announce (self, examples, 1001, 1);
  assert_told (self, "resync:1002");
}

static void
test_removed_in_gap (Fixture *self, gconstpointer data)
{
  g_autoptr (GPtrArray) examples = NULL;
  g_auto (AnnotTestCall) call = ANNOT_TEST_CALL_INIT;

  if (!self->rooms)
    return;
  examples = annot_test_rooms_put (self->rooms, "a", 4);
  annot_store_remove (self->rooms->store, "a-1", NULL, NULL, annot_test_call_done, &call);
  g_assert_true (annot_store_remove_finish (self->rooms->store, annot_test_call_wait (&call), NULL));
  announce (self, examples, 3, 1);
  /* Nobody can be told of 2: pages fetch anew. */
  assert_told (self, "1 resync:4");
}

static void
test_foreign (Fixture *self, gconstpointer data)
{
  g_autoptr (GPtrArray) examples = NULL;

  if (!self->rooms)
    return;
  publish (self, ANNOT_CHANNEL_NEW_EXAMPLE, "not even JSON");
  publish (self, ANNOT_CHANNEL_NEW_EXAMPLE, "{\"event_id\":\"of-the-older-service\"}");
  publish (self, ANNOT_CHANNEL_NEW_EXAMPLE, "{\"type\":\"new_example\",\"epoch\":\"elsewhere\",\"seq\":77,\"example\":{}}");
  publish (self, ANNOT_CHANNEL_EVENTS, "{\"type\":\"launch_missiles\"}");
  annot_test_wait_for (100);
  examples = annot_test_rooms_put (self->rooms, "a", 1);
  announce (self, examples, 0, 1);
  assert_told (self, "1");
}

static void
test_events (Fixture *self, gconstpointer data)
{
  if (!self->rooms)
    return;
  annot_notifier_announce (self->notifier, "example_taken", "a-1");
  annot_notifier_announce (self->notifier, "example_released", "a-1");
  annot_notifier_announce_expired (self->notifier, "ann", "a-1");
  annot_notifier_announce_resync (self->notifier);
  assert_told (self, "example_taken:0 example_released:0 resync:0");
  g_assert_cmpstr (g_ptr_array_index (self->events, 0), ==, "{\"type\":\"example_taken\",\"example_id\":\"a-1\"}");
  g_assert_cmpuint (self->personal->len, ==, 1);
  g_assert_cmpstr (g_ptr_array_index (self->personal, 0), ==,
                   "ann {\"type\":\"lease_expired\",\"example_id\":\"a-1\"}");
}

static void
test_pending (Fixture *self, gconstpointer data)
{
  g_autoptr (GPtrArray) examples = NULL;
  guint counts = 0;

  if (!self->rooms)
    return;
  examples = annot_test_rooms_put (self->rooms, "a", 2);
  announce (self, examples, 0, 2);
  annot_test_wait_for (3300);
  for (guint i = 0; i < self->events->len; i++) {
    if (g_str_has_prefix (g_ptr_array_index (self->events, i), "{\"type\":\"pending\"")) {
      g_assert_cmpstr (g_ptr_array_index (self->events, i), ==, "{\"type\":\"pending\",\"count\":2}");
      counts++;
    }
  }
  g_assert_cmpuint (counts, ==, 1);
  g_assert_cmpint (annot_notifier_get_pending (self->notifier), ==, 2);
}

/* The state is away: the pages here are told at once. */
static void
test_state_away (Fixture *self, gconstpointer data)
{
  g_autoptr (GPtrArray) examples = NULL;
  g_auto (AnnotTestCall) call = ANNOT_TEST_CALL_INIT;

  if (!self->rooms)
    return;
  examples = annot_test_rooms_put (self->rooms, "a", 2);
  annot_state_close (self->rooms->state, NULL, annot_test_call_done, &call);
  annot_state_close_finish (self->rooms->state, annot_test_call_wait (&call), NULL);
  g_test_expect_message (G_LOG_DOMAIN, G_LOG_LEVEL_WARNING, "notifier: only the pages of this instance*");
  announce (self, examples, 0, 2);
  assert_told (self, "1 2");
  g_test_assert_expected_messages ();
}

/* Events that the other instances could not be told, and that no seq shows to be missing: their pages fetch anew. */
static void
test_events_owed (Fixture *self, gconstpointer data)
{
  Fixture other = {.rooms = self->rooms};

  if (!self->rooms)
    return;
  other.events = g_ptr_array_new_with_free_func (g_free);
  other.personal = g_ptr_array_new_with_free_func (g_free);
  start (&other);
  annot_test_rooms_script (self->rooms, "state", "[{\"method\":\"publish\",\"error\":\"not-connected\"}]");
  g_test_expect_message (G_LOG_DOMAIN, G_LOG_LEVEL_WARNING, "notifier: only the pages of this instance*");
  annot_notifier_announce (self->notifier, "example_done", "a-1");
  annot_notifier_announce (self->notifier, "example_removed", "a-2");
  assert_told (self, "example_done:0 example_removed:0");
  g_test_assert_expected_messages ();
  assert_told (&other, "");
  annot_test_rooms_script (self->rooms, "state", "[]");
  assert_told (&other, "resync:0");
  /* Once. */
  annot_test_wait_for (2200);
  assert_told (&other, "resync:0");
  annot_notifier_stop (other.notifier);
  g_object_unref (other.notifier);
  g_ptr_array_unref (other.events);
  g_ptr_array_unref (other.personal);
}

/* What is held back until the one before it comes is removed in the meantime. */
static void
test_removed_while_held (Fixture *self, gconstpointer data)
{
  g_autoptr (GPtrArray) examples = NULL;
  g_auto (AnnotTestCall) call = ANNOT_TEST_CALL_INIT;

  if (!self->rooms)
    return;
  examples = annot_test_rooms_put (self->rooms, "a", 3);
  announce (self, examples, 0, 1);
  announce (self, examples, 2, 1);
  annot_store_remove (self->rooms->store, "a-2", NULL, NULL, annot_test_call_done, &call);
  g_assert_true (annot_store_remove_finish (self->rooms->store, annot_test_call_wait (&call), NULL));
  annot_notifier_announce (self->notifier, "example_removed", "a-2");
  announce (self, examples, 1, 1);
  assert_told (self, "1 example_removed:0 2 resync:3");
}

/* Removed while the store is being read to fill a gap. */
static void
test_removed_while_filling (Fixture *self, gconstpointer data)
{
  g_autoptr (GPtrArray) examples = NULL;
  g_auto (AnnotTestCall) call = ANNOT_TEST_CALL_INIT;

  if (!self->rooms)
    return;
  examples = annot_test_rooms_put (self->rooms, "a", 3);
  annot_test_rooms_script (self->rooms, "store",
                           "[{\"method\":\"list_examples\",\"times\":1,\"answer-delay-ms\":300}]");
  announce (self, examples, 2, 1);
  annot_test_wait_for (120);
  annot_store_remove (self->rooms->store, "a-1", NULL, NULL, annot_test_call_done, &call);
  g_assert_true (annot_store_remove_finish (self->rooms->store, annot_test_call_wait (&call), NULL));
  annot_notifier_announce (self->notifier, "example_removed", "a-1");
  assert_told (self, "example_removed:0 1 resync:3");
}

/* It takes the message and answers nothing: the offset of what was stored must not wait for it. */
static void
test_state_hangs (Fixture *self, gconstpointer data)
{
  g_autoptr (GPtrArray) examples = NULL;
  g_auto (AnnotTestCall) call = ANNOT_TEST_CALL_INIT;
  gint64 began = g_get_monotonic_time ();

  if (!self->rooms)
    return;
  examples = annot_test_rooms_put (self->rooms, "a", 2);
  annot_test_rooms_script (self->rooms, "state", "[{\"method\":\"publish\",\"hang\":true}]");
  announce (self, examples, 0, 2);
  g_assert_cmpint (g_get_monotonic_time () - began, <, annot_test_patience (3 * G_USEC_PER_SEC));
  assert_told (self, "1 2");
  g_test_expect_message (G_LOG_DOMAIN, G_LOG_LEVEL_WARNING, "notifier: only the pages of this instance*");
  annot_state_close (self->rooms->state, NULL, annot_test_call_done, &call);
  annot_state_close_finish (self->rooms->state, annot_test_call_wait (&call), NULL);
  annot_test_wait_for (20);
  g_test_assert_expected_messages ();
  /* They fail at last, and are not told again. */
  assert_told (self, "1 2");
}

/* Published, and lost on the way to here. */
static void
test_lost_on_the_way (Fixture *self, gconstpointer data)
{
  g_autoptr (GPtrArray) examples = NULL;

  if (!self->rooms)
    return;
  examples = annot_test_rooms_put (self->rooms, "a", 6);
  annot_test_rooms_script (self->rooms, "state",
                           "[{\"method\":\"deliver\",\"skip\":1,\"times\":2,\"error\":\"temporary\"}]");
  announce (self, examples, 0, 6);
  assert_told (self, "1 2 3 4 5 6");
  g_assert_cmpuint (annot_notifier_get_gaps (self->notifier), ==, 1);
}

/* The store is away just when the gap is to be filled. */
static void
test_store_away (Fixture *self, gconstpointer data)
{
  g_autoptr (GPtrArray) examples = NULL;

  if (!self->rooms)
    return;
  examples = annot_test_rooms_put (self->rooms, "a", 4);
  annot_test_rooms_script (self->rooms, "store",
                           "[{\"method\":\"list_examples\",\"times\":1,\"error\":\"not-connected\"}]");
  g_test_expect_message (G_LOG_DOMAIN, G_LOG_LEVEL_WARNING, "notifier: missed notifications were not read*");
  announce (self, examples, 2, 2);
  assert_told (self, "1 2 3 4");
  g_test_assert_expected_messages ();
}

static void
test_subscription_back (Fixture *self, gconstpointer data)
{
  g_autoptr (GPtrArray) examples = NULL;
  gint64 began;

  if (!self->rooms)
    return;
  annot_test_wait_for (1050);
  examples = annot_test_rooms_put (self->rooms, "a", 1);
  began = g_get_monotonic_time ();
  annot_test_rooms_script (self->rooms, "state", "[{\"event\":\"gap\"}]");
  /* Events may have been missed, too, which no seq tells. */
  assert_told (self, "resync:0 1");
  g_assert_cmpint (g_get_monotonic_time () - began, <, annot_test_patience (900 * 1000));
}

static void
test_two_instances (Fixture *self, gconstpointer data)
{
  Fixture other = {.rooms = self->rooms};
  g_autoptr (GPtrArray) examples = NULL;

  if (!self->rooms)
    return;
  other.events = g_ptr_array_new_with_free_func (g_free);
  other.personal = g_ptr_array_new_with_free_func (g_free);
  start (&other);
  examples = annot_test_rooms_put (self->rooms, "a", 6);
  announce (self, examples, 3, 3);
  announce (&other, examples, 0, 3);
  assert_told (self, "1 2 3 4 5 6");
  assert_told (&other, "1 2 3 4 5 6");
  annot_notifier_stop (other.notifier);
  g_object_unref (other.notifier);
  g_ptr_array_unref (other.events);
  g_ptr_array_unref (other.personal);
}

/* Returns: (transfer full): the seqs of the answer, as told() does */
static char *
replay (Fixture *self, const char *epoch, gint64 seq)
{
  g_auto (AnnotTestCall) call = ANNOT_TEST_CALL_INIT;
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) texts = NULL;
  Fixture answer = {.events = g_ptr_array_new_with_free_func (g_free)};
  char *text;

  annot_notifier_replay (self->notifier, epoch, seq, NULL, annot_test_call_done, &call);
  texts = annot_notifier_replay_finish (self->notifier, annot_test_call_wait (&call), &error);
  g_assert_no_error (error);
  for (guint i = 0; i < texts->len; i++)
    on_event (NULL, g_ptr_array_index (texts, i), &answer);
  text = told (&answer);
  g_ptr_array_unref (answer.events);
  return text;
}

static void
assert_replay (Fixture *self, const char *epoch, gint64 seq, const char *expected)
{
  g_autofree char *text = replay (self, epoch, seq);

  g_assert_cmpstr (text, ==, expected);
}

static void
test_replay (Fixture *self, gconstpointer data)
{
  g_autoptr (GPtrArray) examples = NULL;
  g_autoptr (AnnotPosition) position = NULL;

  if (!self->rooms)
    return;
  examples = annot_test_rooms_put (self->rooms, "a", 5);
  announce (self, examples, 0, 5);
  assert_told (self, "1 2 3 4 5");
  position = annot_test_rooms_position (self->rooms);
  assert_replay (self, position->epoch, 2, "3 4 5");
  assert_replay (self, position->epoch, 5, "");
  assert_replay (self, position->epoch, 6, "resync:5");
  assert_replay (self, position->epoch, -1, "resync:5");
  assert_replay (self, "another", 2, "resync:5");
  /* What is removed is replayed no more, and cannot be passed over in silence. */
  annot_notifier_announce (self->notifier, "example_removed", "a-3");
  assert_told (self, "1 2 3 4 5 example_removed:0");
  assert_replay (self, position->epoch, 2, "3 4 5");
}

/* A fresh instance has nothing in memory. */
static void
test_replay_from_store (Fixture *self, gconstpointer data)
{
  g_autoptr (GPtrArray) examples = NULL;
  g_autoptr (AnnotPosition) position = NULL;
  g_auto (AnnotTestCall) call = ANNOT_TEST_CALL_INIT;
  g_autofree char *many = NULL;

  if (!self->rooms)
    return;
  annot_notifier_stop (self->notifier);
  g_clear_object (&self->notifier);
  examples = annot_test_rooms_put (self->rooms, "a", 1200);
  start (self);
  position = annot_test_rooms_position (self->rooms);
  assert_replay (self, position->epoch, 1197, "1198 1199 1200");
  many = replay (self, position->epoch, 200);
  g_assert_true (g_str_has_prefix (many, "201 202 "));
  g_assert_true (g_str_has_suffix (many, " 1199 1200"));
  assert_replay (self, position->epoch, 199, "resync:1200");
  annot_store_remove (self->rooms->store, "a-1198", NULL, NULL, annot_test_call_done, &call);
  annot_store_remove_finish (self->rooms->store, annot_test_call_wait (&call), NULL);
  assert_replay (self, position->epoch, 1197, "resync:1200");
}

/* What is removed while the store is read for a page that comes back must not be told to it after its removal. */
static void
test_replay_removed (Fixture *self, gconstpointer data)
{
  g_autoptr (GPtrArray) examples = NULL;
  g_autoptr (GPtrArray) texts = NULL;
  g_autoptr (AnnotPosition) position = NULL;
  g_auto (AnnotTestCall) call = ANNOT_TEST_CALL_INIT;
  g_autofree char *only = NULL;

  if (!self->rooms)
    return;
  annot_notifier_stop (self->notifier);
  g_clear_object (&self->notifier);
  examples = annot_test_rooms_put (self->rooms, "a", 3);
  start (self);
  position = annot_test_rooms_position (self->rooms);
  annot_test_rooms_script (self->rooms, "store", "[{\"method\":\"list_examples\",\"answer-delay-ms\":200}]");
  annot_notifier_replay (self->notifier, position->epoch, 1, NULL, annot_test_call_done, &call);
  annot_test_wait_for (50);
  annot_notifier_announce (self->notifier, "example_removed", "a-1");
  texts = annot_notifier_replay_finish (self->notifier, annot_test_call_wait (&call), NULL);
  g_assert_cmpuint (texts->len, ==, 1);
  only = g_strndup (g_bytes_get_data (texts->pdata[0], NULL), g_bytes_get_size (texts->pdata[0]));
  g_assert_nonnull (strstr (only, "resync"));
}

static void
test_hello (Fixture *self, gconstpointer data)
{
  g_autoptr (GPtrArray) examples = NULL;
  g_autoptr (AnnotPosition) position = NULL;
  g_autoptr (GBytes) hello = NULL;
  g_autofree char *expected = NULL;

  if (!self->rooms)
    return;
  examples = annot_test_rooms_put (self->rooms, "a", 2);
  assert_told (self, "1 2");
  position = annot_test_rooms_position (self->rooms);
  hello = annot_notifier_hello (self->notifier);
  expected = g_strdup_printf ("{\"type\":\"hello\",\"epoch\":\"%s\",\"seq\":2,\"pending\":2}", position->epoch);
  g_assert_cmpmem (g_bytes_get_data (hello, NULL), g_bytes_get_size (hello), expected, strlen (expected));
}

/* Let go of while the store is still being asked. */
static void
test_let_go (Fixture *self, gconstpointer data)
{
  g_autoptr (GPtrArray) examples = NULL;

  if (!self->rooms)
    return;
  examples = annot_test_rooms_put (self->rooms, "a", 3);
  announce (self, examples, 2, 1);
  annot_notifier_replay (self->notifier, "x", 0, NULL, NULL, NULL);
  annot_test_wait_for (52);
  annot_notifier_stop (self->notifier);
  g_clear_object (&self->notifier);
  annot_test_wait_for (100);
}

#define ADD(name, function) g_test_add ("/notifier/" name, Fixture, NULL, set_up, function, tear_down)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  ADD ("in-order", test_in_order);
  ADD ("repeated", test_repeated);
  ADD ("overtaken", test_overtaken);
  ADD ("lost-before", test_lost_before);
  ADD ("lost-last", test_lost_last);
  ADD ("many-pages", test_many_pages);
  ADD ("too-many", test_too_many);
  ADD ("removed-in-gap", test_removed_in_gap);
  ADD ("foreign", test_foreign);
  ADD ("events", test_events);
  ADD ("pending", test_pending);
  ADD ("state-away", test_state_away);
  ADD ("events-owed", test_events_owed);
  ADD ("removed-while-held", test_removed_while_held);
  ADD ("removed-while-filling", test_removed_while_filling);
  ADD ("state-hangs", test_state_hangs);
  ADD ("lost-on-the-way", test_lost_on_the_way);
  ADD ("store-away", test_store_away);
  ADD ("subscription-back", test_subscription_back);
  ADD ("two-instances", test_two_instances);
  ADD ("replay", test_replay);
  ADD ("replay-from-store", test_replay_from_store);
  ADD ("replay-removed", test_replay_removed);
  ADD ("hello", test_hello);
  ADD ("let-go", test_let_go);
  return g_test_run ();
}
