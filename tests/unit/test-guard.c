/* SPDX-License-Identifier: Apache-2.0 */
/* Where a head ends, whatever pieces it comes in, and which heads are refused. */
#include "http/annot-guard.h"

#include <string.h>

static guint
check (const char *head)
{
  AnnotVerdict verdict;
  annot_guard_check (head, strlen (head), &verdict);
  return verdict.status;
}

static void
test_end_in_pieces (void)
{
  static const char head[] = "\r\nGET / HTTP/1.1\r\nHost: x\r\nX-A: 1\r\n\r\nGET /next";
  const gsize end = strlen (head) - strlen ("GET /next");
  for (gsize step = 1; step < sizeof head; step++) {
    gsize scanned = 0;
    gssize found = 0;
    AnnotVerdict verdict = { 0 };
    for (gsize length = step; found == 0 && length < sizeof head - 1 + step; length += step) {
      found = annot_guard_find_end (head, MIN (length, sizeof head - 1), &scanned, &verdict);
    }
    g_assert_cmpint (found, ==, end);
    g_assert_cmpuint (scanned, ==, 0);
  }
}

static void
test_end_refused (void)
{
  gsize scanned = 0;
  AnnotVerdict verdict = { 0 };
  g_assert_cmpint (annot_guard_find_end ("GET / HTTP/1.1\n", 15, &scanned, &verdict), ==, -1);
  g_assert_cmpuint (verdict.status, ==, 400);
  g_autofree char *target = g_strnfill (ANNOT_GUARD_MAX_TARGET + 65, 'a');
  scanned = 0;
  g_assert_cmpint (annot_guard_find_end (target, strlen (target), &scanned, &verdict), ==, -1);
  g_assert_cmpuint (verdict.status, ==, 414);
  g_autofree char *value = g_strnfill (ANNOT_GUARD_MAX_HEAD + 1, 'a');
  g_autofree char *head = g_strconcat ("GET / HTTP/1.1\r\nX: ", value, NULL);
  scanned = 0;
  g_assert_cmpint (annot_guard_find_end (head, strlen (head), &scanned, &verdict), ==, -1);
  g_assert_cmpuint (verdict.status, ==, 431);
}

static void
test_framing (void)
{
#define POST "POST / HTTP/1.1\r\nHost: x\r\n"
  g_assert_cmpuint (check (POST "Content-Length: 5\r\n\r\n"), ==, 0);
  g_assert_cmpuint (check (POST "content-length:5\t\r\n\r\n"), ==, 0);
  g_assert_cmpuint (check (POST "Content-Length: 5\r\nContent-Length: 5\r\n\r\n"), ==, 400);
  g_assert_cmpuint (check (POST "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n"), ==, 400);
  g_assert_cmpuint (check (POST "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n"), ==, 400);
  g_assert_cmpuint (check (POST "Transfer-Encoding: Chunked \r\n\r\n"), ==, 0);
  g_assert_cmpuint (check (POST "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n"), ==, 400);
  g_assert_cmpuint (check (POST "Transfer-Encoding: chunked, chunked\r\n\r\n"), ==, 501);
  g_assert_cmpuint (check (POST "Transfer-Encoding: chunked;a=b\r\n\r\n"), ==, 501);
  g_assert_cmpuint (check (POST "Transfer-Encoding: \vchunked\r\n\r\n"), ==, 400);
  g_assert_cmpuint (check (POST "Transfer-Encoding: gzip, chunked\r\n\r\n"), ==, 501);
  g_assert_cmpuint (check (POST "Content-Length: 5 5\r\n\r\n"), ==, 400);
  g_assert_cmpuint (check (POST "Content-Length: 1234567890123456\r\n\r\n"), ==, 400);
  g_assert_cmpuint (check (POST "X-A: 1\r\n folded\r\n\r\n"), ==, 400);
  g_assert_cmpuint (check (POST "X-A : 1\r\n\r\n"), ==, 400);
  g_assert_cmpuint (check (POST "Host: x\r\n\r\n"), ==, 400);
  g_assert_cmpuint (check ("\r\n\r\n"), ==, 400);
#undef POST
}

static void
test_connection (void)
{
  static const struct {
    const char *head;
    gboolean keep_alive;
  } cases[] = {
    { "GET / HTTP/1.1\r\nHost: x\r\n\r\n", TRUE },
    { "GET / HTTP/1.1\r\nHost: x\r\nConnection: keep-alive, Upgrade\r\n\r\n", TRUE },
    { "GET / HTTP/1.1\r\nHost: x\r\nConnection: TE , Close\r\n\r\n", FALSE },
    { "GET / HTTP/1.1\r\nHost: x\r\nConnection: TE\r\nConnection: close\r\n\r\n", FALSE },
    { "GET / HTTP/1.1\r\nHost: x\r\nConnection: closed\r\n\r\n", TRUE },
    { "GET / HTTP/1.0\r\n\r\n", FALSE },
  };
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    AnnotVerdict verdict;
    annot_guard_check (cases[i].head, strlen (cases[i].head), &verdict);
    g_assert_cmpuint (verdict.status, ==, 0);
    g_assert_cmpint (verdict.keep_alive, ==, cases[i].keep_alive);
  }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/guard/end-in-pieces", test_end_in_pieces);
  g_test_add_func ("/guard/end-refused", test_end_refused);
  g_test_add_func ("/guard/framing", test_framing);
  g_test_add_func ("/guard/connection", test_connection);
  return g_test_run ();
}
