/* SPDX-License-Identifier: Apache-2.0 */
/* Members of known types, with errors that name them. */
#include "annot-json-field.h"

#include <string.h>

#include "annot-json-text.h"
#include "annot-json-writer.h"

gboolean
annot_field_refuse (GError **error, const char *name, const char *what)
{
  if (name)
    g_set_error (error, ANNOT_ERROR, ANNOT_ERROR_INVALID, "%s: %s", name, what);
  else
    g_set_error_literal (error, ANNOT_ERROR, ANNOT_ERROR_INVALID, what);
  return FALSE;
}

gboolean
annot_field_once (guint *seen, guint member, const char *name, GError **error)
{
  if (*seen & 1u << member)
    return annot_field_refuse (error, name, "is given twice");
  *seen |= 1u << member;
  return TRUE;
}

gboolean
annot_field_take_null (AnnotJsonReader *reader)
{
  return annot_json_reader_peek (reader) == ANNOT_JSON_NULL && annot_json_reader_read_null (reader);
}

/* Blames the member for its type only when something of another type is really there. */
static gboolean
has_type (AnnotJsonReader *reader, AnnotJsonType type, const char *name, const char *what, GError **error)
{
  AnnotJsonType found = annot_json_reader_peek (reader);

  if (found == type)
    return TRUE;
  if (found == ANNOT_JSON_NONE)
    return annot_json_reader_skip (reader, NULL);
  return annot_field_refuse (error, name, what);
}

gboolean
annot_field_read_object (AnnotJsonReader *reader, const char *name, GError **error)
{
  return has_type (reader, ANNOT_JSON_OBJECT, name, "must be an object", error)
         && annot_json_reader_begin_object (reader);
}

gboolean
annot_field_read_array (AnnotJsonReader *reader, const char *name, GError **error)
{
  return has_type (reader, ANNOT_JSON_ARRAY, name, "must be an array", error) && annot_json_reader_begin_array (reader);
}

gboolean
annot_field_read_text (AnnotJsonReader *reader, const char *name, gsize max_bytes, char **text, AnnotJsonSpan *span,
                       GError **error)
{
  AnnotJsonSpan value;
  g_autofree char *copy = NULL;

  if (!has_type (reader, ANNOT_JSON_STRING, name, "must be a string", error)
      || !annot_json_reader_read_string (reader, &value))
    return FALSE;
  if (value.length == 0)
    return annot_field_refuse (error, name, "must not be empty");
  copy = annot_json_span_dup (&value);
  if (!copy)
    return annot_field_refuse (error, name, "must not hold the character U+0000");
  if (strlen (copy) > max_bytes) {
    g_set_error (error, ANNOT_ERROR, ANNOT_ERROR_INVALID, "%s: must not be longer than %" G_GSIZE_FORMAT " bytes", name,
                 max_bytes);
    return FALSE;
  }
  if (span)
    *span = value;
  if (text) {
    g_free (*text);
    *text = g_steal_pointer (&copy);
  }
  return TRUE;
}

gboolean
annot_field_read_number (AnnotJsonReader *reader, const char *name, double *value, AnnotJsonSpan *bytes, GError **error)
{
  AnnotJsonSpan span;

  if (!has_type (reader, ANNOT_JSON_NUMBER, name, "must be a number", error) || !annot_json_reader_skip (reader, &span))
    return FALSE;
  if (!annot_json_number_value (span.data, span.length, value))
    return annot_field_refuse (error, name, "must be a finite number");
  if (bytes)
    *bytes = span;
  return TRUE;
}

gboolean
annot_field_read_share (AnnotJsonReader *reader, const char *name, double *value, AnnotJsonSpan *bytes, GError **error)
{
  if (!annot_field_read_number (reader, name, value, bytes, error))
    return FALSE;
  return *value >= 0 && *value <= 1 ? TRUE : annot_field_refuse (error, name, "must be between 0 and 1");
}

gboolean
annot_field_read_boolean (AnnotJsonReader *reader, const char *name, gboolean *value, GError **error)
{
  AnnotJsonType type = annot_json_reader_peek (reader);

  return (type == ANNOT_JSON_FALSE || has_type (reader, ANNOT_JSON_TRUE, name, "must be true or false", error))
         && annot_json_reader_read_boolean (reader, value);
}

void
annot_field_append (GString *out, const char *name, const AnnotJsonSpan *value)
{
  annot_json_append_name (out, name);
  g_string_append_len (out, value->data, (gssize) value->length);
}

void
annot_field_append_text (GString *out, const char *name, const AnnotJsonSpan *text)
{
  AnnotJsonSpan quoted = { text->data - 1, text->length + 2, text->escaped };

  annot_field_append (out, name, &quoted);
}

void
annot_field_append_raw (GString *out, const AnnotJsonSpan *name, const AnnotJsonSpan *value)
{
  if (out->len > 0 && out->str[out->len - 1] != '{')
    g_string_append_c (out, ',');
  g_string_append_len (out, name->data - 1, (gssize) name->length + 2);
  g_string_append_c (out, ':');
  g_string_append_len (out, value->data, (gssize) value->length);
}

void
annot_field_propagate (AnnotJsonReader *reader, GError *problem, GError **error)
{
  g_propagate_error (error, problem ? problem : annot_json_reader_get_error (reader));
}
