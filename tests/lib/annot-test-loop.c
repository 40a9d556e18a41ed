/* SPDX-License-Identifier: Apache-2.0 */
/* Lets a test wait on the main context: for one asynchronous call, for a condition, for a time. */
#include "annot-test-loop.h"

#include <glib/gstdio.h>

static gboolean
set_flag (gpointer flag)
{
  *(gboolean *) flag = TRUE;
  return G_SOURCE_REMOVE;
}

void
annot_test_call_done (GObject *source G_GNUC_UNUSED, GAsyncResult *result, gpointer user_data)
{
  AnnotTestCall *self = user_data;

  g_assert_cmpuint (self->answers, ==, 0);
  self->answers++;
  self->result = g_object_ref (result);
}

static gboolean
is_answered (gpointer user_data)
{
  return ((AnnotTestCall *) user_data)->answers > 0;
}

GAsyncResult *
annot_test_call_wait (AnnotTestCall *self)
{
  if (!annot_test_wait_until (is_answered, self, ANNOT_TEST_PATIENCE))
    g_error ("a call was not answered within %d ms", ANNOT_TEST_PATIENCE);
  return self->result;
}

void
annot_test_call_clear (AnnotTestCall *self)
{
  g_clear_object (&self->result);
}

gboolean
annot_test_wait_until (gboolean (*condition) (gpointer user_data), gpointer user_data, guint milliseconds)
{
  gboolean late = FALSE;
  guint timer = g_timeout_add (milliseconds, set_flag, &late);
  gboolean holds = condition (user_data);

  while (!holds && !late) {
    g_main_context_iteration (NULL, TRUE);
    holds = condition (user_data);
  }
  if (!late)
    g_source_remove (timer);
  return holds;
}

static gboolean
never (gpointer user_data G_GNUC_UNUSED)
{
  return FALSE;
}

void
annot_test_wait_for (guint milliseconds)
{
  annot_test_wait_until (never, NULL, milliseconds);
}

char *
annot_test_make_directory (void)
{
  g_autoptr (GError) error = NULL;
  char *path = g_dir_make_tmp ("annot-test-XXXXXX", &error);

  g_assert_no_error (error);
  return path;
}

void
annot_test_remove_tree (const char *path)
{
  g_autoptr (GDir) directory = NULL;

  if (!g_file_test (path, G_FILE_TEST_IS_SYMLINK))
    directory = g_dir_open (path, 0, NULL);
  for (const char *name = directory ? g_dir_read_name (directory) : NULL; name; name = g_dir_read_name (directory)) {
    g_autofree char *child = g_build_filename (path, name, NULL);

    annot_test_remove_tree (child);
  }
  g_remove (path);
}
