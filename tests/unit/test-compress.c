/* SPDX-License-Identifier: Apache-2.0 */
/* Who accepts gzip, what is worth it, and that it reads back. */
#include "http/annot-compress.h"

#include <string.h>

static void
test_accepted (void)
{
  static const char *const yes[] = { "gzip", "GZIP", "br, gzip;q=0.5", "deflate,gzip", "*", "gzip ; q=1" };
  static const char *const no[] = { "", "br", "gzip;q=0", "gzip; q=0.000", "identity", "*;q=0", "gzipped", "*, gzip;q=0" };
  for (guint i = 0; i < G_N_ELEMENTS (yes); i++) {
    g_assert_true (annot_compress_accepted (yes[i]));
  }
  for (guint i = 0; i < G_N_ELEMENTS (no); i++) {
    g_assert_false (annot_compress_accepted (no[i]));
  }
  g_assert_false (annot_compress_accepted (NULL));
}

static void
test_round_trip (void)
{
  g_autofree char *text = g_strnfill (50000, 'a');
  g_autoptr (GBytes) plain = g_bytes_new (text, 50000);
  g_autoptr (GBytes) small = annot_compress (plain, 1);
  g_assert_nonnull (small);
  g_autoptr (GConverter) back = G_CONVERTER (g_zlib_decompressor_new (G_ZLIB_COMPRESSOR_FORMAT_GZIP));
  g_autofree char *out = g_malloc (60000);
  gsize used, made;
  g_assert_cmpint (g_converter_convert (back, g_bytes_get_data (small, NULL), g_bytes_get_size (small), out, 60000,
                                        G_CONVERTER_INPUT_AT_END, &used, &made, NULL),
                   ==, G_CONVERTER_FINISHED);
  g_assert_cmpmem (out, made, text, 50000);
}

static void
test_not_smaller (void)
{
  guint8 noise[2000];
  for (guint i = 0; i < sizeof noise; i++) {
    noise[i] = (guint8)g_random_int ();
  }
  g_autoptr (GBytes) plain = g_bytes_new (noise, sizeof noise);
  g_assert_null (annot_compress (plain, 9));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/compress/accepted", test_accepted);
  g_test_add_func ("/compress/round-trip", test_round_trip);
  g_test_add_func ("/compress/not-smaller", test_not_smaller);
  return g_test_run ();
}
