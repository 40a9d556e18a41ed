/* SPDX-License-Identifier: Apache-2.0 */
/* Lets a test wait on the main context: for one asynchronous call, for a condition, for a time. */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/**
 * AnnotTestCall:
 * @result: (nullable): set once the call has been answered
 * @answers: how often it has been answered; a second answer fails the test
 *
 * One asynchronous call, on the stack:
 *
 * |[
 *   g_auto (AnnotTestCall) call = ANNOT_TEST_CALL_INIT;
 *   annot_store_open (store, NULL, annot_test_call_done, &call);
 *   ok = annot_store_open_finish (store, annot_test_call_wait (&call), &error);
 * ]|
 */
typedef struct {
  GAsyncResult *result;
  guint answers;
} AnnotTestCall;

#define ANNOT_TEST_CALL_INIT                                                                                           \
  {                                                                                                                    \
    NULL, 0                                                                                                            \
  }

/* The callback to give to the call, with the AnnotTestCall as user_data. */
void annot_test_call_done (GObject *source, GAsyncResult *result, gpointer user_data);
/* Turns the main context until the call is answered; fails the test after a minute.
 * Returns: (transfer none): the result, which lives as long as self */
GAsyncResult *annot_test_call_wait (AnnotTestCall *self);
void annot_test_call_clear (AnnotTestCall *self);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (AnnotTestCall, annot_test_call_clear)

/* How long something may take that nobody promises a time for: a busy machine is slow. */
#define ANNOT_TEST_PATIENCE 60000
/* Turns the main context until condition (user_data) holds or the time is up. Returns: whether it holds */
gboolean annot_test_wait_until (gboolean (*condition) (gpointer user_data), gpointer user_data, guint milliseconds);
/* Turns the main context for that long. */
void annot_test_wait_for (guint milliseconds);

/* Returns: (transfer full): a new empty directory under $TMPDIR */
char *annot_test_make_directory (void);
/* Removes it with all that is in it. A path that is not there is not an error. */
void annot_test_remove_tree (const char *path);

G_END_DECLS
