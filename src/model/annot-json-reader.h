/* SPDX-License-Identifier: Apache-2.0 */
/* A strict one-pass pull scanner for RFC 8259 documents: validates once, copies nothing. */
#pragma once

#include <string.h>

#include <annotationd/annotationd.h>

G_BEGIN_DECLS

/**
 * AnnotJsonReader:
 *
 * Walks a document in memory. Lives on the caller's stack; the document must outlive it. Every function answers FALSE
 * once the document was found wrong; annot_json_reader_get_error() then says what and at which byte. Strict: no
 * comments, no trailing commas, valid UTF-8 only, no lone surrogates, depth bounded, nothing but white space after the
 * value.
 */
typedef struct {
  const char *start;
  const char *at;
  const char *end;
  guint depth;
  guint max_depth;
  const char *problem;
} AnnotJsonReader;

typedef enum {
  ANNOT_JSON_NONE,
  ANNOT_JSON_OBJECT,
  ANNOT_JSON_ARRAY,
  ANNOT_JSON_STRING,
  ANNOT_JSON_NUMBER,
  ANNOT_JSON_TRUE,
  ANNOT_JSON_FALSE,
  ANNOT_JSON_NULL,
} AnnotJsonType;

/* A run of the document's bytes. For strings: between the quotes, still escaped. */
typedef struct {
  const char *data;
  gsize length;
  gboolean escaped;
} AnnotJsonSpan;

ANNOT_API void annot_json_reader_init (AnnotJsonReader *self, const char *data, gsize length, guint max_depth);
/* The type of the value that comes next; ANNOT_JSON_NONE at the end or when it is wrong. */
ANNOT_API AnnotJsonType annot_json_reader_peek (AnnotJsonReader *self);
/* Objects: begin, then next_member until FALSE, reading or skipping each value; likewise arrays with next_element. */
ANNOT_API gboolean annot_json_reader_begin_object (AnnotJsonReader *self);
ANNOT_API gboolean annot_json_reader_next_member (AnnotJsonReader *self, AnnotJsonSpan *name);
ANNOT_API gboolean annot_json_reader_begin_array (AnnotJsonReader *self);
ANNOT_API gboolean annot_json_reader_next_element (AnnotJsonReader *self);
ANNOT_API gboolean annot_json_reader_read_string (AnnotJsonReader *self, AnnotJsonSpan *span);
ANNOT_API gboolean annot_json_reader_read_number (AnnotJsonReader *self, double *value);
ANNOT_API gboolean annot_json_reader_read_boolean (AnnotJsonReader *self, gboolean *value);
ANNOT_API gboolean annot_json_reader_read_null (AnnotJsonReader *self);
/* Validates and passes over one value of any type; span (optional) gets its bytes, a string's with the quotes. */
ANNOT_API gboolean annot_json_reader_skip (AnnotJsonReader *self, AnnotJsonSpan *span);
/* TRUE when the whole document was read and it was right. */
ANNOT_API gboolean annot_json_reader_finish (AnnotJsonReader *self);
ANNOT_API gboolean annot_json_reader_failed (const AnnotJsonReader *self);
/* Returns: (transfer full): ANNOT_ERROR_INVALID with the problem and the byte offset */
ANNOT_API GError *annot_json_reader_get_error (const AnnotJsonReader *self);

ANNOT_API gboolean annot_json_span_equal_escaped (const AnnotJsonSpan *span, const char *name);
/* TRUE when the string reads as this plain ASCII name. Inline: a member's name is compared with all that are known. */
static inline gboolean
annot_json_span_equal (const AnnotJsonSpan *span, const char *name)
{
  if (span->escaped)
    return annot_json_span_equal_escaped (span, name);
  return (span->length == 0 || *span->data == *name) && strncmp (span->data, name, span->length) == 0
         && name[span->length] == '\0';
}
/* Returns: (transfer full) (nullable): unescaped UTF-8; NULL when it holds U+0000 (which no C string can) */
ANNOT_API char *annot_json_span_dup (const AnnotJsonSpan *span);
/* Checks one whole document. */
ANNOT_API gboolean annot_json_validate (const char *data, gsize length, guint max_depth, GError **error);
/* The value of a member of a valid object; FALSE when there is none. */
ANNOT_API gboolean annot_json_find_member (const char *object, const char *name, AnnotJsonSpan *value);
/* Returns: (transfer full) (nullable): the text of a member that is a string */
ANNOT_API char *annot_json_dup_member (const char *object, const char *name);

G_END_DECLS
