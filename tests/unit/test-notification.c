/* SPDX-License-Identifier: Apache-2.0 */
/* The texts that pages get, and the latest of them kept for those who come back. */
#include "pipeline/annot-notification-ring.h"
#include "pipeline/annot-notification.h"

#include <string.h>

static void
assert_text (GBytes *bytes, const char *expected)
{
  g_autoptr (GBytes) owned = bytes;
  g_autofree char *text = g_strndup (g_bytes_get_data (owned, NULL), g_bytes_get_size (owned));

  g_assert_cmpstr (text, ==, expected);
}

static void
test_texts (void)
{
  assert_text (annot_notification_position ("hello", "e1", 7, 3),
               "{\"type\":\"hello\",\"epoch\":\"e1\",\"seq\":7,\"pending\":3}");
  assert_text (annot_notification_position ("resync", "e1", 7, -1), "{\"type\":\"resync\",\"epoch\":\"e1\",\"seq\":7}");
  assert_text (annot_notification_pending (12), "{\"type\":\"pending\",\"count\":12}");
  assert_text (annot_notification_event ("example_done", "a\"b", NULL),
               "{\"type\":\"example_done\",\"example_id\":\"a\\\"b\"}");
}

static void
test_read_back (void)
{
  g_autoptr (AnnotExample) example = annot_example_new ();
  g_autoptr (GBytes) text = NULL;
  g_autoptr (AnnotNotification) notification = NULL;

  example->event_id = g_strdup ("one");
  example->camera_id = g_strdup ("cam");
  example->payload = g_strdup ("{\"event_id\":\"one\",\"camera_id\":\"cam\",\"seq\":99,\"epoch\":\"no\"}");
  example->detections = g_strdup ("[]");
  example->seq = 41;
  text = annot_notification_new_example ("e1", example);
  g_assert_true (g_strstr_len (g_bytes_get_data (text, NULL), 60,
                               "{\"type\":\"new_example\",\"epoch\":\"e1\",\"seq\":41,\"example\":{"));
  notification = annot_notification_parse (text);
  g_assert_nonnull (notification);
  g_assert_cmpstr (notification->type, ==, "new_example");
  g_assert_cmpstr (notification->epoch, ==, "e1");
  g_assert_cmpint (notification->seq, ==, 41);
}

static void
test_foreign (void)
{
  static const char *const texts[] = {
    "", "{}", "[]", "{\"type\":5}", "{\"type\":\"x\",\"seq\":-1}", "{\"type\":\"x\",\"seq\":1e300}", "{\"type\":\"x\"",
  };

  for (gsize i = 0; i < G_N_ELEMENTS (texts); i++) {
    g_autoptr (GBytes) bytes = g_bytes_new_static (texts[i], strlen (texts[i]));
    g_autoptr (AnnotNotification) notification = annot_notification_parse (bytes);

    g_assert_null (notification);
  }
}

static void
push (AnnotNotificationRing *ring, gint64 seq)
{
  g_autofree char *text = g_strdup_printf ("%04" G_GINT64_FORMAT, seq);
  g_autoptr (GBytes) bytes = g_bytes_new (text, strlen (text));

  annot_notification_ring_push (ring, seq, bytes);
}

static guint
collect (AnnotNotificationRing *ring, gint64 after)
{
  g_autoptr (GPtrArray) texts = g_ptr_array_new_with_free_func ((GDestroyNotify) g_bytes_unref);

  if (!annot_notification_ring_collect (ring, after, texts))
    return G_MAXUINT;
  for (guint i = 0; i < texts->len; i++) {
    g_autofree char *expected = g_strdup_printf ("%04" G_GINT64_FORMAT, after + 1 + i);

    assert_text (g_bytes_ref (g_ptr_array_index (texts, i)), expected);
  }
  return texts->len;
}

static void
test_ring (void)
{
  AnnotNotificationRing *ring = annot_notification_ring_new (4, 1000);

  g_assert_cmpuint (collect (ring, 0), ==, G_MAXUINT);
  for (gint64 seq = 1; seq <= 6; seq++)
    push (ring, seq);
  g_assert_cmpuint (collect (ring, 6), ==, 0);
  g_assert_cmpuint (collect (ring, 2), ==, 4);
  g_assert_cmpuint (collect (ring, 1), ==, G_MAXUINT);
  g_assert_cmpuint (collect (ring, 7), ==, G_MAXUINT);
  /* After a jump only what follows it is without a gap. */
  push (ring, 20);
  push (ring, 21);
  g_assert_cmpuint (collect (ring, 19), ==, 2);
  g_assert_cmpuint (collect (ring, 5), ==, G_MAXUINT);
  annot_notification_ring_clear (ring);
  g_assert_cmpuint (collect (ring, 20), ==, G_MAXUINT);
  annot_notification_ring_free (ring);
}

static void
test_ring_bytes (void)
{
  AnnotNotificationRing *ring = annot_notification_ring_new (100, 8);

  for (gint64 seq = 1; seq <= 5; seq++)
    push (ring, seq);
  g_assert_cmpuint (collect (ring, 3), ==, 2);
  g_assert_cmpuint (collect (ring, 2), ==, G_MAXUINT);
  annot_notification_ring_free (ring);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/notification/texts", test_texts);
  g_test_add_func ("/notification/read-back", test_read_back);
  g_test_add_func ("/notification/foreign", test_foreign);
  g_test_add_func ("/notification/ring", test_ring);
  g_test_add_func ("/notification/ring-bytes", test_ring_bytes);
  return g_test_run ();
}
