/* SPDX-License-Identifier: Apache-2.0 */
/* Decodes frames from base64 and tells what they are from their first bytes. */
#include "annot-frame.h"

#include <openssl/evp.h>

#include <string.h>

static const guint8 png_signature[] = { 0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n' };

AnnotFrameType
annot_frame_sniff (const guint8 *data, gsize length)
{
  if (length >= 3 && data[0] == 0xff && data[1] == 0xd8 && data[2] == 0xff)
    return ANNOT_FRAME_JPEG;
  if (length >= sizeof png_signature && memcmp (data, png_signature, sizeof png_signature) == 0)
    return ANNOT_FRAME_PNG;
  if (length >= 12 && memcmp (data, "RIFF", 4) == 0 && memcmp (data + 8, "WEBP", 4) == 0)
    return ANNOT_FRAME_WEBP;
  return ANNOT_FRAME_NONE;
}

static guint
big_endian (const guint8 *at, guint n)
{
  guint value = 0;

  for (guint i = 0; i < n; i++)
    value = value << 8 | at[i];
  return value;
}

static guint
little_endian (const guint8 *at, guint n)
{
  guint value = 0;

  while (n-- > 0)
    value = value << 8 | at[n];
  return value;
}

/* SOF0 … SOF15, without the DHT, JPG and DAC markers among them (ITU-T T.81, table B.1). */
static gboolean
is_start_of_frame (guint8 marker)
{
  return marker >= 0xc0 && marker <= 0xcf && marker != 0xc4 && marker != 0xc8 && marker != 0xcc;
}

static gboolean
get_jpeg_size (const guint8 *data, gsize length, guint *width, guint *height)
{
  gsize at = 2;

  while (at + 4 <= length && data[at] == 0xff) {
    guint8 marker = data[at + 1];

    if (marker == 0xff) {
      at++;
    } else if (marker == 0x01 || (marker >= 0xd0 && marker <= 0xd8)) {
      at += 2;
    } else if (marker == 0xd9 || marker == 0xda) {
      return FALSE;
    } else if (is_start_of_frame (marker)) {
      if (at + 9 > length)
        return FALSE;
      *height = big_endian (data + at + 5, 2);
      *width = big_endian (data + at + 7, 2);
      return TRUE;
    } else {
      at += 2 + big_endian (data + at + 2, 2);
    }
  }
  return FALSE;
}

/* The first chunk is VP8 (RFC 6386, 9.1), VP8L or VP8X (RFC 9649, 2.7). */
static gboolean
get_webp_size (const guint8 *data, gsize length, guint *width, guint *height)
{
  if (length < 30)
    return FALSE;
  if (memcmp (data + 12, "VP8 ", 4) == 0 && data[23] == 0x9d && data[24] == 0x01 && data[25] == 0x2a) {
    *width = little_endian (data + 26, 2) & 0x3fff;
    *height = little_endian (data + 28, 2) & 0x3fff;
  } else if (memcmp (data + 12, "VP8L", 4) == 0 && data[20] == 0x2f) {
    guint bits = little_endian (data + 21, 4);

    *width = (bits & 0x3fff) + 1;
    *height = (bits >> 14 & 0x3fff) + 1;
  } else if (memcmp (data + 12, "VP8X", 4) == 0) {
    *width = little_endian (data + 24, 3) + 1;
    *height = little_endian (data + 27, 3) + 1;
  } else {
    return FALSE;
  }
  return TRUE;
}

/**
 * annot_frame_get_size:
 * @frame: (nullable): an image
 * @width: (out): pixels
 * @height: (out): pixels
 *
 * Reads the image's header only.
 *
 * Returns: %TRUE when both are known and not 0
 */
gboolean
annot_frame_get_size (GBytes *frame, guint *width, guint *height)
{
  const guint8 *data;
  gsize length;
  gboolean known = FALSE;

  *width = *height = 0;
  if (!frame)
    return FALSE;
  data = g_bytes_get_data (frame, &length);
  switch (annot_frame_sniff (data, length)) {
  case ANNOT_FRAME_JPEG:
    known = get_jpeg_size (data, length, width, height);
    break;
  case ANNOT_FRAME_PNG:
    known = length >= 24 && memcmp (data + 12, "IHDR", 4) == 0;
    if (known) {
      *width = big_endian (data + 16, 4);
      *height = big_endian (data + 20, 4);
    }
    break;
  case ANNOT_FRAME_WEBP:
    known = get_webp_size (data, length, width, height);
    break;
  case ANNOT_FRAME_NONE:
    break;
  }
  return known && *width > 0 && *height > 0;
}

/* The value of each byte as a base64 digit; 0x80 for those that are not. */
static const guint8 *
base64_values (void)
{
#define ROW 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80
  static const guint8 values[256] = {
    ROW, ROW, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 62,   0x80, 0x80, 0x80, 63,
    52,  53,  54,   55,   56,   57,   58,   59,   60,   61,   0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0,
    1,   2,   3,    4,    5,    6,    7,    8,    9,    10,   11,   12,   13,   14,   15,   16,   17,   18,
    19,  20,  21,   22,   23,   24,   25,   0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 26,   27,   28,   29,   30,
    31,  32,  33,   34,   35,   36,   37,   38,   39,   40,   41,   42,   43,   44,   45,   46,   47,   48,
    49,  50,  51,   0x80, 0x80, 0x80, 0x80, 0x80, ROW,  ROW,  ROW,  ROW,  ROW,  ROW,  ROW,  ROW,
  };
#undef ROW

  return values;
}

/* What stands at a byte that is no digit: the byte, or the character of a JSON escape (encoders write \/ and \u002B).
 */
static int
unescape (const char **at, const char *end)
{
  guchar first = (guchar) * *at;
  int value = 0;

  if (first != '\\' || end - *at < 2) {
    *at += 1;
    return first;
  }
  if ((*at)[1] != 'u' || end - *at < 6) {
    char c = (*at)[1];

    *at += 2;
    return c == 'n' ? '\n' : c == 'r' ? '\r' : c == '/' ? '/' : 0xff;
  }
  for (int i = 2; i < 6; i++)
    value = value * 16 + MAX (g_ascii_xdigit_value ((*at)[i]), 0);
  *at += 6;
  return MIN (value, 0xff);
}

typedef struct {
  guint32 bits;
  guint digits;
  guint padding;
  gsize length;
} Decoder;

/* Takes one byte or escape on the slow way; FALSE when it is none of base64's. Line breaks are passed over. */
static gboolean
take_one (Decoder *self, const char **at, const char *end, guint8 *out)
{
  const guint8 *values = base64_values ();
  int c = unescape (at, end);

  if (c == '\n' || c == '\r')
    return TRUE;
  if (c == '=')
    return ++self->padding <= 2;
  if (values[c] & 0x80 || self->padding)
    return FALSE;
  self->bits = self->bits << 6 | values[c];
  if (++self->digits == 4) {
    out[self->length++] = (guint8) (self->bits >> 16);
    out[self->length++] = (guint8) (self->bits >> 8);
    out[self->length++] = (guint8) self->bits;
    self->bits = self->digits = 0;
  }
  return TRUE;
}

/* What the digits after the last whole group of four give. */
static gboolean
take_rest (Decoder *self, guint8 *out)
{
  if (self->digits == 1 || (self->padding && (self->digits + self->padding) != 4))
    return FALSE;
  if (self->digits >= 2)
    out[self->length++] = (guint8) (self->bits >> (self->digits == 3 ? 10 : 4));
  if (self->digits == 3)
    out[self->length++] = (guint8) (self->bits >> 2);
  return TRUE;
}

/* out has room for three quarters of the text, rounded up, and 3 more. */
static gboolean
decode (const char *at, const char *end, guint8 *out, gsize *length)
{
  const guint8 *values = base64_values ();
  Decoder self = { 0 };

  while (at < end) {
    while (end - at >= 4 && self.digits == 0 && !self.padding) {
      guint8 a = values[(guchar) at[0]], b = values[(guchar) at[1]];
      guint8 c = values[(guchar) at[2]], d = values[(guchar) at[3]];

      if ((a | b | c | d) & 0x80)
        break;
      out[self.length] = (guint8) (a << 2 | b >> 4);
      out[self.length + 1] = (guint8) (b << 4 | c >> 2);
      out[self.length + 2] = (guint8) (c << 6 | d);
      self.length += 3;
      at += 4;
    }
    if (at < end && !take_one (&self, &at, end, out))
      return FALSE;
  }
  if (!take_rest (&self, out))
    return FALSE;
  *length = self.length;
  return TRUE;
}

/* Behind the comma of a data: URL (RFC 2397), or text itself when it is none. NULL when the URL is not in base64. */
static const char *
skip_data_url (const char *text, gsize length)
{
  static const char marker[] = ";base64";
  const gsize n = sizeof marker - 1;
  const char *comma;

  if (length < 5 || g_ascii_strncasecmp (text, "data:", 5) != 0)
    return text;
  comma = memchr (text, ',', MIN (length, 256));
  if (!comma || (gsize) (comma - text) < 5 + n || g_ascii_strncasecmp (comma - n, marker, n) != 0)
    return NULL;
  return comma + 1;
}

static GBytes *
refuse (GError **error, const char *what)
{
  g_set_error_literal (error, ANNOT_ERROR, ANNOT_ERROR_INVALID, what);
  return NULL;
}

/**
 * annot_frame_decode:
 * @text: base64 in the standard alphabet, padded or not, or a data: URL of it; a JSON string's span, escapes and all
 * @length: bytes of @text
 * @max_bytes: how large the image may be
 * @type: (out): what it is
 * @error: (nullable): %ANNOT_ERROR_INVALID, says what must hold
 *
 * Returns: (transfer full) (nullable): the image
 */
GBytes *
annot_frame_decode (const char *text, gsize length, gsize max_bytes, AnnotFrameType *type, GError **error)
{
  const char *start = skip_data_url (text, length), *end = text + length;
  g_autofree guint8 *data = NULL;
  gsize room, decoded = 0;

  if (!start)
    return refuse (error, "must be base64 or a data: URL in base64");
  /* Even when every digit came as an escape of six bytes, a text this long is too large: do not allocate for it. */
  room = (gsize) (end - start) / 4 * 3 + 6;
  if (room / 6 > max_bytes)
    return refuse (error, "must not be larger than the frame limit");
  data = g_malloc (room);
  if (!decode (start, end, data, &decoded))
    return refuse (error, "must be base64 or a data: URL in base64");
  if (decoded > max_bytes) {
    g_set_error (error, ANNOT_ERROR, ANNOT_ERROR_INVALID, "must not be larger than %" G_GSIZE_FORMAT " bytes",
                 max_bytes);
    return NULL;
  }
  *type = annot_frame_sniff (data, decoded);
  if (*type == ANNOT_FRAME_NONE)
    return refuse (error, "must be a JPEG, PNG or WebP image");
  return g_bytes_new_take (g_realloc (g_steal_pointer (&data), decoded), decoded);
}

/**
 * annot_frame_digest:
 * @frame: an image
 *
 * Uses the processor's own instructions where there are any: images are most of what is received.
 *
 * Returns: (transfer full): the SHA-256 in hexadecimal digits
 */
char *
annot_frame_digest (GBytes *frame)
{
  guint8 digest[EVP_MAX_MD_SIZE];
  guint digits = 0;
  gsize length;
  const guint8 *data = g_bytes_get_data (frame, &length);
  GString *text = g_string_sized_new (64);

  if (EVP_Digest (data, length, digest, &digits, EVP_sha256 (), NULL) != 1)
    g_error ("libcrypto has no SHA-256");
  for (guint i = 0; i < digits; i++) {
    g_string_append_c (text, "0123456789abcdef"[digest[i] >> 4]);
    g_string_append_c (text, "0123456789abcdef"[digest[i] & 0xf]);
  }
  return g_string_free (text, FALSE);
}
