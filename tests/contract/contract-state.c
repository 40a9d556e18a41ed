/* SPDX-License-Identifier: Apache-2.0 */
/* What every AnnotState must do. Usage: contract-state [PLUGIN]; its options come from the environment. */
#include "annot-test-backend.h"
#include "annot-test-loop.h"

#include <string.h>

static const char *plugin = "memory";

typedef struct {
  char *directory;
  char *prefix; /* keys of this test: servers keep those of others */
  AnnotState *state;
  GPtrArray *received; /* "channel:text" */
} Fixture;

static char *
name_of (Fixture *fixture, const char *name)
{
  return g_strconcat (fixture->prefix, name, NULL);
}

static void
on_message (AnnotState *state, const char *channel, GBytes *data, gpointer user_data)
{
  Fixture *fixture = user_data;
  gsize size = 0;
  const char *text = g_bytes_get_data (data, &size);

  g_ptr_array_add (fixture->received,
                   g_strdup_printf ("%s:%.*s", channel + strlen (fixture->prefix), (int) size, text ? text : ""));
}

static void
open_state (AnnotState *state)
{
  g_auto (AnnotTestCall) call = ANNOT_TEST_CALL_INIT;
  g_autoptr (GError) error = NULL;

  annot_state_open (state, NULL, annot_test_call_done, &call);
  annot_state_open_finish (state, annot_test_call_wait (&call), &error);
  g_assert_no_error (error);
}

static void
close_state (AnnotState *state)
{
  g_auto (AnnotTestCall) call = ANNOT_TEST_CALL_INIT;
  g_autoptr (GError) error = NULL;

  annot_state_close (state, NULL, annot_test_call_done, &call);
  annot_state_close_finish (state, annot_test_call_wait (&call), &error);
  g_assert_no_error (error);
}

static void
set_up (Fixture *fixture, gconstpointer data)
{
  g_autofree char *unique = g_uuid_string_random ();

  fixture->directory = annot_test_make_directory ();
  fixture->prefix = g_strconcat ("test-", unique, ":", NULL);
  fixture->received = g_ptr_array_new_with_free_func (g_free);
  fixture->state = annot_test_backend_new (ANNOT_PLUGIN_STATE, plugin, fixture->directory, NULL);
  open_state (fixture->state);
}

static void
tear_down (Fixture *fixture, gconstpointer data)
{
  close_state (fixture->state);
  g_assert_finalize_object (fixture->state);
  annot_test_remove_tree (fixture->directory);
  g_ptr_array_unref (fixture->received);
  g_free (fixture->directory);
  g_free (fixture->prefix);
}

/* The calls, answered. */

static void
publish (Fixture *fixture, const char *channel, const char *text)
{
  g_auto (AnnotTestCall) call = ANNOT_TEST_CALL_INIT;
  g_autofree char *name = name_of (fixture, channel);
  g_autoptr (GBytes) bytes = g_bytes_new (text, strlen (text));
  g_autoptr (GError) error = NULL;

  annot_state_publish (fixture->state, name, bytes, NULL, annot_test_call_done, &call);
  annot_state_publish_finish (fixture->state, annot_test_call_wait (&call), &error);
  g_assert_no_error (error);
}

static void
subscribe (Fixture *fixture, const char *channel)
{
  g_auto (AnnotTestCall) call = ANNOT_TEST_CALL_INIT;
  g_autofree char *name = name_of (fixture, channel);
  g_autofree char *signal = g_strconcat ("message::", name, NULL);
  g_autoptr (GError) error = NULL;

  g_signal_connect (fixture->state, signal, G_CALLBACK (on_message), fixture);
  annot_state_subscribe (fixture->state, name, NULL, annot_test_call_done, &call);
  annot_state_subscribe_finish (fixture->state, annot_test_call_wait (&call), &error);
  g_assert_no_error (error);
}

