/* SPDX-License-Identifier: Apache-2.0 */
/* The JSON scanner accepts RFC 8259 and nothing else. */
#include "model/annot-json-reader.h"

#include <math.h>
#include <string.h>

/* In memory of exactly this size, so that valgrind and ASan see a byte read too far. */
static gboolean
is_valid (const char *text, gsize length, guint depth)
{
  g_autofree char *exact = g_memdup2 (text, length);

  return annot_json_validate (exact, length, depth, NULL);
}

static void
show (const char *text)
{
  g_autofree char *escaped = g_strescape (text, NULL);

  g_test_message ("%s", escaped);
}

static void
test_accept (void)
{
  static const char *const cases[] = {
    "{}",
    "[]",
    " [ ] ",
    "null",
    "true",
    "false",
    "0",
    "-0",
    "1.5e-7",
    "\"\"",
    "\"\\u00e4\\ud83d\\ude00\\/\"",
    "{\"a\":[1,{\"b\":\"c\"}]}",
    "[\"1234567\",\"12345678\",\"123456789\"]",
    "\"\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80\"",
    "\"\xed\x9f\xbf\xee\x80\x80\xf4\x8f\xbf\xbf\"",
    "{\"a\":1,\"a\":2}",
    "1e999",
    "\"\x7f\"",
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++) {
    show (cases[i]);
    g_assert_true (is_valid (cases[i], strlen (cases[i]), 32));
  }
}

static void
test_refuse (void)
{
  static const char *const cases[] = {
    "",
    " ",
    "{",
    "[",
    "]",
    "[1",
    "[1,",
    "[1,]",
    "[,1]",
    "[1 2]",
    "{\"a\"}",
    "{\"a\":}",
    "{\"a\":1,}",
    "{,}",
    "{a:1}",
    "{\"a\" 1}",
    "{1:2}",
    "[}",
    "{]",
    "1 2",
    "01",
    "-",
    "+1",
    ".5",
    "1.",
    "1e",
    "1e+",
    "0x1",
    "NaN",
    "Infinity",
    "tru",
    "nul",
    "True",
    "\"",
    "\"a",
    "\"\\\"",
    "\"\\x\"",
    "\"\\u12\"",
    "\"\\u12g4\"",
    "\"\\ud800\"",
    "\"\\udc00\"",
    "\"\\ud800\\ud800\"",
    "\"\\ud800x\"",
    "\"\n\"",
    "\"\t\"",
    "\"1234567\x01\"",
    "'a'",
    "// x\n1",
    "[1]x",
    "\xef\xbb\xbf{}",
    "\"\x80\"",
    "\"\xc0\x80\"",
    "\"\xc3\"",
    "\"\xe0\x80\x80\"",
    "\"\xed\xa0\x80\"",
    "\"\xf0\x80\x80\x80\"",
    "\"\xf4\x90\x80\x80\"",
    "\"\xf5\x80\x80\x80\"",
    "\"\xff\"",
    "\xa0[]",
    "[1,\f2]",
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++) {
    show (cases[i]);
    g_assert_false (is_valid (cases[i], strlen (cases[i]), 32));
  }
  g_assert_false (is_valid ("[1]\0", 4, 32));
  g_assert_false (is_valid ("\"\0\"", 3, 32));
}

/* Whatever is cut off a valid document (but white space) leaves an invalid one. */
static void
test_truncated (void)
{
  static const char text[] = "{\"a\": [1.5e+3, true, false, null, \"x\\u00e4\\ud83d\\ude00\xc3\xa4"
                             "\xe2\x82\xac\xf0\x9f\x98\x80 and more\"]}";

  for (gsize length = 0; length < sizeof text - 1; length++)
    g_assert_false (is_valid (text, length, 32));
  g_assert_true (is_valid (text, sizeof text - 1, 32));
}

