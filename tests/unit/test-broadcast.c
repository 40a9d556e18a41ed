/* SPDX-License-Identifier: Apache-2.0 */
/* Cursors over broadcast frames: order, segments, slow readers, the rest of a frame. */
#include "http/annot-broadcast.h"

#include <string.h>

#include "http/annot-websocket-frame.h"

/* Takes at most `most` bytes from the cursor. */
static void
take (AnnotCursor *cursor, const AnnotBroadcast *broadcast, gsize most, GByteArray *out)
{
  struct iovec parts[4];
  int count = annot_cursor_gather (cursor, annot_broadcast_get_end (broadcast), parts, G_N_ELEMENTS (parts));
  gsize taken = 0;
  for (int i = 0; i < count && taken < most; i++) {
    gsize part = MIN (parts[i].iov_len, most - taken);
    g_byte_array_append (out, parts[i].iov_base, (guint)part);
    taken += part;
  }
  annot_cursor_advance (cursor, taken);
}

static void
append_numbers (AnnotBroadcast *broadcast, guint from, guint count, GByteArray *expected)
{
  for (guint i = from; i < from + count; i++) {
    g_autofree char *filler = g_strnfill (i * 37 % 400, 'x');
    g_autofree char *text = g_strdup_printf ("%u%s", i, filler);
    g_autoptr (GBytes) frame = annot_frame_new (ANNOT_FRAME_TEXT, text, strlen (text));
    annot_broadcast_append (broadcast, text, strlen (text));
    g_byte_array_append (expected, g_bytes_get_data (frame, NULL), (guint)g_bytes_get_size (frame));
  }
}

static void
test_order (void)
{
  AnnotBroadcast broadcast;
  AnnotCursor fast, slow;
  g_autoptr (GByteArray) expected = g_byte_array_new ();
  g_autoptr (GByteArray) by_fast = g_byte_array_new ();
  g_autoptr (GByteArray) by_slow = g_byte_array_new ();
  annot_broadcast_init (&broadcast);
  annot_cursor_init (&fast, &broadcast);
  annot_cursor_init (&slow, &broadcast);
  for (guint i = 0; i < 200; i++) {
    append_numbers (&broadcast, i * 10, 10, expected);
    take (&fast, &broadcast, G_MAXSIZE, by_fast);
    take (&slow, &broadcast, 777, by_slow);
  }
  while (by_slow->len < expected->len) {
    take (&slow, &broadcast, 50001, by_slow);
  }
  g_assert_cmpmem (by_fast->data, by_fast->len, expected->data, expected->len);
  g_assert_cmpmem (by_slow->data, by_slow->len, expected->data, expected->len);
  g_assert_cmpuint (annot_cursor_get_position (&slow), ==, annot_broadcast_get_end (&broadcast));
  annot_cursor_clear (&slow);
  annot_cursor_clear (&fast);
  annot_broadcast_clear (&broadcast);
}

static void
test_rest_of_frame (void)
{
  AnnotBroadcast broadcast;
  AnnotCursor cursor;
  g_autofree char *large = g_strnfill (70000, 'y');
  annot_broadcast_init (&broadcast);
  annot_cursor_init (&cursor, &broadcast);
  annot_broadcast_append (&broadcast, "one", 3);
  annot_broadcast_append (&broadcast, large, 70000);
  g_assert_null (annot_cursor_rest_of_frame (&cursor));
  annot_cursor_advance (&cursor, 2);
  g_autoptr (GBytes) rest = annot_cursor_rest_of_frame (&cursor);
  g_assert_cmpmem (g_bytes_get_data (rest, NULL), g_bytes_get_size (rest), "one", 3);
  annot_cursor_advance (&cursor, 3);
  g_assert_null (annot_cursor_rest_of_frame (&cursor));
  annot_cursor_advance (&cursor, 69000);
  g_autoptr (GBytes) tail = annot_cursor_rest_of_frame (&cursor);
  g_assert_cmpuint (g_bytes_get_size (tail), ==, 70010 - 69000);
  annot_cursor_clear (&cursor);
  annot_broadcast_clear (&broadcast);
}

static void
test_frame_sizes (void)
{
  static const gsize lengths[] = { 0, 1, 125, 126, 65535, 65536, 200000 };
  for (guint i = 0; i < G_N_ELEMENTS (lengths); i++) {
    g_autofree char *text = g_strnfill (lengths[i], 'z');
    g_autoptr (GBytes) frame = annot_frame_new (ANNOT_FRAME_TEXT, text, lengths[i]);
    g_assert_cmpuint (annot_frame_get_size (g_bytes_get_data (frame, NULL)), ==, g_bytes_get_size (frame));
  }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/broadcast/order", test_order);
  g_test_add_func ("/broadcast/rest-of-frame", test_rest_of_frame);
  g_test_add_func ("/broadcast/frame-sizes", test_frame_sizes);
  return g_test_run ();
}