static void
announce (Fixture *fixture, const char *id, gint64 started_at, guint connections, guint deadline)
{
  g_auto (AnnotTestCall) call = ANNOT_TEST_CALL_INIT;
  g_autofree char *name = name_of (fixture, id);
  g_autoptr (AnnotInstance) instance = annot_instance_new (name);
  g_autoptr (GError) error = NULL;

  instance->host = g_strdup ("host");
  instance->version = g_strdup ("1.2");
  instance->started_at = started_at;
  instance->connections = connections;
  instance->partitions = 3;
  annot_state_announce (fixture->state, instance, deadline, NULL, annot_test_call_done, &call);
  annot_state_announce_finish (fixture->state, annot_test_call_wait (&call), &error);
  g_assert_no_error (error);
}

static void
withdraw (Fixture *fixture, const char *id)
{
  g_auto (AnnotTestCall) call = ANNOT_TEST_CALL_INIT;
  g_autofree char *name = name_of (fixture, id);
  g_autoptr (GError) error = NULL;

  annot_state_withdraw (fixture->state, name, NULL, annot_test_call_done, &call);
  annot_state_withdraw_finish (fixture->state, annot_test_call_wait (&call), &error);
  g_assert_no_error (error);
}

/* Returns: (transfer full): "a=1 b=2": this test's living instances and their connections */
static char *
list_instances (Fixture *fixture)
{
  g_auto (AnnotTestCall) call = ANNOT_TEST_CALL_INIT;
  g_autoptr (GPtrArray) list = NULL;
  g_autoptr (GError) error = NULL;
  g_autoptr (GString) text = g_string_new (NULL);

  annot_state_list_instances (fixture->state, NULL, annot_test_call_done, &call);
  list = annot_state_list_instances_finish (fixture->state, annot_test_call_wait (&call), &error);
  g_assert_no_error (error);
  for (guint i = 0; i < list->len; i++) {
    const AnnotInstance *instance = g_ptr_array_index (list, i);

    if (!g_str_has_prefix (instance->id, fixture->prefix))
      continue;
    g_assert_cmpstr (instance->host, ==, "host");
    g_assert_cmpstr (instance->version, ==, "1.2");
    g_assert_cmpuint (instance->partitions, ==, 3);
    g_string_append_printf (text, "%s%s=%u", text->len > 0 ? " " : "", instance->id + strlen (fixture->prefix),
                            instance->connections);
  }
  return g_strdup (text->str);
}

static void
add_retry (Fixture *fixture, const char *id, gint64 due_at)
{
  g_auto (AnnotTestCall) call = ANNOT_TEST_CALL_INIT;
  g_autofree char *name = name_of (fixture, id);
  g_autoptr (GError) error = NULL;

  annot_state_add_retry (fixture->state, name, due_at, NULL, annot_test_call_done, &call);
  annot_state_add_retry_finish (fixture->state, annot_test_call_wait (&call), &error);
  g_assert_no_error (error);
}

static void
confirm_retry (Fixture *fixture, const char *id)
{
  g_auto (AnnotTestCall) call = ANNOT_TEST_CALL_INIT;
  g_autofree char *name = name_of (fixture, id);
  g_autoptr (GError) error = NULL;

  annot_state_confirm_retry (fixture->state, name, NULL, annot_test_call_done, &call);
  annot_state_confirm_retry_finish (fixture->state, annot_test_call_wait (&call), &error);
  g_assert_no_error (error);
}

/* Returns: (transfer full): the ids of this test that were due, in the order they came */
static char *
take_retries (Fixture *fixture, guint limit, guint visibility)
{
  g_auto (AnnotTestCall) call = ANNOT_TEST_CALL_INIT;
  g_autoptr (GPtrArray) list = NULL;
  g_autoptr (GError) error = NULL;
  g_autoptr (GString) text = g_string_new (NULL);

  annot_state_take_retries (fixture->state, limit, visibility, NULL, annot_test_call_done, &call);
  list = annot_state_take_retries_finish (fixture->state, annot_test_call_wait (&call), &error);
  g_assert_no_error (error);
  g_assert_cmpuint (list->len, <=, limit);
  for (guint i = 0; i < list->len; i++) {
    const AnnotRetry *retry = g_ptr_array_index (list, i);

    if (g_str_has_prefix (retry->id, fixture->prefix))
      g_string_append_printf (text, "%s%s", text->len > 0 ? " " : "", retry->id + strlen (fixture->prefix));
  }
  return g_strdup (text->str);
}

