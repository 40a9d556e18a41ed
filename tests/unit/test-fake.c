/* SPDX-License-Identifier: Apache-2.0 */
/* The fakes do what their script says: fail, lose an answer, wait, hang, drop, and tell of events. */
#include "annot-test-backend.h"
#include "annot-test-consumer.h"
#include "annot-test-loop.h"

#include <string.h>

typedef struct {
  char *directory;
  char *script;
  char *options[2];
} Fixture;

static void
set_up (Fixture *fixture, gconstpointer group)
{
  fixture->directory = annot_test_make_directory ();
  fixture->script = g_build_filename (fixture->directory, "script.json", NULL);
  fixture->options[0] = g_strdup_printf ("%s.script=%s", (const char *) group, fixture->script);
}

static void
tear_down (Fixture *fixture, gconstpointer group)
{
  annot_test_remove_tree (fixture->directory);
  g_free (fixture->directory);
  g_free (fixture->script);
  g_free (fixture->options[0]);
}

static void
write_script (Fixture *fixture, const char *text)
{
  g_autoptr (GError) error = NULL;

  g_file_set_contents (fixture->script, text, -1, &error);
  g_assert_no_error (error);
}

static void
test_fail_and_answer_lost (Fixture *fixture, gconstpointer data)
{
  g_autoptr (AnnotTestConsumer) consumer
      = annot_test_consumer_new ("fakebroker", fixture->directory, (const char *const *) fixture->options);
  g_autoptr (GError) error = NULL;

  write_script (fixture,
                "[{\"method\":\"produce\",\"skip\":1,\"times\":1,\"error\":\"no-space\",\"message\":\"full\"}]");
  g_assert_true (annot_test_produce (consumer->broker, "t", "a", "{\"n\":1}", NULL));
  g_assert_false (annot_test_produce (consumer->broker, "t", "b", "{\"n\":2}", &error));
  g_assert_error (error, ANNOT_ERROR, ANNOT_ERROR_NO_SPACE);
  g_assert_cmpstr (error->message, ==, "full");
  g_clear_error (&error);
  g_assert_true (annot_test_produce (consumer->broker, "t", "c", "{\"n\":3}", NULL));
  write_script (fixture, "[{\"method\":\"*\",\"times\":1,\"error\":\"timeout\",\"answer-lost\":true}]");
  g_assert_false (annot_test_produce (consumer->broker, "t", "d", "{\"n\":4}", &error));
  g_assert_error (error, ANNOT_ERROR, ANNOT_ERROR_TIMEOUT);
  write_script (fixture, "[{\"method\":\"deliver\",\"times\":1}]");
  annot_test_consumer_consume (consumer, "t");
  g_assert_true (annot_test_consumer_wait (consumer, 2));
  for (guint i = 0; i < 2; i++) {
    g_autofree char *text = annot_test_consumer_text (consumer, i);

    g_assert_cmpstr (text, ==, i == 0 ? "{\"n\":3}" : "{\"n\":4}");
  }
}

static void
test_revoke_and_assign (Fixture *fixture, gconstpointer data)
{
  g_autoptr (AnnotTestConsumer) consumer
      = annot_test_consumer_new ("fakebroker", fixture->directory, (const char *const *) fixture->options);
  g_autofree char *again = NULL;

  g_assert_true (annot_test_produce (consumer->broker, "t", NULL, "{\"n\":1}", NULL));
  g_assert_true (annot_test_produce (consumer->broker, "t", NULL, "{\"n\":2}", NULL));
  annot_test_consumer_consume (consumer, "t");
  g_assert_true (annot_test_consumer_wait (consumer, 2));
  annot_test_consumer_store (consumer, 0);
  write_script (fixture, "[{\"event\":\"revoke\"},{\"event\":\"failed\"}]");
  g_assert_true (annot_test_consumer_wait_assigned (consumer, 0));
  g_assert_true (annot_test_produce (consumer->broker, "t", NULL, "{\"n\":3}", NULL));
  annot_test_wait_for (100);
  g_assert_cmpuint (consumer->failures, ==, 1);
  write_script (fixture, "[{\"event\":\"assign\"}]");
  g_assert_true (annot_test_consumer_wait_assigned (consumer, 1));
  g_assert_true (annot_test_consumer_wait (consumer, 4));
  again = annot_test_consumer_text (consumer, 2);
  g_assert_cmpstr (again, ==, "{\"n\":2}");
}

