/* SPDX-License-Identifier: Apache-2.0 */
/* All rooms together: from the broker to a person and back, and an end within its bounds. */
#include "pipeline/annot-pipeline.h"

#include "annot-test-rooms.h"

#include <string.h>

static gboolean
start (AnnotPipeline *pipeline, GCancellable *cancellable, GError **error)
{
  g_auto (AnnotTestCall) call = ANNOT_TEST_CALL_INIT;

  annot_pipeline_start (pipeline, cancellable, annot_test_call_done, &call);
  return annot_pipeline_start_finish (pipeline, annot_test_call_wait (&call), error);
}

static gboolean
drain (AnnotPipeline *pipeline, GError **error)
{
  g_auto (AnnotTestCall) call = ANNOT_TEST_CALL_INIT;

  annot_pipeline_drain (pipeline, NULL, annot_test_call_done, &call);
  return annot_pipeline_drain_finish (pipeline, annot_test_call_wait (&call), error);
}

static AnnotPipeline *
pipeline_new (AnnotTestRooms *rooms)
{
  return annot_pipeline_new (rooms->config, rooms->store, rooms->state, rooms->broker);
}

/* Nothing is left that holds it. */
static void
let_go (AnnotPipeline *pipeline)
{
  annot_test_wait_for (50);
  g_assert_finalize_object (pipeline);
}

static gboolean
has_pending (gpointer user_data)
{
  return annot_notifier_get_pending (annot_pipeline_get_notifier (user_data)) == 1;
}

static gboolean
is_ready (gpointer user_data)
{
  return annot_health_monitor_is_ready (annot_pipeline_get_health (user_data));
}

static void
test_through (void)
{
  g_autoptr (AnnotTestRooms) rooms = annot_test_rooms_new (NULL, FALSE);
  g_autofree char *document = annot_test_rooms_document ("one");
  g_auto (AnnotTestCall) claim = ANNOT_TEST_CALL_INIT;
  g_auto (AnnotTestCall) submit = ANNOT_TEST_CALL_INIT;
  g_autoptr (GPtrArray) leases = NULL;
  g_autoptr (AnnotCorrection) correction = NULL;
  g_autoptr (AnnotSubmitResult) result = NULL;
  g_autoptr (GError) error = NULL;
  g_autofree char *labeled = NULL;
  const AnnotLimits limits = ANNOT_LIMITS_DEFAULT;
  static const char body[] = "{\"bbox\":[1,2,3,4],\"label\":\"cat\"}";
  AnnotPipeline *pipeline;
  AnnotDesk *desk;

  if (!rooms)
    return;
  pipeline = pipeline_new (rooms);
  g_assert_false (annot_health_monitor_is_ready (annot_pipeline_get_health (pipeline)));
  g_assert_true (start (pipeline, NULL, &error));
  g_assert_false (annot_health_monitor_is_ready (annot_pipeline_get_health (pipeline)));
  annot_health_monitor_set_started (annot_pipeline_get_health (pipeline));
  g_assert_true (annot_test_wait_until (is_ready, pipeline, ANNOT_TEST_PATIENCE));
  annot_test_rooms_feed (rooms, "hard-examples", document);
  g_assert_true (annot_test_wait_until (has_pending, pipeline, ANNOT_TEST_PATIENCE));
  desk = annot_pipeline_get_desk (pipeline);
  annot_desk_claim (desk, "ann", 1, NULL, annot_test_call_done, &claim);
  leases = annot_desk_claim_finish (desk, annot_test_call_wait (&claim), &error);
  g_assert_cmpuint (leases->len, ==, 1);
  correction = annot_correction_parse (body, strlen (body), &limits, &error);
  g_assert_no_error (error);
  annot_desk_submit (desk, "one", "ann", correction, NULL, annot_test_call_done, &submit);
  result = annot_desk_submit_finish (desk, annot_test_call_wait (&submit), &error);
  g_assert_no_error (error);
  /* The end publishes what has just been said. */
  g_assert_true (drain (pipeline, &error));
  g_assert_no_error (error);
  g_assert_false (annot_health_monitor_is_ready (annot_pipeline_get_health (pipeline)));
  labeled = annot_test_rooms_read_topic (rooms, "labeled-examples");
  g_assert_nonnull (strstr (labeled, "\"event_id\":\"one\""));
  g_assert_nonnull (strstr (labeled, "\"cat\""));
  let_go (pipeline);
}

