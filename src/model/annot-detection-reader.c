/* SPDX-License-Identifier: Apache-2.0 */
/* Reads detections as producers and annotators send them, and writes them as the store keeps them. */
#include "annot-box.h"

#include <math.h>
#include <string.h>

#include "annot-json-field.h"
#include "annot-json-writer.h"

void
annot_detection_summary_init (AnnotDetectionSummary *self)
{
  self->labels = g_ptr_array_new_with_free_func (g_free);
  self->lowest = INFINITY;
}

void
annot_detection_summary_clear (AnnotDetectionSummary *self)
{
  g_clear_pointer (&self->labels, g_ptr_array_unref);
}

static int
compare_strings (gconstpointer a, gconstpointer b)
{
  return strcmp (*(const char *const *) a, *(const char *const *) b);
}

char **
annot_strings_distinct (GPtrArray *strings)
{
  g_autoptr (GPtrArray) distinct = g_ptr_array_new_with_free_func (g_free);

  g_ptr_array_sort (strings, compare_strings);
  for (guint i = 0; i < strings->len; i++)
    if (distinct->len == 0 || strcmp (distinct->pdata[distinct->len - 1], strings->pdata[i]) != 0)
      g_ptr_array_add (distinct, g_steal_pointer (&strings->pdata[i]));
  g_ptr_array_unref (strings);
  g_ptr_array_add (distinct, NULL);
  return (char **) g_ptr_array_steal (distinct, NULL);
}

char **
annot_detection_summary_take_labels (AnnotDetectionSummary *self)
{
  return annot_strings_distinct (g_steal_pointer (&self->labels));
}

typedef enum {
  MEMBER_BBOX,
  MEMBER_CLASS_NAME,
  MEMBER_LABEL,
  MEMBER_CONFIDENCE,
  MEMBER_CORRECTED_CLASS,
  MEMBER_IS_CORRECT,
} Member;

typedef struct {
  AnnotJsonReader *reader;
  GString *out;
  guint seen;
  char *class_name;
  char *corrected_class;
  gboolean has_box;
  gboolean has_verdict;
  gboolean is_correct;
  AnnotJsonSpan label;
  double confidence;
} Detection;

static void
detection_clear (Detection *self)
{
  g_free (self->class_name);
  g_free (self->corrected_class);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Detection, detection_clear)

static gboolean
read_class (Detection *self, const char *name, char **text, GError **error)
{
  AnnotJsonSpan span;

  if (annot_field_take_null (self->reader))
    return TRUE;
  if (!annot_field_read_text (self->reader, name, ANNOT_CLASS_NAME_MAX, text, &span, error))
    return FALSE;
  annot_field_append_text (self->out, name, &span);
  return TRUE;
}

static gboolean
read_confidence (Detection *self, GError **error)
{
  AnnotJsonSpan bytes;

  if (annot_field_take_null (self->reader))
    return TRUE;
  if (!annot_field_read_share (self->reader, "confidence", &self->confidence, &bytes, error))
    return FALSE;
  annot_field_append (self->out, "confidence", &bytes);
  return TRUE;
}

static gboolean
read_verdict (Detection *self, GError **error)
{
  if (annot_field_take_null (self->reader))
    return TRUE;
  self->has_verdict = TRUE;
  return annot_field_read_boolean (self->reader, "is_correct", &self->is_correct, error);
}

static gboolean
read_bbox (Detection *self, const char *name, GError **error)
{
  if (annot_field_take_null (self->reader))
    return TRUE;
  self->has_box = TRUE;
  annot_json_append_name (self->out, "bbox");
  return annot_box_read (self->reader, name, self->out, error);
}

static gboolean
read_member (Detection *self, const AnnotJsonSpan *span, gboolean corrected, GError **error)
{
  static const struct {
    const char *name;
    Member member;
    gboolean corrected;
  } names[] = {
    { "bbox", MEMBER_BBOX, FALSE },
    { "bounding_box", MEMBER_BBOX, FALSE },
    { "class_name", MEMBER_CLASS_NAME, FALSE },
    { "label", MEMBER_LABEL, FALSE },
    { "confidence", MEMBER_CONFIDENCE, FALSE },
    { "corrected_class", MEMBER_CORRECTED_CLASS, TRUE },
    { "is_correct", MEMBER_IS_CORRECT, TRUE },
  };
  AnnotJsonSpan value;

  for (guint i = 0; i < G_N_ELEMENTS (names); i++) {
    if ((names[i].corrected && !corrected) || !annot_json_span_equal (span, names[i].name))
      continue;
    if (!annot_field_once (&self->seen, names[i].member, names[i].name, error))
      return FALSE;
    switch (names[i].member) {
    case MEMBER_BBOX:
      return read_bbox (self, names[i].name, error);
    case MEMBER_CLASS_NAME:
      return read_class (self, "class_name", &self->class_name, error);
    case MEMBER_LABEL:
      return annot_json_reader_skip (self->reader, &self->label);
    case MEMBER_CONFIDENCE:
      return read_confidence (self, error);
    case MEMBER_CORRECTED_CLASS:
      return read_class (self, "corrected_class", &self->corrected_class, error);
    case MEMBER_IS_CORRECT:
      return read_verdict (self, error);
    }
  }
  if (!annot_json_reader_skip (self->reader, &value))
    return FALSE;
  annot_field_append_raw (self->out, span, &value);
  return TRUE;
}

