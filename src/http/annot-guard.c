/* SPDX-License-Identifier: Apache-2.0 */
/* Checks the bytes of a request's head before anything else reads them. */
#include "annot-guard.h"

#include <string.h>

typedef struct {
  const char *data;
  gsize length;
} Span;

typedef struct {
  AnnotVerdict *verdict;
  guint n_headers;
  guint n_host;
  guint n_length;
  guint n_transfer;
  guint n_authorization;
  guint n_content_type;
  guint n_origin;
} Tally;

static gboolean
refuse (AnnotVerdict *verdict, guint status, const char *detail)
{
  verdict->status = status;
  verdict->detail = detail;
  return FALSE;
}

static gboolean
is_token_char (char c)
{
  return g_ascii_isalnum (c) || (c != '\0' && strchr ("!#$%&'*+-.^_`|~", c) != NULL);
}

static gboolean
is_token (Span span)
{
  for (gsize i = 0; i < span.length; i++) {
    if (!is_token_char (span.data[i])) {
      return FALSE;
    }
  }
  return span.length > 0;
}

static gboolean
equals (Span span, const char *name)
{
  return strlen (name) == span.length && g_ascii_strncasecmp (span.data, name, span.length) == 0;
}

static Span
strip (Span span)
{
  while (span.length > 0 && (span.data[0] == ' ' || span.data[0] == '\t')) {
    span.data++;
    span.length--;
  }
  while (span.length > 0 && (span.data[span.length - 1] == ' ' || span.data[span.length - 1] == '\t')) {
    span.length--;
  }
  return span;
}

gssize
annot_guard_find_end (const char *data, gsize length, gsize *scanned, AnnotVerdict *verdict)
{
  gsize at = *scanned;
  gsize blank = 0;
  while (blank < at && data[blank] == '\r' && data[blank + 1] == '\n') {
    blank += 2;
  }
  gboolean blank_so_far = blank == at;
  while (at < length) {
    const char *newline = memchr (data + at, '\n', length - at);
    if (newline == NULL) {
      break;
    }
    gsize end = newline - data;
    if (end == 0 || data[end - 1] != '\r') {
      refuse (verdict, 400, "a line must end with CR LF");
      return -1;
    }
    /* An empty line ends the head, unless nothing has come before it: RFC 9112, 2.2 */
    if (end - at == 1) {
      if (!blank_so_far && end >= ANNOT_GUARD_MAX_HEAD) {
        refuse (verdict, 431, "the head is larger than 32 KiB");
        return -1;
      }
      if (!blank_so_far) {
        *scanned = 0;
        return (gssize)end + 1;
      }
    } else {
      blank_so_far = FALSE;
    }
    at = end + 1;
    *scanned = at;
  }
  if (*scanned == 0 && length > ANNOT_GUARD_MAX_TARGET + 64) {
    refuse (verdict, 414, "the request target is longer than 8 KiB");
    return -1;
  }
  if (length > ANNOT_GUARD_MAX_HEAD) {
    refuse (verdict, 431, "the head is larger than 32 KiB");
    return -1;
  }
  return 0;
}

static gboolean
check_request_line (Span line, AnnotVerdict *verdict)
{
  const char *end = line.data + line.length;
  const char *space = memchr (line.data, ' ', line.length);
  if (space == NULL || !is_token ((Span){ line.data, space - line.data })) {
    return refuse (verdict, 400, "the request line must read METHOD TARGET HTTP/1.1");
  }
  const char *target = space + 1;
  space = memchr (target, ' ', end - target);
  if (space == NULL || space == target) {
    return refuse (verdict, 400, "the request line must read METHOD TARGET HTTP/1.1");
  }
  if (space - target > ANNOT_GUARD_MAX_TARGET) {
    return refuse (verdict, 414, "the request target is longer than 8 KiB");
  }
  for (const char *c = target; c < space; c++) {
    if ((guchar)*c <= ' ' || (guchar)*c >= 0x7f) {
      return refuse (verdict, 400, "the request target holds bytes that must be percent-encoded");
    }
  }
  Span version = { space + 1, end - space - 1 };
  if (version.length == 8 && memcmp (version.data, "HTTP/1.1", 8) == 0) {
    verdict->keep_alive = TRUE;
  } else if (version.length == 8 && memcmp (version.data, "HTTP/1.0", 8) == 0) {
    verdict->is_http_1_0 = TRUE;
  } else {
    return refuse (verdict, version.length > 5 && memcmp (version.data, "HTTP/", 5) == 0 ? 505 : 400,
                   "the version must be HTTP/1.1");
  }
  return TRUE;
}

static gboolean
check_length (Span value, AnnotVerdict *verdict)
{
  gint64 length = 0;
  for (gsize i = 0; i < value.length; i++) {
    if (!g_ascii_isdigit (value.data[i]) || i >= 15) {
      return refuse (verdict, 400, "Content-Length must be a plain number");
    }
    length = length * 10 + (value.data[i] - '0');
  }
  verdict->content_length = length;
  return value.length > 0 || refuse (verdict, 400, "Content-Length is empty");
}