static void
count_resync (AnnotNotifier *notifier, GBytes *text, gpointer count)
{
  if (g_strstr_len (g_bytes_get_data (text, NULL), 16, "resync"))
    ++*(guint *) count;
}

static gboolean
is_counted (gpointer count)
{
  return *(guint *) count > 0;
}

static gboolean
sees_both (gpointer presence)
{
  return annot_presence_get_instances (presence)->len == 2;
}

/* Another instance dies: what it has committed and not told of is told by nobody else. */
static void
test_instance_gone (void)
{
  g_autoptr (AnnotTestRooms) rooms = annot_test_rooms_new (NULL, FALSE);
  g_autoptr (AnnotInstance) other = annot_instance_new ("other");
  g_autoptr (GError) error = NULL;
  AnnotPipeline *pipeline;
  guint resyncs = 0;

  if (!rooms)
    return;
  pipeline = pipeline_new (rooms);
  g_signal_connect (annot_pipeline_get_notifier (pipeline), "event", G_CALLBACK (count_resync), &resyncs);
  g_assert_true (start (pipeline, NULL, &error));
  annot_state_announce (rooms->state, other, 6, NULL, NULL, NULL);
  g_assert_true (annot_test_wait_until (sees_both, annot_pipeline_get_presence (pipeline), ANNOT_TEST_PATIENCE));
  g_assert_cmpuint (resyncs, ==, 0);
  g_assert_true (annot_test_wait_until (is_counted, &resyncs, ANNOT_TEST_PATIENCE));
  g_assert_cmpuint (resyncs, ==, 1);
  g_assert_true (drain (pipeline, &error));
  let_go (pipeline);
}

static void
test_waits_for_backend (void)
{
  g_autoptr (AnnotTestRooms) rooms = annot_test_rooms_new_faked (NULL, FALSE);
  g_autoptr (GError) error = NULL;
  AnnotPipeline *pipeline;

  if (!rooms)
    return;
  annot_test_rooms_script (rooms, "state", "[{\"method\":\"open\",\"times\":2,\"error\":\"not-connected\"}]");
  g_test_expect_message (G_LOG_DOMAIN, G_LOG_LEVEL_MESSAGE, "waiting for the state: *");
  pipeline = pipeline_new (rooms);
  g_test_expect_message (G_LOG_DOMAIN, G_LOG_LEVEL_MESSAGE, "intake: 1 partition assigned");
  start (pipeline, NULL, &error);
  g_assert_no_error (error);
  annot_test_wait_for (50);
  g_test_assert_expected_messages ();
  g_assert_true (drain (pipeline, &error));
  let_go (pipeline);
}

static void
fails_at_once (const char *backend, const char *code_name, int code)
{
  g_autoptr (AnnotTestRooms) rooms = annot_test_rooms_new_faked (NULL, FALSE);
  g_autofree char *rules = g_strdup_printf ("[{\"method\":\"open\",\"error\":\"%s\"}]", code_name);
  g_autoptr (GError) error = NULL;
  gint64 began = g_get_monotonic_time ();
  AnnotPipeline *pipeline;

  if (!rooms)
    return;
  annot_test_rooms_script (rooms, backend, rules);
  pipeline = pipeline_new (rooms);
  g_assert_false (start (pipeline, NULL, &error));
  g_assert_error (error, ANNOT_ERROR, code);
  g_assert_true (g_str_has_prefix (error->message, backend));
  g_assert_cmpint (g_get_monotonic_time () - began, <, annot_test_patience (2 * G_USEC_PER_SEC));
  g_clear_error (&error);
  g_assert_true (drain (pipeline, &error));
  g_assert_no_error (error);
  let_go (pipeline);
}

