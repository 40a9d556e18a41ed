/* SPDX-License-Identifier: Apache-2.0 */
/* Instances see each other and add up their pages. */
#include "pipeline/annot-presence.h"

#include "annot-test-backend.h"
#include "annot-test-rooms.h"

static void
stop (AnnotPresence *presence)
{
  g_auto (AnnotTestCall) call = ANNOT_TEST_CALL_INIT;
  g_autoptr (GError) error = NULL;

  annot_presence_stop (presence, NULL, annot_test_call_done, &call);
  annot_presence_stop_finish (presence, annot_test_call_wait (&call), &error);
  g_assert_no_error (error);
}

static AnnotPresence *
presence_new (AnnotTestRooms *rooms)
{
  return annot_presence_new (rooms->config, rooms->state, rooms->broker);
}

static gboolean
sees_both (gpointer user_data)
{
  return annot_presence_get_instances (user_data)->len == 2;
}

static gboolean
sees_one (gpointer user_data)
{
  return annot_presence_get_instances (user_data)->len == 1;
}

static void
test_two (void)
{
  const char *options[] = {"service.instance-id=second", NULL};
  g_autoptr (AnnotTestRooms) rooms = annot_test_rooms_new (NULL, TRUE);
  g_autoptr (AnnotConfig) config = NULL;
  AnnotPresence *first;
  AnnotPresence *second;

  if (!rooms)
    return;
  first = presence_new (rooms);
  annot_test_wait_for (2);
  config = annot_test_config_new (rooms->directory, options);
  second = annot_presence_new (config, rooms->state, rooms->broker);
  g_assert_cmpstr (annot_presence_get_instance_id (first), !=, annot_presence_get_instance_id (second));
  annot_presence_set_connections (first, 3);
  annot_presence_set_connections (second, 4);
  /* Alone before it has heard of anybody. */
  g_assert_cmpuint (annot_presence_get_total_connections (first), ==, 3);
  g_assert_cmpuint (annot_presence_get_index (first), ==, 0);
  annot_presence_start (first);
  annot_presence_start (second);
  g_assert_true (annot_test_wait_until (sees_both, second, ANNOT_TEST_PATIENCE));
  g_assert_cmpuint (annot_presence_get_total_connections (second), ==, 7);
  g_assert_cmpuint (annot_presence_get_index (second), ==, 1);
  /* Its own number counts at once, the others' with the next turn. */
  annot_presence_set_connections (second, 10);
  g_assert_cmpuint (annot_presence_get_total_connections (second), ==, 13);
  g_assert_cmpuint (annot_presence_get_connections (second), ==, 10);
  g_assert_true (annot_test_wait_until (sees_both, first, ANNOT_TEST_PATIENCE));
  stop (second);
  g_assert_true (annot_test_wait_until (sees_one, first, ANNOT_TEST_PATIENCE));
  g_assert_cmpuint (annot_presence_get_total_connections (first), ==, 3);
  stop (first);
  annot_test_wait_for (20);
  g_assert_finalize_object (first);
  g_assert_finalize_object (second);
}

static void
on_gone (AnnotPresence *presence, gpointer user_data)
{
  ++*(guint *) user_data;
}

static gboolean
is_one (gpointer user_data)
{
  return *(guint *) user_data == 1;
}

/* Killed, and started anew under its id before anybody could miss it: what it was about to tell is lost all the same. */
static void
test_replaced (void)
{
  const char *options[] = {"service.instance-id=second", NULL};
  g_autoptr (AnnotTestRooms) rooms = annot_test_rooms_new (NULL, TRUE);
  g_autoptr (AnnotConfig) config = NULL;
  AnnotPresence *first;
  AnnotPresence *second;
  guint gone = 0;

  if (!rooms)
    return;
  config = annot_test_config_new (rooms->directory, options);
  first = presence_new (rooms);
  second = annot_presence_new (config, rooms->state, rooms->broker);
  g_signal_connect (first, "gone", G_CALLBACK (on_gone), &gone);
  annot_presence_start (second);
  annot_presence_start (first);
  g_assert_true (annot_test_wait_until (sees_both, first, ANNOT_TEST_PATIENCE));
  annot_test_wait_for (2500);
  g_assert_cmpuint (gone, ==, 0);
  g_object_unref (second);
  second = annot_presence_new (config, rooms->state, rooms->broker);
  annot_presence_start (second);
  g_assert_true (annot_test_wait_until (is_one, &gone, ANNOT_TEST_PATIENCE));
  g_assert_cmpuint (annot_presence_get_instances (first)->len, ==, 2);
  stop (second);
  stop (first);
  annot_test_wait_for (20);
  g_assert_finalize_object (second);
  g_assert_finalize_object (first);
}