static AnnotRateVerdict
take_rate (Fixture *fixture, const char *key, AnnotRate rate, guint count)
{
  g_auto (AnnotTestCall) call = ANNOT_TEST_CALL_INIT;
  g_autofree char *name = name_of (fixture, key);
  g_autofree AnnotRateVerdict *verdict = NULL;
  g_autoptr (GError) error = NULL;

  annot_state_take_rate (fixture->state, name, rate, count, NULL, annot_test_call_done, &call);
  verdict = annot_state_take_rate_finish (fixture->state, annot_test_call_wait (&call), &error);
  g_assert_no_error (error);
  return *verdict;
}

#define ASSERT_TEXT(expression, expected)                                                                              \
  G_STMT_START                                                                                                         \
  {                                                                                                                    \
    g_autofree char *got_ = (expression);                                                                              \
    g_assert_cmpstr (got_, ==, expected);                                                                              \
  }                                                                                                                    \
  G_STMT_END

typedef struct {
  Fixture *fixture;
  guint count;
} Expected;

static gboolean
has_received (gpointer user_data)
{
  Expected *expected = user_data;

  return expected->fixture->received->len >= expected->count;
}

static void
wait_for_messages (Fixture *fixture, guint count)
{
  Expected expected = { fixture, count };

  g_assert_true (annot_test_wait_until (has_received, &expected, ANNOT_TEST_PATIENCE));
}

static void
keep_bytes (AnnotState *state, const char *channel, GBytes *data, gpointer user_data)
{
  GBytes **kept = user_data;

  g_clear_pointer (kept, g_bytes_unref);
  *kept = g_bytes_ref (data);
}

static void
test_publish_in_order (Fixture *fixture, gconstpointer data)
{
  subscribe (fixture, "a");
  subscribe (fixture, "b");
  for (guint i = 0; i < 200; i++) {
    g_autofree char *text = g_strdup_printf ("%u", i);

    publish (fixture, i % 2 ? "b" : "a", text);
  }
  wait_for_messages (fixture, 200);
  annot_test_wait_for (50);
  g_assert_cmpuint (fixture->received->len, ==, 200);
  for (guint i = 0; i < 200; i++) {
    g_autofree char *expected = g_strdup_printf ("%s:%u", i % 2 ? "b" : "a", i);

    g_assert_cmpstr (g_ptr_array_index (fixture->received, i), ==, expected);
  }
}

static void
test_publish_unheard (Fixture *fixture, gconstpointer data)
{
  publish (fixture, "nobody", "x");
  subscribe (fixture, "a");
  publish (fixture, "other", "y");
  publish (fixture, "a", "");
  publish (fixture, "a", "z");
  wait_for_messages (fixture, 2);
  g_assert_cmpstr (g_ptr_array_index (fixture->received, 0), ==, "a:");
  g_assert_cmpstr (g_ptr_array_index (fixture->received, 1), ==, "a:z");
}

/* Any bytes at all, and a channel's own only. */
static void
test_publish_bytes (Fixture *fixture, gconstpointer data)
{
  static const char bytes[] = "a\0\r\n$5\r\n\xff";
  g_auto (AnnotTestCall) call = ANNOT_TEST_CALL_INIT;
  g_autofree char *name = name_of (fixture, "a");
  g_autofree char *signal = g_strconcat ("message::", name, NULL);
  g_autoptr (GBytes) sent = g_bytes_new_static (bytes, sizeof bytes);
  g_autoptr (GBytes) received = NULL;

  subscribe (fixture, "a");
  g_signal_connect (fixture->state, signal, G_CALLBACK (keep_bytes), &received);
  annot_state_publish (fixture->state, name, sent, NULL, annot_test_call_done, &call);
  g_assert_true (annot_state_publish_finish (fixture->state, annot_test_call_wait (&call), NULL));
  wait_for_messages (fixture, 1);
  g_assert_nonnull (received);
  g_assert_true (g_bytes_equal (received, sent));
}

/* A subscriber must never run inside the publisher's call. */
static void
test_publish_is_asynchronous (Fixture *fixture, gconstpointer data)
{
  g_auto (AnnotTestCall) call = ANNOT_TEST_CALL_INIT;
  g_autofree char *name = name_of (fixture, "a");
  g_autoptr (GBytes) bytes = g_bytes_new_static ("x", 1);

  subscribe (fixture, "a");
  annot_state_publish (fixture->state, name, bytes, NULL, annot_test_call_done, &call);
  g_assert_cmpuint (fixture->received->len, ==, 0);
  annot_test_call_wait (&call);
  wait_for_messages (fixture, 1);
}

