/* SPDX-License-Identifier: Apache-2.0 */
/* Cutting bytes into lines gives the same however the bytes are parted. */
#include "local-lines.h"

#include <string.h>

static const char text[] = "one\n\n \t\r\ntwo\r\n12345678\n123456789\r\n1234567890123456789\nend\xff\n\nrest";

/* Feeds the text in pieces of that size. Returns: (transfer full): "start-next:length:value" of each line */
static char *
cut (gsize piece)
{
  g_autoptr (LocalLines) lines = local_lines_new (8);
  g_autoptr (GString) out = g_string_new (NULL);
  LocalLine line = { 0 };
  gboolean more = TRUE;

  local_lines_reset (lines, 100);
  for (gsize at = 0; more; at += piece) {
    if (at < strlen (text))
      local_lines_feed (lines, text + at, MIN (piece, strlen (text) - at));
    else
      more = FALSE;
    while (more ? local_lines_next (lines, &line) : local_lines_take_rest (lines, &line)) {
      gsize size = 0;
      const char *data = g_bytes_get_data (line.value, &size);

      g_string_append_printf (out, "%d-%d:%d:%.*s ", (int) line.start, (int) line.next, (int) line.length, (int) size,
                              data);
      g_clear_pointer (&line.value, g_bytes_unref);
    }
  }
  return g_strdup (out->str);
}

static void
test_cut (void)
{
  for (gsize piece = 1; piece <= sizeof text; piece++) {
    g_autofree char *got = cut (piece);

    /* Of a line that is longer than the limit, a carriage return at its end counts or not with where it was parted. */
    g_assert_true (g_str_has_prefix (got, "100-104:3:one 109-114:3:two 114-123:8:12345678 123-134:"));
    g_assert_true (g_str_has_suffix (got, ":123456789 134-154:19:123456789 154-159:4:end\xff 160-164:4:rest "));
  }
}

static void
test_position (void)
{
  g_autoptr (LocalLines) lines = local_lines_new (4);
  LocalLine line = { 0 };

  local_lines_reset (lines, 0);
  local_lines_feed (lines, "ab", 2);
  g_assert_false (local_lines_next (lines, &line));
  g_assert_cmpint (local_lines_get_position (lines), ==, 0);
  local_lines_feed (lines, "cdefghij", 8);
  g_assert_false (local_lines_next (lines, &line));
  g_assert_cmpint (local_lines_get_position (lines), ==, 0);
  local_lines_feed (lines, "\nx", 2);
  g_assert_true (local_lines_next (lines, &line));
  g_assert_cmpint (line.length, ==, 10);
  g_assert_cmpuint (g_bytes_get_size (line.value), ==, 5);
  g_bytes_unref (line.value);
  g_assert_cmpint (local_lines_get_position (lines), ==, 11);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/local/lines/cut", test_cut);
  g_test_add_func ("/local/lines/position", test_position);
  return g_test_run ();
}