static void
announce (AnnotTestRooms *rooms, gint64 started_at)
{
  g_auto (AnnotTestCall) call = ANNOT_TEST_CALL_INIT;
  g_autoptr (AnnotInstance) instance = annot_instance_new ("second");
  g_autoptr (GError) error = NULL;

  instance->started_at = started_at;
  annot_state_announce (rooms->state, instance, 7, NULL, annot_test_call_done, &call);
  annot_state_announce_finish (rooms->state, annot_test_call_wait (&call), &error);
  g_assert_no_error (error);
}

/* Two that live under one id are said to be two; pages do not fetch anew each time that the other one is listed. */
static void
test_twins (void)
{
  g_autoptr (AnnotTestRooms) rooms = annot_test_rooms_new (NULL, TRUE);
  AnnotPresence *presence;
  guint gone = 0;

  if (!rooms)
    return;
  g_test_expect_message (G_LOG_DOMAIN, G_LOG_LEVEL_WARNING, "presence: two instances are called \"second\"*");
  presence = presence_new (rooms);
  g_signal_connect (presence, "gone", G_CALLBACK (on_gone), &gone);
  announce (rooms, 1);
  annot_presence_start (presence);
  for (guint turn = 0; turn < 2; turn++) {
    annot_test_wait_for (2500);
    announce (rooms, 2);
    annot_test_wait_for (2500);
    announce (rooms, 1);
  }
  g_test_assert_expected_messages ();
  g_assert_cmpuint (gone, ==, 1);
  stop (presence);
  annot_test_wait_for (20);
  g_assert_finalize_object (presence);
}

static void
test_named (void)
{
  const char *options[] = {"service.instance-id=blue", NULL};
  g_autoptr (AnnotTestRooms) rooms = annot_test_rooms_new (options, TRUE);
  g_autoptr (AnnotPresence) presence = NULL;

  if (!rooms)
    return;
  presence = presence_new (rooms);
  g_assert_cmpstr (annot_presence_get_instance_id (presence), ==, "blue");
  g_assert_cmpint (annot_presence_get_started_at (presence), <=, g_get_real_time ());
  /* Never started: there is nothing to withdraw. */
  stop (presence);
}

static void
test_state_away (void)
{
  g_autoptr (AnnotTestRooms) rooms = annot_test_rooms_new_faked (NULL, TRUE);
  AnnotPresence *presence;

  if (!rooms)
    return;
  annot_test_rooms_script (rooms, "state", "[{\"method\":\"announce\",\"error\":\"not-connected\"}]");
  g_test_expect_message (G_LOG_DOMAIN, G_LOG_LEVEL_WARNING, "presence: *");
  presence = presence_new (rooms);
  annot_presence_set_connections (presence, 2);
  annot_presence_start (presence);
  annot_test_wait_for (100);
  g_test_assert_expected_messages ();
  g_assert_cmpuint (annot_presence_get_total_connections (presence), ==, 2);
  g_assert_cmpuint (annot_presence_get_instances (presence)->len, ==, 1);
  /* Let go of without a word. */
  g_object_unref (presence);
  annot_test_wait_for (50);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/presence/two", test_two);
  g_test_add_func ("/presence/replaced", test_replaced);
  g_test_add_func ("/presence/twins", test_twins);
  g_test_add_func ("/presence/named", test_named);
  g_test_add_func ("/presence/state-away", test_state_away);
  return g_test_run ();
}
