/* SPDX-License-Identifier: Apache-2.0 */
/* The JSON pull scanner: one pass, no copy, strict. */
#include "annot-json-reader.h"

#include <string.h>

#include "annot-json-text.h"

/* However deep a caller allows: skip() recurses. */
#define DEPTH_MAX 1024

static gboolean
fail (AnnotJsonReader *self, const char *problem)
{
  if (!self->problem)
    self->problem = problem;
  return FALSE;
}

static inline void
skip_space (AnnotJsonReader *self)
{
  while (self->at < self->end && (*self->at == ' ' || *self->at == '\n' || *self->at == '\r' || *self->at == '\t'))
    self->at++;
}

/**
 * annot_json_reader_init:
 * @self: a reader on the stack
 * @data: (array length=length): the document, which need not end with a zero byte
 * @length: bytes
 * @max_depth: how deep objects and arrays may nest, at most 1024
 *
 * Points the reader at the start of a document.
 */
void
annot_json_reader_init (AnnotJsonReader *self, const char *data, gsize length, guint max_depth)
{
  *self = (AnnotJsonReader){
    .start = data,
    .at = data,
    .end = data + length,
    .max_depth = MIN (max_depth, DEPTH_MAX),
  };
}

/**
 * annot_json_reader_peek:
 * @self: a reader
 *
 * Tells the type of the value that comes next by its first byte; reading it may still fail.
 *
 * Returns: the type, %ANNOT_JSON_NONE when no value starts here
 */
AnnotJsonType
annot_json_reader_peek (AnnotJsonReader *self)
{
  if (self->problem)
    return ANNOT_JSON_NONE;
  skip_space (self);
  if (self->at == self->end)
    return ANNOT_JSON_NONE;
  switch (*self->at) {
  case '{':
    return ANNOT_JSON_OBJECT;
  case '[':
    return ANNOT_JSON_ARRAY;
  case '"':
    return ANNOT_JSON_STRING;
  case '-':
  case '0':
  case '1':
  case '2':
  case '3':
  case '4':
  case '5':
  case '6':
  case '7':
  case '8':
  case '9':
    return ANNOT_JSON_NUMBER;
  case 't':
    return ANNOT_JSON_TRUE;
  case 'f':
    return ANNOT_JSON_FALSE;
  case 'n':
    return ANNOT_JSON_NULL;
  default:
    return ANNOT_JSON_NONE;
  }
}

static gboolean
begin (AnnotJsonReader *self, char bracket, const char *problem)
{
  if (self->problem)
    return FALSE;
  skip_space (self);
  if (self->at == self->end || *self->at != bracket)
    return fail (self, problem);
  if (self->depth >= self->max_depth)
    return fail (self, "nested too deeply");
  self->depth++;
  self->at++;
  return TRUE;
}

/* Moves to the next member or element, or past the closing bracket. No value ends with an opening bracket outside of
 * its quotes, so the byte before tells whether this is the first. */
static gboolean
next (AnnotJsonReader *self, char opening, char closing, const char *problem)
{
  gboolean first;

  if (self->problem)
    return FALSE;
  first = self->at > self->start && self->at[-1] == opening;
  skip_space (self);
  if (self->at < self->end && *self->at == closing) {
    self->at++;
    self->depth--;
    return FALSE;
  }
  if (!first) {
    if (self->at == self->end || *self->at != ',')
      return fail (self, problem);
    self->at++;
    skip_space (self);
  }
  return self->at < self->end ? TRUE : fail (self, "the document ends too early");
}

gboolean
annot_json_reader_begin_object (AnnotJsonReader *self)
{
  return begin (self, '{', "an object is expected");
}

gboolean
annot_json_reader_begin_array (AnnotJsonReader *self)
{
  return begin (self, '[', "an array is expected");
}

/**
 * annot_json_reader_next_member:
 * @self: a reader inside an object
 * @name: (out caller-allocates): the member's name
 *
 * Moves to the value of the next member.
 *
 * Returns: %FALSE at the end of the object or when the document is wrong
 */