/* Every position of a special byte within the words that the string scan reads at once. */
static void
test_word_edges (void)
{
  for (gsize length = 1; length < 40; length++)
    for (gsize at = 0; at < length; at++) {
      g_autofree char *text = g_malloc (length + 2);

      memset (text, 'x', length + 2);
      text[0] = text[length + 1] = '"';
      g_assert_true (is_valid (text, length + 2, 1));
      text[at + 1] = '\x1f';
      g_assert_false (is_valid (text, length + 2, 1));
      text[at + 1] = '\xff';
      g_assert_false (is_valid (text, length + 2, 1));
      text[at + 1] = '"';
      g_assert_cmpint (is_valid (text, length + 2, 1), ==, FALSE);
    }
}

static void
test_depth (void)
{
  g_autoptr (GString) text = g_string_new (NULL);

  for (guint i = 0; i < 33; i++)
    g_string_append (text, "[");
  for (guint i = 0; i < 33; i++)
    g_string_append (text, "]");
  g_assert_true (is_valid (text->str + 1, 64, 32));
  g_assert_false (is_valid (text->str, 66, 32));
  g_assert_false (is_valid ("[]", 2, 0));

  g_string_set_size (text, 10 * 1000 * 1000);
  memset (text->str, '[', text->len);
  g_assert_false (is_valid (text->str, text->len, G_MAXUINT));
}

static void
test_pull (void)
{
  static const char text[]
      = "{\"name\": \"a\\u0062\", \"n\\u0075m\" : -12.5, \"list\":[true,null,[],{}], \"rest\": {\"x\": [1, 2]} }";
  AnnotJsonReader reader;
  AnnotJsonSpan span;
  g_autofree char *name = NULL;
  double number;
  gboolean boolean;

  annot_json_reader_init (&reader, text, strlen (text), 32);
  g_assert_cmpint (annot_json_reader_peek (&reader), ==, ANNOT_JSON_OBJECT);
  g_assert_true (annot_json_reader_begin_object (&reader));
  g_assert_true (annot_json_reader_next_member (&reader, &span));
  g_assert_true (annot_json_span_equal (&span, "name"));
  g_assert_false (annot_json_span_equal (&span, "nam"));
  g_assert_true (annot_json_reader_read_string (&reader, &span));
  g_assert_true (span.escaped);
  name = annot_json_span_dup (&span);
  g_assert_cmpstr (name, ==, "ab");

  g_assert_true (annot_json_reader_next_member (&reader, &span));
  g_assert_true (annot_json_span_equal (&span, "num"));
  g_assert_true (annot_json_reader_read_number (&reader, &number));
  g_assert_cmpfloat (number, ==, -12.5);

  g_assert_true (annot_json_reader_next_member (&reader, &span));
  g_assert_true (annot_json_reader_begin_array (&reader));
  g_assert_true (annot_json_reader_next_element (&reader));
  g_assert_true (annot_json_reader_read_boolean (&reader, &boolean));
  g_assert_true (boolean);
  g_assert_true (annot_json_reader_next_element (&reader));
  g_assert_true (annot_json_reader_read_null (&reader));
  g_assert_true (annot_json_reader_next_element (&reader));
  g_assert_true (annot_json_reader_begin_array (&reader));
  g_assert_false (annot_json_reader_next_element (&reader));
  g_assert_true (annot_json_reader_next_element (&reader));
  g_assert_true (annot_json_reader_skip (&reader, NULL));
  g_assert_false (annot_json_reader_next_element (&reader));

  g_assert_true (annot_json_reader_next_member (&reader, &span));
  g_assert_true (annot_json_reader_skip (&reader, &span));
  g_assert_cmpmem (span.data, span.length, "{\"x\": [1, 2]}", 13);
  g_assert_false (annot_json_reader_next_member (&reader, &span));
  g_assert_true (annot_json_reader_finish (&reader));
}

static void
test_wrong_type (void)
{
  AnnotJsonReader reader;
  AnnotJsonSpan span;
  double number;
  gboolean boolean;

  annot_json_reader_init (&reader, "\"x\"", 3, 32);
  g_assert_false (annot_json_reader_begin_object (&reader));
  g_assert_true (annot_json_reader_failed (&reader));
  g_assert_false (annot_json_reader_read_string (&reader, &span));
  annot_json_reader_init (&reader, "\"x\"", 3, 32);
  g_assert_false (annot_json_reader_read_number (&reader, &number));
  annot_json_reader_init (&reader, "\"x\"", 3, 32);
  g_assert_false (annot_json_reader_read_boolean (&reader, &boolean));
  annot_json_reader_init (&reader, "\"x\"", 3, 32);
  g_assert_false (annot_json_reader_read_null (&reader));
  annot_json_reader_init (&reader, "\"x\"", 3, 32);
  g_assert_false (annot_json_reader_begin_array (&reader));
  annot_json_reader_init (&reader, "[", 1, 32);
  g_assert_true (annot_json_reader_begin_array (&reader));
  g_assert_false (annot_json_reader_finish (&reader));
}

