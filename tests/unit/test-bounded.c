/* SPDX-License-Identifier: Apache-2.0 */
/* Calls with a deadline, and how long to wait between tries. */
#include "pipeline/annot-backoff.h"
#include "pipeline/annot-bounded.h"

#include <annotationd/annotationd.h>

#include "annot-test-loop.h"

/* Answers after its object's "delay" milliseconds (negative: never, not even when cancelled). */
static gboolean
answer (gpointer user_data)
{
  g_task_return_boolean (user_data, TRUE);
  return G_SOURCE_REMOVE;
}

static GTask *never;

static void
slow_call (gpointer object, GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data)
{
  g_autoptr (GTask) task = g_task_new (object, cancellable, callback, user_data);
  int delay = GPOINTER_TO_INT (g_object_get_data (object, "delay"));

  if (delay < 0)
    g_set_object (&never, task);
  else
    g_timeout_add_full (G_PRIORITY_DEFAULT, (guint) delay, answer, g_object_ref (task), g_object_unref);
}

static gboolean
slow_finish (gpointer object, GAsyncResult *result, GError **error)
{
  return g_task_propagate_boolean (G_TASK (result), error);
}

static void
test_answered (void)
{
  g_autoptr (GObject) object = g_object_new (G_TYPE_OBJECT, NULL);
  g_auto (AnnotTestCall) call = ANNOT_TEST_CALL_INIT;
  g_autoptr (GError) error = NULL;

  g_object_set_data (object, "delay", GINT_TO_POINTER (1));
  annot_bounded_call (object, slow_call, slow_finish, 5000, NULL, annot_test_call_done, &call);
  annot_bounded_call_finish (object, annot_test_call_wait (&call), &error);
  g_assert_no_error (error);
}

static void
test_deadline (void)
{
  g_autoptr (GObject) object = g_object_new (G_TYPE_OBJECT, NULL);
  g_auto (AnnotTestCall) call = ANNOT_TEST_CALL_INIT;
  g_autoptr (GError) error = NULL;

  g_object_set_data (object, "delay", GINT_TO_POINTER (-1));
  annot_bounded_call (object, slow_call, slow_finish, 20, NULL, annot_test_call_done, &call);
  g_assert_false (annot_bounded_call_finish (object, annot_test_call_wait (&call), &error));
  g_assert_error (error, ANNOT_ERROR, ANNOT_ERROR_TIMEOUT);
  g_assert_true (g_cancellable_is_cancelled (g_task_get_cancellable (never)));
  /* The answer that comes too late is taken by nobody. */
  g_task_return_boolean (never, TRUE);
  g_clear_object (&never);
  annot_test_wait_for (20);
  g_assert_cmpuint (call.answers, ==, 1);
}

static void
test_cancelled (void)
{
  g_autoptr (GObject) object = g_object_new (G_TYPE_OBJECT, NULL);
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_auto (AnnotTestCall) call = ANNOT_TEST_CALL_INIT;
  g_autoptr (GError) error = NULL;

  g_object_set_data (object, "delay", GINT_TO_POINTER (30));
  annot_bounded_call (object, slow_call, slow_finish, 5000, cancellable, annot_test_call_done, &call);
  g_cancellable_cancel (cancellable);
  g_assert_false (annot_bounded_call_finish (object, annot_test_call_wait (&call), &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
}

static void
test_backoff (void)
{
  g_assert_cmpint (annot_backoff_delay (1, 100, 1000, 0), ==, 100);
  g_assert_cmpint (annot_backoff_delay (2, 100, 1000, 0), ==, 200);
  g_assert_cmpint (annot_backoff_delay (4, 100, 1000, 0), ==, 800);
  g_assert_cmpint (annot_backoff_delay (5, 100, 1000, 0), ==, 1000);
  g_assert_cmpint (annot_backoff_delay (G_MAXUINT, 100, 1000, 0), ==, 1000);
  g_assert_cmpint (annot_backoff_delay (100, 30000, G_MAXINT64, 0), ==, G_MAXINT64);
  for (int i = 0; i < 1000; i++) {
    gint64 delay = annot_backoff_delay (1, 1000, 1000, 0.1);

    g_assert_cmpint (delay, >=, 900);
    g_assert_cmpint (delay, <=, 1100);
  }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/bounded/answered", test_answered);
  g_test_add_func ("/bounded/deadline", test_deadline);
  g_test_add_func ("/bounded/cancelled", test_cancelled);
  g_test_add_func ("/backoff", test_backoff);
  return g_test_run ();
}