gboolean
annot_json_reader_next_member (AnnotJsonReader *self, AnnotJsonSpan *name)
{
  if (!next (self, '{', '}', "a comma or a closing brace is expected"))
    return FALSE;
  if (*self->at != '"')
    return fail (self, "a member name in quotes is expected");
  if (!annot_json_reader_read_string (self, name))
    return FALSE;
  skip_space (self);
  if (self->at == self->end || *self->at != ':')
    return fail (self, "a colon is expected");
  self->at++;
  return TRUE;
}

gboolean
annot_json_reader_next_element (AnnotJsonReader *self)
{
  return next (self, '[', ']', "a comma or a closing bracket is expected");
}

/**
 * annot_json_reader_read_string:
 * @self: a reader
 * @span: (out caller-allocates): the string's bytes between its quotes, still escaped
 *
 * Returns: %TRUE when a valid string was there
 */
gboolean
annot_json_reader_read_string (AnnotJsonReader *self, AnnotJsonSpan *span)
{
  const char *start, *problem = NULL;

  if (self->problem)
    return FALSE;
  skip_space (self);
  if (self->at == self->end || *self->at != '"')
    return fail (self, "a string is expected");
  start = ++self->at;
  span->escaped = FALSE;
  self->at = annot_json_scan_string (start, self->end, &span->escaped, &problem);
  if (problem)
    return fail (self, problem);
  span->data = start;
  span->length = (gsize) (self->at - start);
  self->at++;
  return TRUE;
}

/**
 * annot_json_reader_read_number:
 * @self: a reader
 * @value: (out): the number
 *
 * Returns: %TRUE when a number was there that a double can hold
 */
gboolean
annot_json_reader_read_number (AnnotJsonReader *self, double *value)
{
  const char *start, *problem = NULL;

  if (self->problem)
    return FALSE;
  skip_space (self);
  start = self->at;
  self->at = annot_json_scan_number (start, self->end, &problem);
  if (problem)
    return fail (self, problem);
  if (!annot_json_number_value (start, (gsize) (self->at - start), value)) {
    self->at = start;
    return fail (self, "the number is too large");
  }
  return TRUE;
}

static gboolean
read_word (AnnotJsonReader *self, const char *word, gsize length)
{
  if ((gsize) (self->end - self->at) < length || memcmp (self->at, word, length) != 0)
    return fail (self, "a value is expected");
  self->at += length;
  return TRUE;
}

gboolean
annot_json_reader_read_boolean (AnnotJsonReader *self, gboolean *value)
{
  AnnotJsonType type = annot_json_reader_peek (self);

  if (type != ANNOT_JSON_TRUE && type != ANNOT_JSON_FALSE)
    return fail (self, "true or false is expected");
  *value = type == ANNOT_JSON_TRUE;
  return *value ? read_word (self, "true", 4) : read_word (self, "false", 5);
}

gboolean
annot_json_reader_read_null (AnnotJsonReader *self)
{
  if (annot_json_reader_peek (self) != ANNOT_JSON_NULL)
    return fail (self, "null is expected");
  return read_word (self, "null", 4);
}

static gboolean
skip_value (AnnotJsonReader *self)
{
  AnnotJsonSpan span;
  const char *problem = NULL;

  switch (annot_json_reader_peek (self)) {
  case ANNOT_JSON_OBJECT:
    if (!annot_json_reader_begin_object (self))
      return FALSE;
    while (annot_json_reader_next_member (self, &span))
      if (!skip_value (self))
        return FALSE;
    return !self->problem;
  case ANNOT_JSON_ARRAY:
    if (!annot_json_reader_begin_array (self))
      return FALSE;
    while (annot_json_reader_next_element (self))
      if (!skip_value (self))
        return FALSE;
    return !self->problem;
  case ANNOT_JSON_STRING:
    return annot_json_reader_read_string (self, &span);
  case ANNOT_JSON_NUMBER:
    self->at = annot_json_scan_number (self->at, self->end, &problem);
    return problem ? fail (self, problem) : TRUE;
  case ANNOT_JSON_TRUE:
    return read_word (self, "true", 4);
  case ANNOT_JSON_FALSE:
    return read_word (self, "false", 5);
  case ANNOT_JSON_NULL:
    return read_word (self, "null", 4);
  case ANNOT_JSON_NONE:
    break;
  }
  return fail (self, "a value is expected");
}