static void
test_subscribe_twice (Fixture *fixture, gconstpointer data)
{
  g_auto (AnnotTestCall) call = ANNOT_TEST_CALL_INIT;
  g_autofree char *name = name_of (fixture, "a");

  subscribe (fixture, "a");
  annot_state_subscribe (fixture->state, name, NULL, annot_test_call_done, &call);
  g_assert_true (annot_state_subscribe_finish (fixture->state, annot_test_call_wait (&call), NULL));
  publish (fixture, "a", "once");
  wait_for_messages (fixture, 1);
  annot_test_wait_for (50);
  g_assert_cmpuint (fixture->received->len, ==, 1);
}

static void
test_presence (Fixture *fixture, gconstpointer data)
{
  ASSERT_TEXT (list_instances (fixture), "");
  announce (fixture, "late", 2000000, 5, 30);
  announce (fixture, "early", 1000000, 1, 30);
  announce (fixture, "early2", 1000000, 2, 30);
  ASSERT_TEXT (list_instances (fixture), "early=1 early2=2 late=5");
  announce (fixture, "early", 1000000, 9, 30);
  ASSERT_TEXT (list_instances (fixture), "early=9 early2=2 late=5");
  withdraw (fixture, "early2");
  withdraw (fixture, "unknown");
  ASSERT_TEXT (list_instances (fixture), "early=9 late=5");
  withdraw (fixture, "early");
  withdraw (fixture, "late");
  ASSERT_TEXT (list_instances (fixture), "");
}

static void
test_presence_deadline (Fixture *fixture, gconstpointer data)
{
  announce (fixture, "dead", 1, 7, 3);
  announce (fixture, "alive", 2, 1, 3);
  ASSERT_TEXT (list_instances (fixture), "dead=7 alive=1");
  annot_test_wait_for (1000);
  announce (fixture, "alive", 2, 1, 30);
  annot_test_wait_for (2200);
  ASSERT_TEXT (list_instances (fixture), "alive=1");
  withdraw (fixture, "alive");
}

static void
test_retry_order (Fixture *fixture, gconstpointer data)
{
  gint64 now = g_get_real_time ();

  add_retry (fixture, "second", now - 1000000);
  add_retry (fixture, "first", now - 2000000);
  add_retry (fixture, "future", now + 3600 * (gint64) G_USEC_PER_SEC);
  add_retry (fixture, "third", now - 500000);
  ASSERT_TEXT (take_retries (fixture, 2, 60), "first second");
  ASSERT_TEXT (take_retries (fixture, 10, 60), "third");
  ASSERT_TEXT (take_retries (fixture, 10, 60), "");
  add_retry (fixture, "future", now - 1);
  add_retry (fixture, "first", now - 1);
  confirm_retry (fixture, "first");
  ASSERT_TEXT (take_retries (fixture, 10, 60), "future");
  confirm_retry (fixture, "future");
  confirm_retry (fixture, "unknown");
  confirm_retry (fixture, "second");
  confirm_retry (fixture, "third");
}

static void
test_retry_due (Fixture *fixture, gconstpointer data)
{
  add_retry (fixture, "soon", g_get_real_time () + 2 * G_USEC_PER_SEC);
  ASSERT_TEXT (take_retries (fixture, 10, 60), "");
  annot_test_wait_for (2200);
  ASSERT_TEXT (take_retries (fixture, 10, 60), "soon");
  confirm_retry (fixture, "soon");
}

