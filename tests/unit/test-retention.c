/* SPDX-License-Identifier: Apache-2.0 */
/* What has been kept long enough goes, slice by slice; nothing else does. */
#include "pipeline/annot-retention.h"

#include "annot-test-rooms.h"

static AnnotErasure *
run (AnnotRetention *retention, GError **error)
{
  g_auto (AnnotTestCall) call = ANNOT_TEST_CALL_INIT;

  annot_retention_run (retention, NULL, annot_test_call_done, &call);
  return annot_retention_run_finish (retention, annot_test_call_wait (&call), error);
}

static void
finish_all (AnnotTestRooms *rooms, GPtrArray *examples)
{
  for (guint i = 0; i < examples->len; i++) {
    const AnnotExample *example = g_ptr_array_index (examples, i);
    AnnotSkip skip = {.event_id = example->event_id, .annotator = "ann", .reason = "x", .max_skips = 1};
    g_auto (AnnotTestCall) call = ANNOT_TEST_CALL_INIT;

    annot_store_skip (rooms->store, &skip, NULL, annot_test_call_done, &call);
    g_assert_cmpint (annot_store_skip_finish (rooms->store, annot_test_call_wait (&call), NULL), ==,
                     ANNOT_EXAMPLE_SKIPPED);
  }
}

static void
test_nothing_yet (void)
{
  const char *options[] = {"retention.completed-days=1", "retention.erase-frames-days=1", NULL};
  g_autoptr (AnnotTestRooms) rooms = annot_test_rooms_new (options, TRUE);
  g_autoptr (AnnotRetention) retention = NULL;
  g_autoptr (GPtrArray) examples = NULL;
  g_autofree AnnotErasure *gone = NULL;
  g_autoptr (GError) error = NULL;

  if (!rooms)
    return;
  examples = annot_test_rooms_put (rooms, "a", 3);
  finish_all (rooms, examples);
  retention = annot_retention_new (rooms->config, rooms->store);
  gone = run (retention, &error);
  g_assert_no_error (error);
  g_assert_cmpint (gone->examples, ==, 0);
}

/* The store answers slices as large as they may be until the last one. */
static void
test_fails_between (void)
{
  g_autoptr (AnnotTestRooms) rooms = annot_test_rooms_new_faked (NULL, TRUE);
  g_autoptr (AnnotRetention) retention = NULL;
  g_autoptr (GError) error = NULL;
  g_autofree AnnotErasure *gone = NULL;

  if (!rooms)
    return;
  annot_test_rooms_script (rooms, "store", "[{\"method\":\"retain\",\"times\":1,\"error\":\"temporary\"}]");
  retention = annot_retention_new (rooms->config, rooms->store);
  g_assert_null (run (retention, &error));
  g_assert_error (error, ANNOT_ERROR, ANNOT_ERROR_TEMPORARY);
  g_clear_error (&error);
  gone = run (retention, &error);
  g_assert_no_error (error);
  g_assert_nonnull (gone);
}

static void
test_stopped (void)
{
  g_autoptr (AnnotTestRooms) rooms = annot_test_rooms_new (NULL, TRUE);
  AnnotRetention *retention;

  if (!rooms)
    return;
  retention = annot_retention_new (rooms->config, rooms->store);
  annot_retention_start (retention);
  annot_retention_start (retention);
  annot_retention_stop (retention);
  annot_retention_start (retention);
  g_assert_finalize_object (retention);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/retention/nothing-yet", test_nothing_yet);
  g_test_add_func ("/retention/fails-between", test_fails_between);
  g_test_add_func ("/retention/stopped", test_stopped);
  return g_test_run ();
}