static void
test_delay_hang_health (Fixture *fixture, gconstpointer data)
{
  g_autoptr (AnnotState) state = annot_test_backend_new (ANNOT_PLUGIN_STATE, "fakestate", fixture->directory,
                                                         (const char *const *) fixture->options);
  g_auto (AnnotTestCall) opened = ANNOT_TEST_CALL_INIT;
  g_auto (AnnotTestCall) delayed = ANNOT_TEST_CALL_INIT;
  g_auto (AnnotTestCall) hanging = ANNOT_TEST_CALL_INIT;
  g_auto (AnnotTestCall) health = ANNOT_TEST_CALL_INIT;
  g_auto (AnnotTestCall) closed = ANNOT_TEST_CALL_INIT;
  g_autoptr (AnnotHealth) answer = NULL;
  g_autoptr (GError) error = NULL;
  gint64 start = 0;

  write_script (fixture, "[{\"method\":\"withdraw\",\"delay-ms\":300},{\"method\":\"confirm_retry\",\"hang\":true},"
                         "{\"method\":\"health\",\"unhealthy\":true}]");
  annot_state_open (state, NULL, annot_test_call_done, &opened);
  g_assert_true (annot_state_open_finish (state, annot_test_call_wait (&opened), NULL));
  annot_state_confirm_retry (state, "x", NULL, annot_test_call_done, &hanging);
  start = g_get_monotonic_time ();
  annot_state_withdraw (state, "x", NULL, annot_test_call_done, &delayed);
  g_assert_true (annot_state_withdraw_finish (state, annot_test_call_wait (&delayed), NULL));
  g_assert_cmpint (g_get_monotonic_time () - start, >=, 290000);
  annot_state_health (state, NULL, annot_test_call_done, &health);
  answer = annot_state_health_finish (state, annot_test_call_wait (&health), NULL);
  g_assert_false (answer->healthy);
  g_assert_cmpuint (hanging.answers, ==, 0);
  annot_state_close (state, NULL, annot_test_call_done, &closed);
  g_assert_true (annot_state_close_finish (state, annot_test_call_wait (&closed), NULL));
  g_assert_false (annot_state_confirm_retry_finish (state, annot_test_call_wait (&hanging), &error));
  g_assert_error (error, ANNOT_ERROR, ANNOT_ERROR_NOT_CONNECTED);
}

static void
count_gap (AnnotState *state, gpointer user_data)
{
  (*(guint *) user_data)++;
}

static gboolean
is_set (gpointer user_data)
{
  return *(guint *) user_data > 0;
}

static void
test_gap (Fixture *fixture, gconstpointer data)
{
  g_autoptr (AnnotState) state = annot_test_backend_new (ANNOT_PLUGIN_STATE, "fakestate", fixture->directory,
                                                         (const char *const *) fixture->options);
  guint gaps = 0;

  g_signal_connect (state, "gap", G_CALLBACK (count_gap), &gaps);
  write_script (fixture, "[{\"event\":\"gap\"}]");
  g_assert_true (annot_test_wait_until (is_set, &gaps, ANNOT_TEST_PATIENCE));
  annot_test_wait_for (150);
  g_assert_cmpuint (gaps, ==, 1);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  if (!annot_test_backend_is_built (ANNOT_PLUGIN_BROKER, "local")
      || !annot_test_backend_is_built (ANNOT_PLUGIN_STATE, "memory")) {
    g_print ("1..0 # SKIP the plugins local and memory, which stand behind the fakes, were not built\n");
    return 0;
  }
  g_test_add ("/fake/broker/fail-and-answer-lost", Fixture, "fakebroker", set_up, test_fail_and_answer_lost, tear_down);
  g_test_add ("/fake/broker/revoke-and-assign", Fixture, "fakebroker", set_up, test_revoke_and_assign, tear_down);
  g_test_add ("/fake/state/delay-hang-health", Fixture, "fakestate", set_up, test_delay_hang_health, tear_down);
  g_test_add ("/fake/state/gap", Fixture, "fakestate", set_up, test_gap, tear_down);
  return g_test_run ();
}