/* The time that it was scheduled for comes back, as exactly as clocks of two hosts allow. */
static void
test_retry_time (Fixture *fixture, gconstpointer data)
{
  g_auto (AnnotTestCall) call = ANNOT_TEST_CALL_INIT;
  g_autofree char *name = name_of (fixture, "timed");
  g_autoptr (GPtrArray) list = NULL;
  gint64 due_at = g_get_real_time () - 90 * (gint64) G_USEC_PER_SEC;
  gint64 error = G_MAXINT64;

  add_retry (fixture, "timed", due_at);
  annot_state_take_retries (fixture->state, 1000, 60, NULL, annot_test_call_done, &call);
  list = annot_state_take_retries_finish (fixture->state, annot_test_call_wait (&call), NULL);
  g_assert_nonnull (list);
  for (guint i = 0; i < list->len; i++) {
    const AnnotRetry *retry = g_ptr_array_index (list, i);

    if (g_str_equal (retry->id, name))
      error = ABS (retry->due_at - due_at);
  }
  g_assert_cmpint (error, <, 5 * G_USEC_PER_SEC);
  confirm_retry (fixture, "timed");
}

static void
test_retry_visibility (Fixture *fixture, gconstpointer data)
{
  add_retry (fixture, "lost", g_get_real_time () - 1);
  add_retry (fixture, "done", g_get_real_time () - 1);
  ASSERT_TEXT (take_retries (fixture, 10, 3), "lost done");
  confirm_retry (fixture, "done");
  ASSERT_TEXT (take_retries (fixture, 10, 3), "");
  annot_test_wait_for (3200);
  ASSERT_TEXT (take_retries (fixture, 10, 60), "lost");
  confirm_retry (fixture, "lost");
  annot_test_wait_for (50);
  ASSERT_TEXT (take_retries (fixture, 10, 60), "");
}

static void
test_rate (Fixture *fixture, gconstpointer data)
{
  AnnotRate rate = { .count = 5, .period = 5 * 60 * (gint64) G_USEC_PER_SEC };
  AnnotRateVerdict verdict;

  for (guint i = 0; i < 5; i++) {
    verdict = take_rate (fixture, "k", rate, 1);
    g_assert_true (verdict.allowed);
    g_assert_cmpuint (verdict.remaining, ==, 4 - i);
    g_assert_cmpint (verdict.retry_after, ==, 0);
  }
  verdict = take_rate (fixture, "k", rate, 1);
  g_assert_false (verdict.allowed);
  g_assert_cmpuint (verdict.remaining, ==, 0);
  g_assert_cmpint (verdict.retry_after, >, 50 * G_USEC_PER_SEC);
  g_assert_cmpint (verdict.retry_after, <=, 60 * G_USEC_PER_SEC);
  g_assert_cmpint (verdict.reset_after, >, 290 * (gint64) G_USEC_PER_SEC);
  g_assert_cmpint (verdict.reset_after, <=, 300 * (gint64) G_USEC_PER_SEC);
  g_assert_true (take_rate (fixture, "other", rate, 1).allowed);
}

static void
test_rate_all_or_none (Fixture *fixture, gconstpointer data)
{
  AnnotRate rate = { .count = 5, .period = 5 * 60 * (gint64) G_USEC_PER_SEC };

  g_assert_false (take_rate (fixture, "k", rate, 6).allowed);
  g_assert_true (take_rate (fixture, "k", rate, 3).allowed);
  g_assert_false (take_rate (fixture, "k", rate, 3).allowed);
  g_assert_cmpuint (take_rate (fixture, "k", rate, 2).remaining, ==, 0);
  g_assert_false (take_rate (fixture, "k", rate, 1).allowed);
}

static void
test_rate_nothing (Fixture *fixture, gconstpointer data)
{
  AnnotRate none = { .count = 0, .period = G_USEC_PER_SEC };
  AnnotRate rate = { .count = 3, .period = 60 * (gint64) G_USEC_PER_SEC };
  AnnotRateVerdict verdict = take_rate (fixture, "none", none, 1);

  g_assert_false (verdict.allowed);
  g_assert_cmpint (verdict.retry_after, >, 0);
  /* To take nothing is to ask how things stand. */
  verdict = take_rate (fixture, "k", rate, 0);
  g_assert_true (verdict.allowed);
  g_assert_cmpuint (verdict.remaining, ==, 3);
  g_assert_cmpint (verdict.reset_after, ==, 0);
  g_assert_cmpuint (take_rate (fixture, "k", rate, 1).remaining, ==, 2);
}

