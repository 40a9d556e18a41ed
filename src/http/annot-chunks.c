/* SPDX-License-Identifier: Apache-2.0 */
/* Bodies that come in chunks (RFC 9112, 7.1), read strictly and as they come. */
#include "annot-chunks.h"

/* No body is nearly as large as eight digits can say: longer sizes are an attempt at overflow. */
#define MAX_DIGITS 8

typedef enum {
  AT_SIZE,
  AT_EXTENSION,
  AT_SIZE_LF,
  AT_DATA,
  AT_DATA_CR,
  AT_DATA_LF,
  AT_TRAILER_START, /* of a line: an empty one is the end */
  AT_TRAILER,
  AT_TRAILER_LF,
  AT_END_LF,
  AT_END,
} Place;

static gboolean
take_size (AnnotChunks *self, guint8 c)
{
  if (g_ascii_isxdigit (c)) {
    self->left = self->left << 4 | (guint64) g_ascii_xdigit_value (c);
    return ++self->digits <= MAX_DIGITS;
  }
  if (self->digits == 0) {
    return FALSE;
  }
  self->at = c == '\r' ? AT_SIZE_LF : AT_EXTENSION;
  return c == '\r' || c == ';';
}

/* A byte of an extension or a trailer line. */
static gboolean
take_extra (AnnotChunks *self, guint8 c, Place line_end)
{
  if (c == '\r') {
    self->at = line_end;
    return TRUE;
  }
  return (c >= ' ' || c == '\t') && c != 0x7f && ++self->extra <= ANNOT_CHUNKS_MAX_EXTRA;
}

static gboolean
begin_data (AnnotChunks *self)
{
  self->at = self->left > 0 ? AT_DATA : AT_TRAILER_START;
  self->digits = 0;
  return ++self->count <= ANNOT_CHUNKS_MAX_COUNT;
}

static gboolean
expect (AnnotChunks *self, guint8 c, guint8 expected, Place next)
{
  self->at = next;
  return c == expected;
}

/* FALSE: it is wrong. */
static gboolean
take_byte (AnnotChunks *self, guint8 c)
{
  switch ((Place) self->at) {
  case AT_SIZE:
    return take_size (self, c);
  case AT_EXTENSION:
    return take_extra (self, c, AT_SIZE_LF);
  case AT_SIZE_LF:
    return c == '\n' && begin_data (self);
  case AT_DATA_CR:
    return expect (self, c, '\r', AT_DATA_LF);
  case AT_DATA_LF:
    return expect (self, c, '\n', AT_SIZE);
  case AT_TRAILER_START:
    if (c == '\r') {
      self->at = AT_END_LF;
      return TRUE;
    }
    self->at = AT_TRAILER;
    return c != ' ' && c != '\t' && c != ':' && take_extra (self, c, AT_TRAILER_LF);
  case AT_TRAILER:
    return take_extra (self, c, AT_TRAILER_LF);
  case AT_TRAILER_LF:
    return expect (self, c, '\n', AT_TRAILER_START);
  case AT_END_LF:
    return expect (self, c, '\n', AT_END);
  case AT_DATA:
  case AT_END:
    break;
  }
  return FALSE;
}

AnnotChunksState
annot_chunks_read (AnnotChunks *self, const guint8 *data, gsize length, gsize *used, GByteArray *body, gsize limit)
{
  gsize at = 0;
  while (at < length && self->at != AT_END) {
    if (self->at != AT_DATA) {
      if (!take_byte (self, data[at++])) {
        return ANNOT_CHUNKS_BAD;
      }
      if (self->at == AT_DATA && self->left > limit - body->len) {
        return ANNOT_CHUNKS_TOO_LARGE; /* said at once, not when it has come */
      }
      continue;
    }
    gsize take = (gsize) MIN (self->left, length - at);
    g_byte_array_append (body, data + at, (guint) take);
    self->left -= take;
    at += take;
    if (self->left == 0) {
      self->at = AT_DATA_CR;
    }
  }
  *used = at;
  return self->at == AT_END ? ANNOT_CHUNKS_DONE : ANNOT_CHUNKS_MORE;
}
