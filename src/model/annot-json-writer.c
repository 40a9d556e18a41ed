/* SPDX-License-Identifier: Apache-2.0 */
/* Builds JSON text. */
#include "annot-json-writer.h"

#include <math.h>
#include <string.h>

#include "annot-json-field.h"
#include "annot-time.h"

#define DECIMALS_SCALE 1000000

static void
append_escape (GString *out, guchar c)
{
  switch (c) {
  case '"':
    g_string_append (out, "\\\"");
    break;
  case '\\':
    g_string_append (out, "\\\\");
    break;
  case '\n':
    g_string_append (out, "\\n");
    break;
  case '\r':
    g_string_append (out, "\\r");
    break;
  case '\t':
    g_string_append (out, "\\t");
    break;
  default:
    g_string_append_printf (out, "\\u%04x", c);
  }
}

void
annot_json_append_string (GString *out, const char *text, gssize length)
{
  const char *end, *plain;

  if (!text) {
    g_string_append (out, "null");
    return;
  }
  end = text + (length < 0 ? strlen (text) : (gsize) length);
  g_string_append_c (out, '"');
  for (plain = text; text < end; text++) {
    guchar c = (guchar) *text;

    if (c >= 0x20 && c != '"' && c != '\\')
      continue;
    g_string_append_len (out, plain, text - plain);
    append_escape (out, c);
    plain = text + 1;
  }
  g_string_append_len (out, plain, end - plain);
  g_string_append_c (out, '"');
}

void
annot_json_append_int (GString *out, gint64 value)
{
  char buffer[24], *at = buffer + sizeof buffer;
  guint64 rest = value < 0 ? 0 - (guint64) value : (guint64) value;

  do {
    *--at = (char) ('0' + rest % 10);
    rest /= 10;
  } while (rest);
  if (value < 0)
    *--at = '-';
  g_string_append_len (out, at, buffer + sizeof buffer - at);
}

/* The quotient of two numbers that a double holds exactly is the double nearest to the decimal that they make: what has
 * up to six decimals, as confidences and priorities have, needs no formatting and no reading back. */
static gboolean
append_short_decimal (GString *out, double value)
{
  const double scaled = nearbyint (value * DECIMALS_SCALE);
  gint64 rest;
  char digits[] = ".000000";
  gsize length = sizeof digits - 1;

  if (!(fabs (value) >= 1e-4 && fabs (value) < 1e6) || scaled / DECIMALS_SCALE != value)
    return FALSE;
  rest = (gint64) fabs (scaled);
  if (value < 0)
    g_string_append_c (out, '-');
  annot_json_append_int (out, rest / DECIMALS_SCALE);
  rest %= DECIMALS_SCALE;
  for (gsize i = length - 1; i > 0; i--, rest /= 10)
    digits[i] = (char) ('0' + rest % 10);
  while (digits[length - 1] == '0')
    length--;
  g_string_append_len (out, digits, (gssize) length);
  return TRUE;
}

void
annot_json_append_double (GString *out, double value)
{
  static const char *const formats[] = { "%.15g", "%.16g", "%.17g" };
  char buffer[G_ASCII_DTOSTR_BUF_SIZE];

  if (!isfinite (value)) {
    g_string_append (out, "null");
    return;
  }
  if (fabs (value) < 1e15 && trunc (value) == value && !(value == 0 && signbit (value))) {
    annot_json_append_int (out, (gint64) value);
    return;
  }
  if (append_short_decimal (out, value))
    return;
  for (guint i = 0; i < G_N_ELEMENTS (formats); i++) {
    g_ascii_formatd (buffer, sizeof buffer, formats[i], value);
    if (g_ascii_strtod (buffer, NULL) == value)
      break;
  }
  g_string_append (out, buffer);
}

void
annot_json_append_time (GString *out, gint64 time)
{
  g_autofree char *text = annot_time_format (time);

  g_string_append_c (out, '"');
  g_string_append (out, text);
  g_string_append_c (out, '"');
}

void
annot_json_append_base64 (GString *out, GBytes *bytes)
{
  gsize length, start = out->len + 1, written;
  const guint8 *data = g_bytes_get_data (bytes, &length);
  int state = 0, save = 0;

  /* g_base64_encode_step() and _close() need at most this much. */
  g_string_set_size (out, start + (length / 3 + 1) * 4 + 4);
  out->str[start - 1] = '"';
  written = g_base64_encode_step (data, length, FALSE, out->str + start, &state, &save);
  written += g_base64_encode_close (FALSE, out->str + start + written, &state, &save);
  g_string_truncate (out, start + written);
  g_string_append_c (out, '"');
}

void
annot_json_append_name (GString *out, const char *name)
{
  if (out->len > 0 && out->str[out->len - 1] != '{')
    g_string_append_c (out, ',');
  g_string_append_c (out, '"');
  g_string_append (out, name);
  g_string_append_len (out, "\":", 2);
}

static gboolean
is_left_out (const AnnotJsonSpan *name, const char *const *leave_out)
{
  for (; leave_out && *leave_out; leave_out++)
    if (annot_json_span_equal (name, *leave_out))
      return TRUE;
  return FALSE;
}

/**
 * annot_json_append_members:
 * @out: an object that has begun
 * @object: (nullable): JSON text of an object, known to be valid
 * @leave_out: (nullable) (array zero-terminated=1): names of members to leave out
 *
 * Appends the members of @object byte for byte.
 */
void
annot_json_append_members (GString *out, const char *object, const char *const *leave_out)
{
  AnnotJsonReader reader;
  AnnotJsonSpan name, value;

  if (!object)
    return;
  annot_json_reader_init (&reader, object, strlen (object), G_MAXUINT);
  if (!annot_json_reader_begin_object (&reader))
    return;
  while (annot_json_reader_next_member (&reader, &name) && annot_json_reader_skip (&reader, &value)) {
    if (!is_left_out (&name, leave_out))
      annot_field_append_raw (out, &name, &value);
  }
}

void
annot_json_append_member_string (GString *out, const char *name, const char *value)
{
  annot_json_append_name (out, name);
  annot_json_append_string (out, value, -1);
}

void
annot_json_append_member_int (GString *out, const char *name, gint64 value)
{
  annot_json_append_name (out, name);
  annot_json_append_int (out, value);
}

void
annot_json_append_member_double (GString *out, const char *name, double value)
{
  annot_json_append_name (out, name);
  annot_json_append_double (out, value);
}

void
annot_json_append_member_time (GString *out, const char *name, gint64 time)
{
  annot_json_append_name (out, name);
  annot_json_append_time (out, time);
}