/**
 * annot_json_reader_skip:
 * @self: a reader
 * @span: (out caller-allocates) (optional): the value's bytes, a string's with the quotes
 *
 * Validates and passes over one value. A number may be larger than a double holds: it is kept as its bytes.
 *
 * Returns: %TRUE when a valid value was there
 */
gboolean
annot_json_reader_skip (AnnotJsonReader *self, AnnotJsonSpan *span)
{
  const char *start;

  if (self->problem)
    return FALSE;
  skip_space (self);
  start = self->at;
  if (!skip_value (self))
    return FALSE;
  if (span)
    *span = (AnnotJsonSpan){ .data = start, .length = (gsize) (self->at - start) };
  return TRUE;
}

gboolean
annot_json_reader_finish (AnnotJsonReader *self)
{
  if (self->problem)
    return FALSE;
  skip_space (self);
  if (self->at < self->end)
    return fail (self, "nothing may follow the value");
  return self->depth == 0 ? TRUE : fail (self, "the document ends too early");
}

gboolean
annot_json_reader_failed (const AnnotJsonReader *self)
{
  return self->problem != NULL;
}

GError *
annot_json_reader_get_error (const AnnotJsonReader *self)
{
  return g_error_new (ANNOT_ERROR, ANNOT_ERROR_INVALID, "not valid JSON at byte %" G_GSIZE_FORMAT ": %s",
                      (gsize) (self->at - self->start), self->problem ? self->problem : "a value is expected");
}

gboolean
annot_json_span_equal_escaped (const AnnotJsonSpan *span, const char *name)
{
  g_autofree char *text = annot_json_span_dup (span);

  return g_strcmp0 (text, name) == 0;
}

/**
 * annot_json_span_dup:
 * @span: a string's span, as the reader gave it
 *
 * Returns: (transfer full) (nullable): the text in UTF-8, %NULL when it holds U+0000
 */
char *
annot_json_span_dup (const AnnotJsonSpan *span)
{
  g_autofree char *text = NULL;
  gsize length;

  if (!span->escaped)
    return g_strndup (span->data, span->length);
  text = g_malloc (span->length + 1);
  length = annot_json_unescape (span->data, span->length, text);
  text[length] = '\0';
  return memchr (text, '\0', length) ? NULL : g_steal_pointer (&text);
}

gboolean
annot_json_validate (const char *data, gsize length, guint max_depth, GError **error)
{
  AnnotJsonReader reader;

  annot_json_reader_init (&reader, data, length, max_depth);
  if (annot_json_reader_skip (&reader, NULL) && annot_json_reader_finish (&reader))
    return TRUE;
  g_propagate_error (error, annot_json_reader_get_error (&reader));
  return FALSE;
}

/**
 * annot_json_find_member:
 * @object: (nullable): JSON text of an object, known to be valid
 * @name: a member's name, plain ASCII
 * @value: (out caller-allocates): its value, a string's with the quotes
 *
 * Returns: %TRUE when the object has that member
 */
gboolean
annot_json_find_member (const char *object, const char *name, AnnotJsonSpan *value)
{
  AnnotJsonReader reader;
  AnnotJsonSpan member;

  if (!object)
    return FALSE;
  annot_json_reader_init (&reader, object, strlen (object), DEPTH_MAX);
  if (!annot_json_reader_begin_object (&reader))
    return FALSE;
  while (annot_json_reader_next_member (&reader, &member)) {
    if (!annot_json_reader_skip (&reader, value))
      return FALSE;
    if (annot_json_span_equal (&member, name))
      return TRUE;
  }
  return FALSE;
}

/**
 * annot_json_dup_member:
 * @object: (nullable): JSON text of an object, known to be valid
 * @name: a member's name, plain ASCII
 *
 * Returns: (transfer full) (nullable): the member's text, %NULL when there is none or it is not a string
 */
char *
annot_json_dup_member (const char *object, const char *name)
{
  AnnotJsonReader reader;
  AnnotJsonSpan value;

  if (!annot_json_find_member (object, name, &value))
    return NULL;
  annot_json_reader_init (&reader, value.data, value.length, 1);
  return annot_json_reader_read_string (&reader, &value) ? annot_json_span_dup (&value) : NULL;
}