static void
test_configuration (void)
{
  fails_at_once ("store", "config", ANNOT_ERROR_CONFIG);
  fails_at_once ("state", "auth", ANNOT_ERROR_AUTH);
}

static void
test_start_timeout (void)
{
  const char *options[] = {"service.start-timeout=1", NULL};
  g_autoptr (AnnotTestRooms) rooms = annot_test_rooms_new_faked (options, FALSE);
  g_autoptr (GError) error = NULL;
  AnnotPipeline *pipeline;
  gint64 began = g_get_monotonic_time ();

  if (!rooms)
    return;
  annot_test_rooms_script (rooms, "store", "[{\"method\":\"open\",\"error\":\"not-connected\"}]");
  g_test_expect_message (G_LOG_DOMAIN, G_LOG_LEVEL_MESSAGE, "waiting for the store: *");
  pipeline = pipeline_new (rooms);
  g_assert_false (start (pipeline, NULL, &error));
  g_test_assert_expected_messages ();
  g_assert_error (error, ANNOT_ERROR, ANNOT_ERROR_NOT_CONNECTED);
  g_assert_cmpint (g_get_monotonic_time () - began, <, annot_test_patience (2 * G_USEC_PER_SEC));
  g_assert_true (drain (pipeline, NULL));
  let_go (pipeline);
}

static gboolean
cancel (gpointer user_data)
{
  g_cancellable_cancel (user_data);
  return G_SOURCE_REMOVE;
}

static void
test_cancelled (void)
{
  g_autoptr (AnnotTestRooms) rooms = annot_test_rooms_new_faked (NULL, FALSE);
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (GError) error = NULL;
  AnnotPipeline *pipeline;

  if (!rooms)
    return;
  annot_test_rooms_script (rooms, "store", "[{\"method\":\"open\",\"error\":\"not-connected\"}]");
  g_test_expect_message (G_LOG_DOMAIN, G_LOG_LEVEL_MESSAGE, "waiting for the store: *");
  pipeline = pipeline_new (rooms);
  g_timeout_add (100, cancel, cancellable);
  g_assert_false (start (pipeline, cancellable, &error));
  g_test_assert_expected_messages ();
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_assert_true (drain (pipeline, NULL));
  let_go (pipeline);
}

/* Backends that answer nothing any more: the end comes all the same. */
static void
test_hanging (void)
{
  const char *options[] = {"service.drain-timeout=3", NULL};
  g_autoptr (AnnotTestRooms) rooms = annot_test_rooms_new_faked (options, FALSE);
  g_autofree char *document = annot_test_rooms_document ("one");
  g_autoptr (GError) error = NULL;
  AnnotPipeline *pipeline;
  gint64 began;

  if (!rooms)
    return;
  pipeline = pipeline_new (rooms);
  g_assert_true (start (pipeline, NULL, &error));
  annot_test_rooms_script (rooms, "store", "[{\"method\":\"put_examples\",\"hang\":true}]");
  annot_test_rooms_script (rooms, "state", "[{\"method\":\"withdraw\",\"hang\":true}]");
  annot_test_rooms_script (rooms, "broker", "[{\"method\":\"flush\",\"hang\":true}]");
  annot_test_rooms_feed (rooms, "hard-examples", document);
  annot_test_wait_for (200);
  began = g_get_monotonic_time ();
  g_assert_false (drain (pipeline, &error));
  g_assert_nonnull (error);
  g_assert_cmpint (g_get_monotonic_time () - began, <, annot_test_patience (3 * G_USEC_PER_SEC));
  let_go (pipeline);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/pipeline/through", test_through);
  g_test_add_func ("/pipeline/instance-gone", test_instance_gone);
  g_test_add_func ("/pipeline/waits-for-backend", test_waits_for_backend);
  g_test_add_func ("/pipeline/configuration", test_configuration);
  g_test_add_func ("/pipeline/start-timeout", test_start_timeout);
  g_test_add_func ("/pipeline/cancelled", test_cancelled);
  g_test_add_func ("/pipeline/hanging", test_hanging);
  return g_test_run ();
}
