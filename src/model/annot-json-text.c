/* SPDX-License-Identifier: Apache-2.0 */
/* Scans the strings and numbers of a JSON document. */
#include "annot-json-text.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define ONES G_GUINT64_CONSTANT (0x0101010101010101)

/* The first byte that is a control character, a quote, a backslash or not ASCII; eight bytes at a time. Subtracting
 * from a byte sets its high bit when it was smaller; a borrow reaches only bytes behind one that was found already. */
static inline const char *
skip_plain (const char *at, const char *end)
{
  while (end - at >= 8) {
    guint64 word, quote, backslash, special;

    memcpy (&word, at, 8);
    word = GUINT64_FROM_LE (word);
    quote = word ^ (ONES * '"');
    backslash = word ^ (ONES * '\\');
    special = ((word - ONES * 0x20) | (quote - ONES) | (backslash - ONES) | word) & (ONES * 0x80);
    if (special)
      return at + __builtin_ctzll (special) / 8;
    at += 8;
  }
  while (at < end && (guchar) *at >= 0x20 && (guchar) *at < 0x80 && *at != '"' && *at != '\\')
    at++;
  return at;
}

static inline gboolean
continues (const guchar *at, gsize n)
{
  for (gsize i = 1; i <= n; i++)
    if ((at[i] & 0xc0) != 0x80)
      return FALSE;
  return TRUE;
}

/* The length of the well-formed sequence of several bytes that starts here (Unicode, table 3-7); 0 when there is none.
 */
static gsize
utf8_sequence (const char *text, gsize left)
{
  const guchar *at = (const guchar *) text;

  if (at[0] >= 0xc2 && at[0] <= 0xdf)
    return left >= 2 && continues (at, 1) ? 2 : 0;
  if (at[0] >= 0xe0 && at[0] <= 0xef) {
    if (left < 3 || !continues (at, 2))
      return 0;
    return (at[0] == 0xe0 && at[1] < 0xa0) || (at[0] == 0xed && at[1] > 0x9f) ? 0 : 3;
  }
  if (at[0] >= 0xf0 && at[0] <= 0xf4) {
    if (left < 4 || !continues (at, 3))
      return 0;
    return (at[0] == 0xf0 && at[1] < 0x90) || (at[0] == 0xf4 && at[1] > 0x8f) ? 0 : 4;
  }
  return 0;
}

/* Four hexadecimal digits, or -1. */
static gint32
hex4 (const char *at, gsize left)
{
  gint32 value = 0;

  if (left < 4)
    return -1;
  for (gsize i = 0; i < 4; i++) {
    int digit = g_ascii_xdigit_value (at[i]);

    if (digit < 0)
      return -1;
    value = value * 16 + digit;
  }
  return value;
}

/* The length of the escape that starts here; 0 and problem when it is wrong. */
static gsize
escape_length (const char *at, gsize left, const char **problem)
{
  gint32 unit;

  if (left >= 2 && at[1] != '\0' && strchr ("\"\\/bfnrt", at[1]))
    return 2;
  if (left < 2 || at[1] != 'u' || (unit = hex4 (at + 2, left - 2)) < 0) {
    *problem = "the escape is not one of JSON's";
    return 0;
  }
  if (unit < 0xd800 || unit > 0xdfff)
    return 6;
  if (unit <= 0xdbff && left >= 12 && at[6] == '\\' && at[7] == 'u') {
    gint32 low = hex4 (at + 8, left - 8);

    if (low >= 0xdc00 && low <= 0xdfff)
      return 12;
  }
  *problem = "half of a surrogate pair stands alone";
  return 0;
}

const char *
annot_json_scan_string (const char *at, const char *end, gboolean *escaped, const char **problem)
{
  for (;;) {
    gsize length;

    at = skip_plain (at, end);
    if (at == end) {
      *problem = "the string does not end";
      return at;
    }
    if (*at == '"')
      return at;
    if (*at == '\\') {
      *escaped = TRUE;
      length = escape_length (at, (gsize) (end - at), problem);
    } else if ((guchar) *at < 0x20) {
      *problem = "a control character must be escaped";
      length = 0;
    } else {
      length = utf8_sequence (at, (gsize) (end - at));
      if (length == 0)
        *problem = "not valid UTF-8";
    }
    if (length == 0)
      return at;
    at += length;
  }
}

static inline const char *
skip_digits (const char *at, const char *end)
{
  while (at < end && g_ascii_isdigit (*at))
    at++;
  return at;
}

static const char *
need_digits (const char *at, const char *end, const char **problem)
{
  const char *behind = skip_digits (at, end);

  if (behind == at)
    *problem = "a digit is expected";
  return behind;
}

const char *
annot_json_scan_number (const char *at, const char *end, const char **problem)
{
  if (at < end && *at == '-')
    at++;
  if (at < end && *at == '0')
    at++;
  else
    at = need_digits (at, end, problem);
  if (!*problem && at < end && *at == '.')
    at = need_digits (at + 1, end, problem);
  if (!*problem && at < end && (*at == 'e' || *at == 'E')) {
    at++;
    if (at < end && (*at == '+' || *at == '-'))
      at++;
    at = need_digits (at, end, problem);
  }
  return at;
}

/* With at most 15 digits and a power of ten up to 22 both are exact in a double, so that one division rounds correctly
 * (Clinger, "How to read floating point numbers accurately", 1990). FALSE when the number is not of this kind. */
static gboolean
short_number (const char *text, gsize length, double *value)
{
  static const double powers[]
      = { 1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15 };
  gint64 digits = 0;
  gsize count = 0, fraction = 0, i = 0;
  gboolean negative = text[0] == '-', dot = FALSE;

  for (i = negative; i < length; i++) {
    if (text[i] == '.') {
      dot = TRUE;
    } else if (g_ascii_isdigit (text[i]) && ++count <= 15) {
      digits = digits * 10 + (text[i] - '0');
      fraction += dot;
    } else {
      return FALSE;
    }
  }
  *value = (double) digits / powers[fraction];
  if (negative)
    *value = -*value;
  return TRUE;
}

gboolean
annot_json_number_value (const char *text, gsize length, double *value)
{
  char buffer[64];
  g_autofree char *large = NULL;
  char *copy = buffer;

  if (short_number (text, length, value))
    return TRUE;
  if (length >= sizeof buffer)
    copy = large = g_malloc (length + 1);
  memcpy (copy, text, length);
  copy[length] = '\0';
  *value = g_ascii_strtod (copy, NULL);
  return isfinite (*value);
}

gsize
annot_json_unescape (const char *text, gsize length, char *out)
{
  static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
  const char *at = text, *end = text + length;
  char *start = out;

  while (at < end) {
    const char *backslash = memchr (at, '\\', (gsize) (end - at));
    gsize plain = (gsize) ((backslash ? backslash : end) - at);
    gunichar unit;

    memmove (out, at, plain);
    out += plain;
    at += plain;
    if (!backslash)
      break;
    if (at[1] != 'u') {
      *out++ = to[strchr (from, at[1]) - from];
      at += 2;
      continue;
    }
    unit = (gunichar) hex4 (at + 2, 4);
    at += 6;
    if (unit >= 0xd800 && unit <= 0xdbff) {
      unit = 0x10000 + ((unit - 0xd800) << 10) + ((gunichar) hex4 (at + 2, 4) - 0xdc00);
      at += 6;
    }
    out += g_unichar_to_utf8 (unit, out);
  }
  return (gsize) (out - start);
}