static void
test_error_offset (void)
{
  g_autoptr (GError) error = NULL;

  g_assert_false (annot_json_validate ("{\"a\": 1, \"b\": x}", 16, 32, &error));
  g_assert_error (error, ANNOT_ERROR, ANNOT_ERROR_INVALID);
  g_assert_cmpstr (error->message, ==, "not valid JSON at byte 14: a value is expected");
}

static void
test_numbers (void)
{
  static const char *const cases[] = {
    "0",
    "-0",
    "1",
    "-1",
    "0.1",
    "0.5",
    "123456789012345",
    "1234567890123456",
    "0.123456789012345",
    "999999999999999",
    "9007199254740993",
    "1e22",
    "1e23",
    "1.7976931348623157e308",
    "5e-324",
    "2.2250738585072011e-308",
    "0.41",
    "100.25",
    "123456.789e-3",
    "3.141592653589793238462643383279502884197169399375105820974944592307816406286208998628034825342117",
  };
  AnnotJsonReader reader;
  double value;

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++) {
    double expected = g_ascii_strtod (cases[i], NULL);

    annot_json_reader_init (&reader, cases[i], strlen (cases[i]), 1);
    g_assert_true (annot_json_reader_read_number (&reader, &value));
    g_assert_cmpmem (&value, sizeof value, &expected, sizeof expected);
    g_assert_true (annot_json_reader_finish (&reader));
  }
  annot_json_reader_init (&reader, "-1e400", 6, 1);
  g_assert_false (annot_json_reader_read_number (&reader, &value));
}

static void
test_unescape (void)
{
  static const char text[] = "\\\"\\\\\\/\\b\\f\\n\\r\\t\\u00e4\\u20AC\\ud83d\\ude00 plain";
  AnnotJsonSpan span = { text, sizeof text - 1, TRUE }, zero = { "a\\u0000b", 8, TRUE };
  g_autofree char *plain = annot_json_span_dup (&span);

  g_assert_cmpstr (plain, ==, "\"\\/\b\f\n\r\t\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80 plain");
  g_assert_null (annot_json_span_dup (&zero));
  g_assert_false (annot_json_span_equal (&zero, "a"));
}

static void
test_find_member (void)
{
  static const char object[] = "{\"a\":{\"b\":1},\"b\":\"x\\ny\",\"c\":null}";
  g_autofree char *text = annot_json_dup_member (object, "b");
  AnnotJsonSpan value;

  g_assert_cmpstr (text, ==, "x\ny");
  g_assert_true (annot_json_find_member (object, "c", &value));
  g_assert_cmpmem (value.data, value.length, "null", 4);
  g_assert_false (annot_json_find_member (object, "d", &value));
  g_assert_null (annot_json_dup_member (object, "a"));
  g_assert_null (annot_json_dup_member (NULL, "a"));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/json-reader/accept", test_accept);
  g_test_add_func ("/json-reader/refuse", test_refuse);
  g_test_add_func ("/json-reader/truncated", test_truncated);
  g_test_add_func ("/json-reader/word-edges", test_word_edges);
  g_test_add_func ("/json-reader/depth", test_depth);
  g_test_add_func ("/json-reader/pull", test_pull);
  g_test_add_func ("/json-reader/wrong-type", test_wrong_type);
  g_test_add_func ("/json-reader/error-offset", test_error_offset);
  g_test_add_func ("/json-reader/numbers", test_numbers);
  g_test_add_func ("/json-reader/unescape", test_unescape);
  g_test_add_func ("/json-reader/find-member", test_find_member);
  return g_test_run ();
}