/* `label` is the class when there is no `class_name`; beside one it is a member like any unknown one. */
static gboolean
settle_label (Detection *self, GError **error)
{
  AnnotJsonReader reader;
  AnnotJsonSpan span;

  if (!self->label.data)
    return TRUE;
  if (self->class_name) {
    annot_field_append (self->out, "label", &self->label);
    return TRUE;
  }
  annot_json_reader_init (&reader, self->label.data, self->label.length, 1);
  if (annot_field_take_null (&reader))
    return TRUE;
  if (!annot_field_read_text (&reader, "label", ANNOT_CLASS_NAME_MAX, &self->class_name, &span, error))
    return FALSE;
  annot_field_append_text (self->out, "class_name", &span);
  return TRUE;
}

/* Every corrected detection has all five members. */
static void
settle_correction (Detection *self)
{
  static const char *const names[] = { "bbox", "class_name", "confidence", "corrected_class" };
  const gboolean missing[] = { !self->has_box, !self->class_name, isnan (self->confidence), !self->corrected_class };

  if (!self->has_verdict)
    self->is_correct = !self->corrected_class || g_strcmp0 (self->corrected_class, self->class_name) == 0;
  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    if (missing[i]) {
      annot_json_append_name (self->out, names[i]);
      g_string_append (self->out, "null");
    }
  annot_json_append_name (self->out, "is_correct");
  g_string_append (self->out, self->is_correct ? "true" : "false");
}

/* A rejected detection (wrong, and no other class given) has no label. */
static void
summarise (Detection *self, gboolean corrected, AnnotDetectionSummary *summary)
{
  char **label = self->corrected_class ? &self->corrected_class : &self->class_name;
  gboolean rejected = corrected && !self->is_correct && !self->corrected_class;

  if (*label && !rejected)
    g_ptr_array_add (summary->labels, g_steal_pointer (label));
  if (self->confidence < summary->lowest)
    summary->lowest = self->confidence;
}

static gboolean
read_detection (AnnotJsonReader *reader, gboolean corrected, GString *out, AnnotDetectionSummary *summary,
                GError **error)
{
  g_auto (Detection) self = { .reader = reader, .out = out, .confidence = NAN };
  AnnotJsonSpan name;

  if (!annot_json_reader_begin_object (reader))
    return FALSE;
  g_string_append_c (out, '{');
  while (annot_json_reader_next_member (reader, &name))
    if (!read_member (&self, &name, corrected, error))
      return FALSE;
  if (annot_json_reader_failed (reader) || !settle_label (&self, error))
    return FALSE;
  if (corrected)
    settle_correction (&self);
  g_string_append_c (out, '}');
  summarise (&self, corrected, summary);
  return TRUE;
}

static gboolean
read_detection_at (AnnotJsonReader *reader, const char *name, guint index, gboolean corrected, GString *out,
                   AnnotDetectionSummary *summary, GError **error)
{
  AnnotJsonType type = annot_json_reader_peek (reader);

  if (type == ANNOT_JSON_NONE)
    return annot_json_reader_skip (reader, NULL);
  if (type != ANNOT_JSON_OBJECT) {
    g_set_error (error, ANNOT_ERROR, ANNOT_ERROR_INVALID, "%s[%u]: must be an object", name, index);
    return FALSE;
  }
  if (read_detection (reader, corrected, out, summary, error))
    return TRUE;
  g_prefix_error (error, "%s[%u].", name, index);
  return FALSE;
}

gboolean
annot_detections_read (AnnotJsonReader *reader, const char *name, gboolean corrected, guint max, GString *out,
                       AnnotDetectionSummary *summary, GError **error)
{
  guint n = 0;

  if (!annot_field_read_array (reader, name, error))
    return FALSE;
  g_string_append_c (out, '[');
  for (; annot_json_reader_next_element (reader); n++) {
    if (n == max) {
      g_set_error (error, ANNOT_ERROR, ANNOT_ERROR_INVALID, "%s: must not hold more than %u", name, max);
      return FALSE;
    }
    if (n > 0)
      g_string_append_c (out, ',');
    if (!read_detection_at (reader, name, n, corrected, out, summary, error))
      return FALSE;
  }
  g_string_append_c (out, ']');
  return !annot_json_reader_failed (reader);
}
