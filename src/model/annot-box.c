/* SPDX-License-Identifier: Apache-2.0 */
/* Reads boxes: {x1,y1,x2,y2}, {x_min,y_min,x_max,y_max} or [x1,y1,x2,y2]. */
#include "annot-box.h"

#include "annot-json-field.h"

static const char *const corner_names[] = { "x1", "y1", "x2", "y2" };
static const char *const other_names[] = { "x_min", "y_min", "x_max", "y_max" };

/* The corners as they came: value, bytes, and the name that an error gives them. */
typedef struct {
  double value[4];
  AnnotJsonSpan bytes[4];
  const char *name[4];
  GString *rest;
} Box;

static gboolean
read_corner (Box *self, AnnotJsonReader *reader, guint corner, const char *name, GError **error)
{
  if (self->name[corner])
    return annot_field_refuse (error, name, "is given twice");
  self->name[corner] = name;
  return annot_field_read_number (reader, name, &self->value[corner], &self->bytes[corner], error);
}

static gboolean
read_box_member (Box *self, AnnotJsonReader *reader, const AnnotJsonSpan *name, GError **error)
{
  AnnotJsonSpan value;

  for (guint i = 0; i < 4; i++) {
    if (annot_json_span_equal (name, corner_names[i]))
      return read_corner (self, reader, i, corner_names[i], error);
    if (annot_json_span_equal (name, other_names[i]))
      return read_corner (self, reader, i, other_names[i], error);
  }
  if (!annot_json_reader_skip (reader, &value))
    return FALSE;
  annot_field_append_raw (self->rest, name, &value);
  return TRUE;
}

/* In the way in which the others are named. */
static const char *
name_of_missing (const Box *self, guint corner)
{
  for (guint i = 0; i < 4; i++)
    if (self->name[i] == other_names[i])
      return other_names[corner];
  return corner_names[corner];
}

static gboolean
read_box_object (Box *self, AnnotJsonReader *reader, GError **error)
{
  AnnotJsonSpan name;

  if (!annot_json_reader_begin_object (reader))
    return FALSE;
  while (annot_json_reader_next_member (reader, &name))
    if (!read_box_member (self, reader, &name, error))
      return FALSE;
  if (annot_json_reader_failed (reader))
    return FALSE;
  for (guint i = 0; i < 4; i++)
    if (!self->name[i])
      return annot_field_refuse (error, name_of_missing (self, i), "is required");
  for (guint i = 0; i < 2; i++)
    if (!(self->value[i + 2] > self->value[i])) {
      g_set_error (error, ANNOT_ERROR, ANNOT_ERROR_INVALID, "%s: must be greater than %s", self->name[i + 2],
                   self->name[i]);
      return FALSE;
    }
  return TRUE;
}

static gboolean
read_box_array (Box *self, AnnotJsonReader *reader, const char *name, GError **error)
{
  static const char *const indices[] = { "[0]", "[1]", "[2]", "[3]" };
  guint n = 0;

  if (!annot_json_reader_begin_array (reader))
    return FALSE;
  for (; annot_json_reader_next_element (reader); n++) {
    if (n == 4)
      return annot_field_refuse (error, name, "must be four numbers");
    if (!read_corner (self, reader, n, indices[n], error)) {
      g_prefix_error (error, "%s", name);
      return FALSE;
    }
  }
  if (annot_json_reader_failed (reader))
    return FALSE;
  if (n < 4)
    return annot_field_refuse (error, name, "must be four numbers");
  for (guint i = 0; i < 2; i++)
    if (!(self->value[i + 2] > self->value[i])) {
      g_set_error (error, ANNOT_ERROR, ANNOT_ERROR_INVALID, "%s[%u]: must be greater than %s[%u]", name, i + 2, name,
                   i);
      return FALSE;
    }
  return TRUE;
}

static gboolean
read_box_shape (Box *self, AnnotJsonReader *reader, const char *name, GError **error)
{
  AnnotJsonType type = annot_json_reader_peek (reader);

  if (type == ANNOT_JSON_ARRAY)
    return read_box_array (self, reader, name, error);
  if (type == ANNOT_JSON_NONE)
    return annot_json_reader_skip (reader, NULL);
  if (type != ANNOT_JSON_OBJECT)
    return annot_field_refuse (error, name, "must be an object or an array of four numbers");
  if (read_box_object (self, reader, error))
    return TRUE;
  g_prefix_error (error, "%s.", name);
  return FALSE;
}

gboolean
annot_box_read (AnnotJsonReader *reader, const char *name, GString *out, GError **error)
{
  g_autoptr (GString) rest = g_string_new (NULL);
  Box self = { .rest = rest };

  if (!read_box_shape (&self, reader, name, error))
    return FALSE;
  g_string_append_c (out, '{');
  for (guint i = 0; i < 4; i++)
    annot_field_append (out, corner_names[i], &self.bytes[i]);
  if (rest->len > 0) {
    g_string_append_c (out, ',');
    g_string_append_len (out, rest->str, (gssize) rest->len);
  }
  g_string_append_c (out, '}');
  return TRUE;
}
