/* SPDX-License-Identifier: Apache-2.0 */
/* Readiness tells the truth within two seconds, and never waits for a backend that does not answer. */
#include "pipeline/annot-health-monitor.h"

#include "annot-test-rooms.h"

#include <string.h>

typedef struct {
  AnnotTestRooms *rooms;
  AnnotHealthMonitor *monitor;
} Fixture;

static void
set_up (Fixture *self, gconstpointer data)
{
  const char *options[] = {"health.require-partitions=false", NULL};
  const char *requiring[] = {"health.require-partitions=true", NULL};

  self->rooms = annot_test_rooms_new_faked (data ? requiring : options, TRUE);
  if (!self->rooms)
    return;
  self->monitor = annot_health_monitor_new (self->rooms->config, self->rooms->store, self->rooms->state,
                                            self->rooms->broker);
}

static void
tear_down (Fixture *self, gconstpointer data)
{
  if (!self->rooms)
    return;
  annot_test_rooms_script (self->rooms, "store", "[]");
  annot_health_monitor_stop (self->monitor);
  g_object_add_weak_pointer (G_OBJECT (self->monitor), (gpointer *) &self->monitor);
  g_object_unref (self->monitor);
  annot_test_wait_for (50);
  annot_test_rooms_free (self->rooms);
  annot_test_wait_for (50);
  g_assert_null (self->monitor);
}

static gboolean
check (Fixture *self)
{
  g_auto (AnnotTestCall) call = ANNOT_TEST_CALL_INIT;
  g_autoptr (GError) error = NULL;
  gboolean ready;

  annot_health_monitor_check (self->monitor, NULL, annot_test_call_done, &call);
  ready = annot_health_monitor_check_finish (self->monitor, annot_test_call_wait (&call), &error);
  g_assert_no_error (error);
  return ready;
}

/* Returns: (transfer full): the status of one member of `checks` */
static char *
status_of (Fixture *self, const char *name)
{
  g_autoptr (GString) out = g_string_new (NULL);
  g_autoptr (JsonNode) node = NULL;
  g_autoptr (GError) error = NULL;
  JsonObject *object;

  annot_health_monitor_append_checks (self->monitor, out);
  node = json_from_string (out->str, &error);
  g_assert_no_error (error);
  object = json_object_get_object_member (json_node_get_object (node), name);
  g_assert_nonnull (object);
  g_assert_nonnull (json_object_get_object_member (object, "details"));
  return g_strdup (json_object_get_string_member (object, "status"));
}

static void
assert_status (Fixture *self, const char *name, const char *expected)
{
  g_autofree char *status = status_of (self, name);

  g_assert_cmpstr (status, ==, expected);
}

static void
test_ready (Fixture *self, gconstpointer data)
{
  if (!self->rooms)
    return;
  assert_status (self, "fakestore", "error");
  g_assert_false (check (self));
  annot_health_monitor_set_started (self->monitor);
  g_assert_true (check (self));
  g_assert_true (annot_health_monitor_is_healthy (self->monitor, ANNOT_PLUGIN_STORE));
  assert_status (self, "fakestore", "healthy");
  assert_status (self, "fakestate", "healthy");
  assert_status (self, "fakebroker", "healthy");
  assert_status (self, "overall", "healthy");
  g_assert_false (annot_health_monitor_is_draining (self->monitor));
  annot_health_monitor_set_draining (self->monitor);
  g_assert_false (annot_health_monitor_is_ready (self->monitor));
  assert_status (self, "overall", "unhealthy");
}

static gboolean
is_ready (gpointer user_data)
{
  return annot_health_monitor_is_ready (((Fixture *) user_data)->monitor);
}

static gboolean
is_not_ready (gpointer user_data)
{
  return !is_ready (user_data);
}

static void
fails_and_heals (Fixture *self, const char *rules, const char *status)
{
  g_test_expect_message (G_LOG_DOMAIN, G_LOG_LEVEL_MESSAGE, "health: fakestore is unhealthy*");
  g_test_expect_message (G_LOG_DOMAIN, G_LOG_LEVEL_MESSAGE, "health: fakestore is healthy again");
  annot_health_monitor_set_started (self->monitor);
  annot_health_monitor_start (self->monitor);
  g_assert_true (annot_test_wait_until (is_ready, self, 1000));
  annot_test_rooms_script (self->rooms, "store", rules);
  g_assert_true (annot_test_wait_until (is_not_ready, self, 2100));
  assert_status (self, "fakestore", status);
  assert_status (self, "fakestate", "healthy");
  g_assert_false (annot_health_monitor_is_healthy (self->monitor, ANNOT_PLUGIN_STORE));
  annot_test_rooms_script (self->rooms, "store", "[]");
  g_assert_true (annot_test_wait_until (is_ready, self, 3200));
  g_test_assert_expected_messages ();
}

static void
test_unhealthy (Fixture *self, gconstpointer data)
{
  if (self->rooms)
    fails_and_heals (self, "[{\"method\":\"health\",\"unhealthy\":true}]", "unhealthy");
}

static void
test_error (Fixture *self, gconstpointer data)
{
  if (self->rooms)
    fails_and_heals (self, "[{\"method\":\"health\",\"error\":\"temporary\"}]", "error");
}

static void
test_slow (Fixture *self, gconstpointer data)
{
  if (self->rooms)
    fails_and_heals (self, "[{\"method\":\"health\",\"delay-ms\":1900}]", "error");
}

static void
test_hangs (Fixture *self, gconstpointer data)
{
  gint64 began;

  if (!self->rooms)
    return;
  annot_health_monitor_set_started (self->monitor);
  annot_test_rooms_script (self->rooms, "store", "[{\"method\":\"health\",\"hang\":true}]");
  began = g_get_monotonic_time ();
  g_assert_false (check (self));
  g_assert_cmpint (g_get_monotonic_time () - began, <, annot_test_patience (1500 * 1000));
  assert_status (self, "fakestore", "error");
  assert_status (self, "fakebroker", "healthy");
}

static void
test_partitions (Fixture *self, gconstpointer data)
{
  static const char *const topics[] = {"hard-examples", NULL};
  g_auto (AnnotTestCall) call = ANNOT_TEST_CALL_INIT;

  if (!self->rooms)
    return;
  annot_health_monitor_set_started (self->monitor);
  g_assert_false (check (self));
  annot_broker_consume (self->rooms->broker, topics, NULL, annot_test_call_done, &call);
  g_assert_true (annot_broker_consume_finish (self->rooms->broker, annot_test_call_wait (&call), NULL));
  annot_test_wait_for (100);
  g_assert_true (check (self));
}

#define ADD(name, data, function) g_test_add ("/health-monitor/" name, Fixture, data, set_up, function, tear_down)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  ADD ("ready", NULL, test_ready);
  ADD ("unhealthy", NULL, test_unhealthy);
  ADD ("error", NULL, test_error);
  ADD ("slow", NULL, test_slow);
  ADD ("hangs", NULL, test_hangs);
  ADD ("partitions", "require", test_partitions);
  return g_test_run ();
}
