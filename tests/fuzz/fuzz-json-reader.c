/* SPDX-License-Identifier: Apache-2.0 */
/* The scanner, pulled and skipped, and what is written of what it read. */
#include <stdlib.h>
#include <string.h>

#include "model/annot-json-reader.h"
#include "model/annot-json-writer.h"

int LLVMFuzzerTestOneInput (const guint8 *data, size_t size);

/* A string that was read is valid UTF-8, and the same once it was written and read again. */
static void
check_string (const AnnotJsonSpan *span)
{
  g_autofree char *text = annot_json_span_dup (span), *again = NULL;
  g_autoptr (GString) out = g_string_new (NULL);
  AnnotJsonReader reader;
  AnnotJsonSpan copy;

  if (!text)
    return;
  if (!g_utf8_validate (text, -1, NULL))
    abort ();
  annot_json_append_string (out, text, -1);
  annot_json_reader_init (&reader, out->str, out->len, 1);
  if (!annot_json_reader_read_string (&reader, &copy) || !annot_json_reader_finish (&reader))
    abort ();
  again = annot_json_span_dup (&copy);
  if (g_strcmp0 (text, again) != 0)
    abort ();
}

static gboolean
pull (AnnotJsonReader *reader)
{
  AnnotJsonSpan span;
  double number;
  gboolean boolean;

  switch (annot_json_reader_peek (reader)) {
  case ANNOT_JSON_OBJECT:
    if (!annot_json_reader_begin_object (reader))
      return FALSE;
    while (annot_json_reader_next_member (reader, &span)) {
      check_string (&span);
      if (!pull (reader))
        return FALSE;
    }
    return !annot_json_reader_failed (reader);
  case ANNOT_JSON_ARRAY:
    if (!annot_json_reader_begin_array (reader))
      return FALSE;
    while (annot_json_reader_next_element (reader))
      if (!pull (reader))
        return FALSE;
    return !annot_json_reader_failed (reader);
  case ANNOT_JSON_STRING:
    if (!annot_json_reader_read_string (reader, &span))
      return FALSE;
    check_string (&span);
    return TRUE;
  case ANNOT_JSON_NUMBER:
    return annot_json_reader_read_number (reader, &number);
  case ANNOT_JSON_TRUE:
  case ANNOT_JSON_FALSE:
    return annot_json_reader_read_boolean (reader, &boolean);
  case ANNOT_JSON_NULL:
    return annot_json_reader_read_null (reader);
  case ANNOT_JSON_NONE:
    break;
  }
  return annot_json_reader_skip (reader, NULL);
}

int
LLVMFuzzerTestOneInput (const guint8 *data, size_t size)
{
  const char *text = (const char *) data;
  gboolean valid = annot_json_validate (text, size, 64, NULL);
  AnnotJsonReader reader;
  gboolean pulled;

  annot_json_reader_init (&reader, text, size, 64);
  pulled = pull (&reader) && annot_json_reader_finish (&reader);
  /* Pulling refuses one thing more: a number that no double can hold. */
  if (pulled && !valid)
    abort ();
  if (valid && !pulled && strcmp (reader.problem, "the number is too large") != 0)
    abort ();
  if (reader.at < reader.start || reader.at > reader.end)
    abort ();
  return 0;
}
