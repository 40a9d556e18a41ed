/* SPDX-License-Identifier: Apache-2.0 */
/* Reads detections from the normalised text that the store keeps. */
#include "annot-detection.h"

#include <math.h>
#include <string.h>

#include "annot-json-field.h"

#define DEPTH_MAX 1024

void
annot_detection_free (AnnotDetection *self)
{
  g_free (self->class_name);
  g_free (self->corrected_class);
  g_free (self);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (AnnotDetection, annot_detection_free)

gboolean
annot_detection_has_box (const AnnotDetection *self)
{
  return isfinite (self->x1) && isfinite (self->y1) && isfinite (self->x2) && isfinite (self->y2);
}

gboolean
annot_detection_is_normalised (const AnnotDetection *self)
{
  return self->x1 >= 0 && self->x1 <= 1 && self->y1 >= 0 && self->y1 <= 1 && self->x2 >= 0 && self->x2 <= 1
         && self->y2 >= 0 && self->y2 <= 1;
}

const char *
annot_detection_get_label (const AnnotDetection *self)
{
  if (self->corrected_class)
    return self->corrected_class;
  return self->is_correct ? self->class_name : NULL;
}

static gboolean
read_box (AnnotDetection *self, AnnotJsonReader *reader)
{
  const struct {
    const char *name;
    double *value;
  } corners[] = { { "x1", &self->x1 }, { "y1", &self->y1 }, { "x2", &self->x2 }, { "y2", &self->y2 } };
  AnnotJsonSpan name;

  if (annot_field_take_null (reader))
    return TRUE;
  if (!annot_json_reader_begin_object (reader))
    return FALSE;
  while (annot_json_reader_next_member (reader, &name)) {
    guint i = 0;

    while (i < G_N_ELEMENTS (corners) && !annot_json_span_equal (&name, corners[i].name))
      i++;
    if (!(i < G_N_ELEMENTS (corners) ? annot_json_reader_read_number (reader, corners[i].value)
                                     : annot_json_reader_skip (reader, NULL)))
      return FALSE;
  }
  return !annot_json_reader_failed (reader);
}

static gboolean
read_class (AnnotJsonReader *reader, char **text)
{
  AnnotJsonSpan span;

  if (annot_field_take_null (reader))
    return TRUE;
  if (!annot_json_reader_read_string (reader, &span))
    return FALSE;
  g_free (*text);
  *text = annot_json_span_dup (&span);
  return TRUE;
}

static gboolean
read_member (AnnotDetection *self, AnnotJsonReader *reader, const AnnotJsonSpan *name, gboolean corrected)
{
  if (annot_json_span_equal (name, "bbox"))
    return read_box (self, reader);
  if (annot_json_span_equal (name, "class_name"))
    return read_class (reader, &self->class_name);
  if (annot_json_span_equal (name, "confidence"))
    return annot_field_take_null (reader) || annot_json_reader_read_number (reader, &self->confidence);
  if (corrected && annot_json_span_equal (name, "corrected_class"))
    return read_class (reader, &self->corrected_class);
  if (corrected && annot_json_span_equal (name, "is_correct"))
    return annot_field_take_null (reader) || annot_json_reader_read_boolean (reader, &self->is_correct);
  return annot_json_reader_skip (reader, NULL);
}

static AnnotDetection *
read_detection (AnnotJsonReader *reader, gboolean corrected)
{
  g_autoptr (AnnotDetection) self = g_new0 (AnnotDetection, 1);
  AnnotJsonSpan name;

  self->x1 = self->y1 = self->x2 = self->y2 = self->confidence = NAN;
  self->is_correct = TRUE;
  if (!annot_json_reader_begin_object (reader))
    return NULL;
  while (annot_json_reader_next_member (reader, &name))
    if (!read_member (self, reader, &name, corrected))
      return NULL;
  return annot_json_reader_failed (reader) ? NULL : g_steal_pointer (&self);
}

/**
 * annot_detections_parse:
 * @text: JSON array as in #AnnotExample.detections or #AnnotAnnotation.corrected_detections
 * @corrected: whether it is of an annotation. In an example `corrected_class` and `is_correct` are the producer's own
 *  members, which may hold anything
 * @error: (nullable): %ANNOT_ERROR_INVALID
 *
 * What a detection does not have is NaN or %NULL; `is_correct` is %TRUE unless it says otherwise.
 *
 * Returns: (transfer full) (element-type AnnotDetection) (nullable): the detections in order
 */
GPtrArray *
annot_detections_parse (const char *text, gboolean corrected, GError **error)
{
  g_autoptr (GPtrArray) detections = g_ptr_array_new_with_free_func ((GDestroyNotify) annot_detection_free);
  AnnotJsonReader reader;

  annot_json_reader_init (&reader, text, strlen (text), DEPTH_MAX);
  if (annot_json_reader_begin_array (&reader))
    while (annot_json_reader_next_element (&reader)) {
      AnnotDetection *detection = read_detection (&reader, corrected);

      if (!detection)
        break;
      g_ptr_array_add (detections, detection);
    }
  if (annot_json_reader_finish (&reader))
    return g_steal_pointer (&detections);
  g_propagate_error (error, annot_json_reader_get_error (&reader));
  return NULL;
}
