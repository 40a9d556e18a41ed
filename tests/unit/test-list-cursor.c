/* SPDX-License-Identifier: Apache-2.0 */
/* The cursor of a listing: what is written is read, by the same query only, and it looks the same on every machine. */
#include <annotationd/annotationd.h>
#include <math.h>

static char *
write_cursor (const AnnotExampleQuery *query, gint64 seq, double priority)
{
  g_autoptr (AnnotExample) last = annot_example_new ();

  last->seq = seq;
  last->priority = priority;
  return annot_list_cursor_write (query, last);
}

static void
test_round_trip (void)
{
  const double priorities[] = { 0, -0.5, 0.1, 1e300, -INFINITY };
  AnnotExampleQuery query = { .camera_id = "cam-1", .text = "a" };

  for (guint i = 0; i < G_N_ELEMENTS (priorities); i++) {
    g_autofree char *text = write_cursor (&query, G_MAXINT64 - i, priorities[i]);
    AnnotListCursor cursor = { 0 };
    g_autoptr (GError) error = NULL;

    g_assert_true (annot_list_cursor_read (&query, text, &cursor, &error));
    g_assert_no_error (error);
    g_assert_cmpint (cursor.seq, ==, G_MAXINT64 - i);
    g_assert_true (cursor.priority == priorities[i]);
  }
}

/* How much of a page is loaded is not part of which rows it holds. */
static void
test_same_rows (void)
{
  AnnotExampleQuery small = { .limit = 5 };
  AnnotExampleQuery large = { .limit = 500, .with_frame = TRUE, .with_annotation = TRUE, .with_total = TRUE };
  g_autofree char *text = write_cursor (&small, 7, 0.5);
  AnnotListCursor cursor;

  g_assert_true (annot_list_cursor_read (&large, text, &cursor, NULL));
  g_assert_cmpint (cursor.seq, ==, 7);
}

static void
test_other_query (void)
{
  AnnotExampleQuery query = { .camera_id = "cam-1" };
  const AnnotExampleQuery others[] = {
    { .camera_id = "cam-2" },
    { .label = "cam-1" },
    { .camera_id = "cam-1", .order = ANNOT_ORDER_OLDEST },
    { .camera_id = "cam-1", .any_status = TRUE },
    { .camera_id = "cam-1", .status = ANNOT_EXAMPLE_LEASED },
    { .camera_id = "cam-1", .after_seq = 1 },
  };
  g_autofree char *text = write_cursor (&query, 7, 0.5);

  for (guint i = 0; i < G_N_ELEMENTS (others); i++) {
    AnnotListCursor cursor;
    g_autoptr (GError) error = NULL;

    g_assert_false (annot_list_cursor_read (&others[i], text, &cursor, &error));
    g_assert_error (error, ANNOT_ERROR, ANNOT_ERROR_INVALID);
  }
}

/* Version, hash of the query, seq, priority; each little-endian. */
static void
test_bytes (void)
{
  AnnotExampleQuery query = { 0 };
  g_autofree char *text = write_cursor (&query, 0x0102, 1.0);
  gsize size = 0;
  g_autofree char *plain = g_strdelimit (g_strdelimit (g_strdup (text), "-", '+'), "_", '/');
  g_autofree guchar *bytes = g_base64_decode (plain, &size);

  g_assert_cmpuint (size, ==, 24);
  g_assert_cmpuint (bytes[0], ==, 1);
  g_assert_cmpuint (bytes[1], ==, 0);
  g_assert_cmpuint (bytes[8], ==, 2);
  g_assert_cmpuint (bytes[9], ==, 1);
  g_assert_cmpuint (bytes[22], ==, 0xf0);
  g_assert_cmpuint (bytes[23], ==, 0x3f);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/list-cursor/round-trip", test_round_trip);
  g_test_add_func ("/list-cursor/same-rows", test_same_rows);
  g_test_add_func ("/list-cursor/other-query", test_other_query);
  g_test_add_func ("/list-cursor/bytes", test_bytes);
  return g_test_run ();
}
