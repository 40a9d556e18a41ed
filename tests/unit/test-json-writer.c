/* SPDX-License-Identifier: Apache-2.0 */
/* What the JSON writer writes reads back as the same. */
#include "model/annot-json-writer.h"

#include <math.h>
#include <string.h>

#include "model/annot-json-reader.h"

static void
test_string (void)
{
  g_autoptr (GString) out = g_string_new (NULL);

  annot_json_append_string (out, "a\"b\\c\n\r\t\x01\x1f\x7f\xc3\xa4/", -1);
  annot_json_append_string (out, NULL, -1);
  annot_json_append_string (out, "abc", 2);
  annot_json_append_string (out, "", -1);
  g_assert_cmpstr (out->str, ==, "\"a\\\"b\\\\c\\n\\r\\t\\u0001\\u001f\x7f\xc3\xa4/\"null\"ab\"\"\"");
}

static void
assert_double (double value, const char *text)
{
  g_autoptr (GString) out = g_string_new (NULL);

  annot_json_append_double (out, value);
  g_assert_cmpstr (out->str, ==, text);
}

static void
test_double (void)
{
  g_autoptr (GRand) rand = g_rand_new_with_seed (7);

  assert_double (0, "0");
  assert_double (-0.0, "-0");
  assert_double (0.1, "0.1");
  assert_double (0.41, "0.41");
  assert_double (-12.5, "-12.5");
  assert_double (1e300, "1e+300");
  assert_double (110, "110");
  assert_double (0.1 + 0.2, "0.30000000000000004");
  assert_double (NAN, "null");
  assert_double (INFINITY, "null");
  for (guint i = 0; i < 20000; i++) {
    guint64 bits = (guint64) g_rand_int (rand) << 32 | g_rand_int (rand);
    g_autoptr (GString) out = g_string_new (NULL);
    AnnotJsonReader reader;
    double value, again;

    memcpy (&value, &bits, sizeof value);
    if (!isfinite (value))
      continue;
    annot_json_append_double (out, value);
    annot_json_reader_init (&reader, out->str, out->len, 1);
    g_assert_true (annot_json_reader_read_number (&reader, &again));
    g_assert_true (annot_json_reader_finish (&reader));
    g_assert_cmpmem (&value, sizeof value, &again, sizeof again);
  }
}

static void
test_int (void)
{
  g_autoptr (GString) out = g_string_new (NULL);

  annot_json_append_int (out, 0);
  g_string_append_c (out, ' ');
  annot_json_append_int (out, G_MAXINT64);
  g_string_append_c (out, ' ');
  annot_json_append_int (out, G_MININT64);
  g_assert_cmpstr (out->str, ==, "0 9223372036854775807 -9223372036854775808");
}

static void
test_base64 (void)
{
  for (gsize length = 0; length < 50; length++) {
    g_autoptr (GString) out = g_string_new ("x");
    g_autofree guint8 *data = g_malloc (length + 1);
    g_autoptr (GBytes) bytes = NULL;
    g_autofree char *expected = NULL, *quoted = NULL;

    memset (data, (int) (0xf5 - length), length + 1);
    bytes = g_bytes_new (data, length);
    expected = g_base64_encode (data, length);
    quoted = g_strdup_printf ("x\"%s\"", expected);
    annot_json_append_base64 (out, bytes);
    g_assert_cmpstr (out->str, ==, quoted);
    g_assert_cmpuint (out->len, ==, strlen (quoted));
  }
}

static void
test_members (void)
{
  static const char *const leave_out[] = { "b", "frame", NULL };
  g_autoptr (GString) out = g_string_new ("{");

  annot_json_append_name (out, "first");
  annot_json_append_time (out, 500000);
  annot_json_append_members (out, "{ \"a\" : [1, 2],\"\\u0062\":1, \"fr\\u0061\" :1.0, \"b\":{}}", leave_out);
  annot_json_append_members (out, "{}", NULL);
  annot_json_append_members (out, NULL, NULL);
  g_string_append_c (out, '}');
  g_assert_cmpstr (out->str, ==, "{\"first\":\"1970-01-01T00:00:00.500000Z\",\"a\":[1, 2],\"fr\\u0061\":1.0}");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/json-writer/string", test_string);
  g_test_add_func ("/json-writer/double", test_double);
  g_test_add_func ("/json-writer/int", test_int);
  g_test_add_func ("/json-writer/base64", test_base64);
  g_test_add_func ("/json-writer/members", test_members);
  return g_test_run ();
}