static gboolean
check_host (Span value, AnnotVerdict *verdict)
{
  for (gsize i = 0; i < value.length; i++) {
    if (!g_ascii_isalnum (value.data[i]) && strchr ("-._~:[]%", value.data[i]) == NULL) {
      return refuse (verdict, 400, "Host holds bytes that no host name has");
    }
  }
  return (value.length > 0 && value.length <= 255) || refuse (verdict, 400, "Host is empty or too long");
}

static void
check_connection (Span value, AnnotVerdict *verdict)
{
  while (value.length > 0) {
    const char *comma = memchr (value.data, ',', value.length);
    Span option = { value.data, comma == NULL ? value.length : (gsize)(comma - value.data) };
    if (equals (strip (option), "close")) {
      verdict->keep_alive = FALSE;
    }
    gsize used = option.length + (comma != NULL);
    value.data += used;
    value.length -= used;
  }
}

static gboolean
check_known (Span name, Span value, Tally *tally)
{
  AnnotVerdict *verdict = tally->verdict;
  if (equals (name, "host")) {
    return (++tally->n_host == 1 || refuse (verdict, 400, "Host comes twice")) && check_host (value, verdict);
  }
  if (equals (name, "content-length")) {
    return (++tally->n_length == 1 || refuse (verdict, 400, "Content-Length comes twice"))
           && check_length (value, verdict);
  }
  if (equals (name, "transfer-encoding")) {
    tally->n_transfer++;
    return equals (value, "chunked") || refuse (verdict, 501, "this Transfer-Encoding is not known here");
  }
  if (equals (name, "connection")) {
    check_connection (value, verdict);
  } else if (equals (name, "expect")) {
    verdict->expect_continue = TRUE;
    return equals (value, "100-continue") || refuse (verdict, 417, "only 100-continue can be expected");
  } else if (equals (name, "authorization")) {
    return ++tally->n_authorization == 1 || refuse (verdict, 400, "Authorization comes twice");
  } else if (equals (name, "content-type")) {
    return ++tally->n_content_type == 1 || refuse (verdict, 400, "Content-Type comes twice");
  } else if (equals (name, "origin")) {
    return ++tally->n_origin == 1 || refuse (verdict, 400, "Origin comes twice");
  }
  return TRUE;
}

static gboolean
check_header (Span line, Tally *tally)
{
  AnnotVerdict *verdict = tally->verdict;
  if (++tally->n_headers > ANNOT_GUARD_MAX_HEADERS) {
    return refuse (verdict, 431, "there are more than 100 headers");
  }
  const char *colon = memchr (line.data, ':', line.length);
  if (colon == NULL || !is_token ((Span){ line.data, colon - line.data })) {
    return refuse (verdict, 400, "a header must read NAME: VALUE on one line");
  }
  Span value = strip ((Span){ colon + 1, line.data + line.length - colon - 1 });
  for (gsize i = 0; i < value.length; i++) {
    guchar c = value.data[i];
    if ((c < ' ' && c != '\t') || c == 0x7f) {
      return refuse (verdict, 400, "a header holds a control byte");
    }
  }
  return check_known ((Span){ line.data, colon - line.data }, value, tally);
}

static void
check_framing (const Tally *tally)
{
  AnnotVerdict *verdict = tally->verdict;
  if (tally->n_host == 0 && !verdict->is_http_1_0) {
    refuse (verdict, 400, "Host is missing");
  } else if (tally->n_transfer > 0 && tally->n_length > 0) {
    refuse (verdict, 400, "Transfer-Encoding and Content-Length exclude each other");
  } else if (tally->n_transfer > 1 || (tally->n_transfer == 1 && verdict->is_http_1_0)) {
    refuse (verdict, 400, "Transfer-Encoding is not allowed here");
  }
  verdict->is_chunked = tally->n_transfer == 1;
}

void
annot_guard_check (const char *head, gsize length, AnnotVerdict *verdict)
{
  Tally tally = { .verdict = verdict };
  const char *at = head;
  const char *end = head + length;
  gboolean is_first = TRUE;
  memset (verdict, 0, sizeof *verdict);
  while (at < end) {
    const char *newline = memchr (at, '\n', end - at);
    if (newline == NULL || newline == at || newline[-1] != '\r') {
      refuse (verdict, 400, "a line must end with CR LF");
      return;
    }
    Span line = { at, newline - at - 1 };
    at = newline + 1;
    if (line.length == 0) {
      continue; /* before the request line, or the end of the head */
    }
    if (!(is_first ? check_request_line (line, verdict) : check_header (line, &tally))) {
      return;
    }
    is_first = FALSE;
  }
  if (is_first) {
    refuse (verdict, 400, "there is no request line");
    return;
  }
  check_framing (&tally);
}
