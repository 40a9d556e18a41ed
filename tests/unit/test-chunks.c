/* SPDX-License-Identifier: Apache-2.0 */
/* Bodies in chunks: what they hold, where they end, and what is no chunk. */
#include "http/annot-chunks.h"

#include <string.h>

#define LIMIT 1000

/* Read in pieces of that size: the result must not depend on where the network cuts. */
static AnnotChunksState
read_in_pieces (const char *text, gsize piece, gsize *used, GByteArray *body)
{
  AnnotChunks chunks = { 0 };
  AnnotChunksState state = ANNOT_CHUNKS_MORE;
  gsize length = strlen (text);
  *used = 0;
  for (gsize at = 0; at < length && state == ANNOT_CHUNKS_MORE; at += piece) {
    gsize count = 0;
    state = annot_chunks_read (&chunks, (const guint8 *) text + at, MIN (piece, length - at), &count, body, LIMIT);
    *used += count;
  }
  return state;
}

static void
check (const char *text, AnnotChunksState expected, const char *expected_body, const char *rest)
{
  for (gsize piece = 1; piece <= strlen (text); piece++) {
    g_autoptr (GByteArray) body = g_byte_array_new ();
    gsize used;
    AnnotChunksState state = read_in_pieces (text, piece, &used, body);
    g_assert_cmpint (state, ==, expected);
    if (state == ANNOT_CHUNKS_DONE) {
      g_assert_cmpmem (body->data, body->len, expected_body, strlen (expected_body));
      g_assert_cmpstr (text + used, ==, rest);
    }
  }
}

static void
test_good (void)
{
  check ("0\r\n\r\n", ANNOT_CHUNKS_DONE, "", "");
  check ("3\r\nabc\r\n0\r\n\r\nGET /", ANNOT_CHUNKS_DONE, "abc", "GET /");
  check ("00A\r\n0123456789\r\n1\r\n\n\r\n000\r\n\r\n", ANNOT_CHUNKS_DONE, "0123456789\n", "");
  check ("1;a=\"b\";c\r\nx\r\n0;d\r\nX-A: 1\r\nX-B:\r\n\r\nY", ANNOT_CHUNKS_DONE, "x", "Y");
  check ("3\r\nab", ANNOT_CHUNKS_MORE, NULL, NULL);
  check ("3\r\nabc\r\n0\r\n", ANNOT_CHUNKS_MORE, NULL, NULL);
}

static void
test_bad (void)
{
  static const char *const bodies[] = {
    "\r\n",
    "x\r\n",
    "-1\r\n",
    "+1\r\n",
    " 1\r\n",
    "0x1\r\n",
    "1 \r\nx\r\n",
    "1\nx\r\n",
    "1\r\rx",
    "1;a\nx",
    "1;\001\r\n",
    "123456789\r\n",
    "000000001\r\n",
    "1\r\nxy\r\n",
    "1\r\nx\n0",
    "1\r\nx\r0",
    "0\r\n\n",
    "0\r\nX: 1\n",
    "0\r\n X: 1\r\n",
    "0\r\nX:\001\r\n",
    "0\r\n: 1\r\n",
    "0\r\n\rX",
    "1\r\nx\r\n\r\n\r\n",
  };
  for (gsize i = 0; i < G_N_ELEMENTS (bodies); i++) {
    check (bodies[i], ANNOT_CHUNKS_BAD, NULL, NULL);
  }
}

static void
test_limits (void)
{
  check ("3e9\r\n", ANNOT_CHUNKS_TOO_LARGE, NULL, NULL);
  check ("ffffffff\r\n", ANNOT_CHUNKS_TOO_LARGE, NULL, NULL);
  g_autoptr (GByteArray) body = g_byte_array_new ();
  AnnotChunks chunks = { 0 };
  AnnotChunksState state = ANNOT_CHUNKS_MORE;
  gsize used;
  guint rounds = 0;
  for (; state == ANNOT_CHUNKS_MORE && rounds < 10000; rounds++) {
    state = annot_chunks_read (&chunks, (const guint8 *) "1;aaaaaaaa\r\nx\r\n", 15, &used, body, G_MAXUINT);
  }
  g_assert_cmpint (state, ==, ANNOT_CHUNKS_BAD);
  g_assert_cmpuint (rounds, <, ANNOT_CHUNKS_MAX_EXTRA);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/chunks/good", test_good);
  g_test_add_func ("/chunks/bad", test_bad);
  g_test_add_func ("/chunks/limits", test_limits);
  return g_test_run ();
}