static void
test_rate_refills (Fixture *fixture, gconstpointer data)
{
  AnnotRate rate = { .count = 2, .period = 4 * G_USEC_PER_SEC };
  AnnotRateVerdict verdict;

  g_assert_true (take_rate (fixture, "k", rate, 2).allowed);
  verdict = take_rate (fixture, "k", rate, 1);
  g_assert_false (verdict.allowed);
  annot_test_wait_for ((guint) (verdict.retry_after / 1000) + 20);
  g_assert_true (take_rate (fixture, "k", rate, 1).allowed);
  g_assert_false (take_rate (fixture, "k", rate, 1).allowed);
}

static void
test_revoke (Fixture *fixture, gconstpointer data)
{
  const gint64 ends[] = { 3600 * (gint64) G_USEC_PER_SEC, -1 };

  for (guint i = 0; i < G_N_ELEMENTS (ends); i++) {
    g_auto (AnnotTestCall) call = ANNOT_TEST_CALL_INIT;
    g_autofree char *name = name_of (fixture, "jti");
    g_autoptr (GError) error = NULL;

    annot_state_revoke (fixture->state, name, g_get_real_time () + ends[i], NULL, annot_test_call_done, &call);
    g_assert_true (annot_state_revoke_finish (fixture->state, annot_test_call_wait (&call), &error));
    g_assert_no_error (error);
  }
}

static void
test_health (Fixture *fixture, gconstpointer data)
{
  g_auto (AnnotTestCall) call = ANNOT_TEST_CALL_INIT;
  g_autoptr (AnnotHealth) health = NULL;
  g_autoptr (GError) error = NULL;

  annot_state_health (fixture->state, NULL, annot_test_call_done, &call);
  health = annot_state_health_finish (fixture->state, annot_test_call_wait (&call), &error);
  g_assert_no_error (error);
  g_assert_true (health->healthy);
  g_assert_nonnull (health->details);
}

static void
test_reopen (Fixture *fixture, gconstpointer data)
{
  close_state (fixture->state);
  close_state (fixture->state);
  open_state (fixture->state);
  subscribe (fixture, "a");
  publish (fixture, "a", "again");
  wait_for_messages (fixture, 1);
}

static void
test_close_with_messages_waiting (Fixture *fixture, gconstpointer data)
{
  g_autofree char *name = name_of (fixture, "a");
  g_autoptr (GBytes) bytes = g_bytes_new_static ("x", 1);

  subscribe (fixture, "a");
  for (guint i = 0; i < 50; i++)
    annot_state_publish (fixture->state, name, bytes, NULL, NULL, NULL);
  close_state (fixture->state);
  g_ptr_array_set_size (fixture->received, 0);
  annot_test_wait_for (50);
  g_assert_cmpuint (fixture->received->len, ==, 0);
  open_state (fixture->state);
}

#define ADD(path, function) g_test_add (path, Fixture, NULL, set_up, function, tear_down)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  if (argc > 1)
    plugin = argv[1];
  if (!annot_test_backend_is_built (ANNOT_PLUGIN_STATE, plugin)) {
    g_print ("1..0 # SKIP the plugin %s was not built\n", plugin);
    return 0;
  }
  ADD ("/state/publish/in-order", test_publish_in_order);
  ADD ("/state/publish/unheard", test_publish_unheard);
  ADD ("/state/publish/bytes", test_publish_bytes);
  ADD ("/state/publish/asynchronous", test_publish_is_asynchronous);
  ADD ("/state/subscribe/twice", test_subscribe_twice);
  ADD ("/state/presence/numbers", test_presence);
  ADD ("/state/presence/deadline", test_presence_deadline);
  ADD ("/state/retry/order", test_retry_order);
  ADD ("/state/retry/due", test_retry_due);
  ADD ("/state/retry/time", test_retry_time);
  ADD ("/state/retry/visibility", test_retry_visibility);
  ADD ("/state/rate/burst", test_rate);
  ADD ("/state/rate/all-or-none", test_rate_all_or_none);
  ADD ("/state/rate/nothing", test_rate_nothing);
  ADD ("/state/rate/refills", test_rate_refills);
  ADD ("/state/revoke", test_revoke);
  ADD ("/state/health", test_health);
  ADD ("/state/reopen", test_reopen);
  ADD ("/state/close-with-messages-waiting", test_close_with_messages_waiting);
  return g_test_run ();
}
