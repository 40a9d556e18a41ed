/* SPDX-License-Identifier: Apache-2.0 */
/* Reads what an annotator submits: the full form, the short form, and the older form-encoded one. */
#include "annot-correction.h"

#include <math.h>
#include <string.h>

#include "annot-box.h"
#include "annot-json-field.h"
#include "annot-json-writer.h"

#define NOTES_MAX_CHARACTERS 4096
#define NAME_MAX_BYTES 255

typedef struct {
  AnnotJsonReader reader;
  const AnnotLimits *limits;
  AnnotCorrection *correction;
  AnnotDetectionSummary summary;
  GString *detections;
  GString *bbox;
  AnnotJsonSpan label;
  char *label_text;
  guint seen;
} Parser;

static void
parser_clear (Parser *self)
{
  annot_detection_summary_clear (&self->summary);
  g_clear_pointer (&self->correction, annot_correction_free);
  g_free (self->label_text);
  if (self->detections)
    g_string_free (self->detections, TRUE);
  if (self->bbox)
    g_string_free (self->bbox, TRUE);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Parser, parser_clear)

static gboolean
read_detections (Parser *self, const char *name, GError **error)
{
  return annot_detections_read (&self->reader, name, TRUE, self->limits->detections, self->detections, &self->summary,
                                error);
}

static gboolean
read_bbox (Parser *self, const char *name, GError **error)
{
  return annot_box_read (&self->reader, name, self->bbox, error);
}

static gboolean
read_label (Parser *self, const char *name, GError **error)
{
  return annot_field_read_text (&self->reader, name, ANNOT_CLASS_NAME_MAX, &self->label_text, &self->label, error);
}

static gboolean
read_quality_score (Parser *self, const char *name, GError **error)
{
  return annot_field_read_share (&self->reader, name, &self->correction->quality_score, NULL, error);
}

static gboolean
read_notes (Parser *self, const char *name, GError **error)
{
  AnnotJsonSpan span;

  if (annot_json_reader_peek (&self->reader) != ANNOT_JSON_STRING)
    return annot_field_read_text (&self->reader, name, 0, NULL, NULL, error);
  if (!annot_json_reader_read_string (&self->reader, &span))
    return FALSE;
  self->correction->notes = annot_json_span_dup (&span);
  if (!self->correction->notes)
    return annot_field_refuse (error, name, "must not hold the character U+0000");
  if (g_utf8_strlen (self->correction->notes, -1) > NOTES_MAX_CHARACTERS)
    return annot_field_refuse (error, name, "must not be longer than 4096 characters");
  return TRUE;
}

static gboolean
read_annotator_id (Parser *self, const char *name, GError **error)
{
  return annot_field_read_text (&self->reader, name, NAME_MAX_BYTES, &self->correction->annotator_id, NULL, error);
}

static gboolean
read_event_id (Parser *self, const char *name, GError **error)
{
  g_autofree char *text = NULL;

  if (!annot_field_read_text (&self->reader, name, NAME_MAX_BYTES, &text, NULL, error))
    return FALSE;
  if (self->correction->event_id && strcmp (self->correction->event_id, text) != 0)
    return annot_field_refuse (error, name, "must be the same as the other id of the example");
  g_free (self->correction->event_id);
  self->correction->event_id = g_steal_pointer (&text);
  return TRUE;
}

static gboolean
read_token (Parser *self, const char *name, GError **error)
{
  g_autofree char *text = NULL;

  if (!annot_field_read_text (&self->reader, name, 64, &text, NULL, error))
    return FALSE;
  self->correction->has_lease = annot_lease_token_from_string (text, &self->correction->lease);
  return self->correction->has_lease ? TRUE : annot_field_refuse (error, name, "must be a lease token");
}

/* The token, or the lease object that a claim answered. */
static gboolean
read_lease (Parser *self, const char *name, GError **error)
{
  AnnotJsonSpan member;

  if (annot_json_reader_peek (&self->reader) == ANNOT_JSON_STRING)
    return read_token (self, name, error);
  if (!annot_field_read_object (&self->reader, name, error))
    return FALSE;
  while (annot_json_reader_next_member (&self->reader, &member)) {
    gboolean is_token = annot_json_span_equal (&member, "token");

    if (!(is_token ? read_token (self, "lease.token", error) : annot_json_reader_skip (&self->reader, NULL)))
      return FALSE;
  }
  if (annot_json_reader_failed (&self->reader))
    return FALSE;
  return self->correction->has_lease ? TRUE : annot_field_refuse (error, "lease.token", "is required");
}

typedef enum {
  MEMBER_DETECTIONS,
  MEMBER_BBOX,
  MEMBER_LABEL,
} Member;

static const struct {
  const char *name;
  gboolean (*read) (Parser *self, const char *name, GError **error);
  gboolean is_json;
} members[] = {
  [MEMBER_DETECTIONS] = { "corrected_detections", read_detections, TRUE },
  [MEMBER_BBOX] = { "bbox", read_bbox, TRUE },
  [MEMBER_LABEL] = { "label", read_label, FALSE },
  { "quality_score", read_quality_score, TRUE },
  { "notes", read_notes, FALSE },
  { "annotator_id", read_annotator_id, FALSE },
  { "event_id", read_event_id, FALSE },
  { "example_id", read_event_id, FALSE },
  { "lease", read_lease, FALSE },
};

static gboolean
read_member (Parser *self, const AnnotJsonSpan *name, GError **error)
{
  for (guint i = 0; i < G_N_ELEMENTS (members); i++) {
    if (!annot_json_span_equal (name, members[i].name))
      continue;
    /* null is as good as nothing, but not twice. */
    if (annot_field_take_null (&self->reader))
      return TRUE;
    return annot_field_once (&self->seen, i, members[i].name, error) && members[i].read (self, members[i].name, error);
  }
  return annot_json_reader_skip (&self->reader, NULL);
}

/* The short form is one accepted detection. */
static gboolean
expand_short_form (Parser *self, GError **error)
{
  if (!self->label_text)
    return annot_field_refuse (error, "label", "is required");
  if (self->bbox->len == 0)
    return annot_field_refuse (error, "bbox", "is required");
  g_string_append (self->detections, "[{\"bbox\":");
  g_string_append_len (self->detections, self->bbox->str, (gssize) self->bbox->len);
  annot_field_append_text (self->detections, "class_name", &self->label);
  g_string_append (self->detections, ",\"confidence\":null");
  annot_field_append_text (self->detections, "corrected_class", &self->label);
  g_string_append (self->detections, ",\"is_correct\":true}]");
  g_ptr_array_add (self->summary.labels, g_steal_pointer (&self->label_text));
  return TRUE;
}

static char *
make_digest (const AnnotCorrection *correction)
{
  g_autoptr (GString) text = g_string_new ("{");

  annot_json_append_name (text, "corrected_detections");
  g_string_append (text, correction->corrected_detections);
  annot_json_append_name (text, "quality_score");
  annot_json_append_double (text, correction->quality_score);
  annot_json_append_name (text, "notes");
  annot_json_append_string (text, correction->notes, -1);
  g_string_append_c (text, '}');
  return g_compute_checksum_for_data (G_CHECKSUM_SHA256, (const guchar *) text->str, text->len);
}

static gboolean
settle (Parser *self, GError **error)
{
  gboolean full = (self->seen & 1u << MEMBER_DETECTIONS) != 0;
  gboolean is_short = (self->seen & (1u << MEMBER_BBOX | 1u << MEMBER_LABEL)) != 0;

  if (full && is_short)
    return annot_field_refuse (error, "corrected_detections", "must not stand beside bbox and label");
  if (!full && !is_short)
    return annot_field_refuse (error, "corrected_detections", "is required");
  if (is_short && !expand_short_form (self, error))
    return FALSE;
  self->correction->corrected_detections = g_string_free (g_steal_pointer (&self->detections), FALSE);
  self->correction->labels = annot_detection_summary_take_labels (&self->summary);
  self->correction->digest = make_digest (self->correction);
  return TRUE;
}

static gboolean
parse (Parser *self, GError **error)
{
  AnnotJsonSpan name;

  if (!annot_field_read_object (&self->reader, NULL, error))
    return FALSE;
  while (annot_json_reader_next_member (&self->reader, &name))
    if (!read_member (self, &name, error))
      return FALSE;
  return annot_json_reader_finish (&self->reader) && settle (self, error);
}

/**
 * annot_correction_free:
 * @self: a correction
 */
void
annot_correction_free (AnnotCorrection *self)
{
  g_free (self->corrected_detections);
  g_strfreev (self->labels);
  g_free (self->notes);
  g_free (self->annotator_id);
  g_free (self->event_id);
  g_free (self->digest);
  g_free (self);
}

/**
 * annot_correction_parse:
 * @data: a JSON object: `corrected_detections`, or the short form with `bbox` and `label`
 * @length: bytes
 * @limits: limits
 * @error: (nullable): %ANNOT_ERROR_INVALID
 *
 * Boxes are normalised as in an example. An accepted detection need not say so: `is_correct` is true by default unless
 * `corrected_class` differs from `class_name`. Unknown members of a detection are kept, others are passed over.
 *
 * Returns: (transfer full) (nullable): the correction
 */
AnnotCorrection *
annot_correction_parse (const char *data, gsize length, const AnnotLimits *limits, GError **error)
{
  g_auto (Parser) self = { .limits = limits };
  GError *problem = NULL;

  if (length > limits->message_bytes) {
    g_set_error (error, ANNOT_ERROR, ANNOT_ERROR_INVALID, "must not be larger than %" G_GSIZE_FORMAT " bytes",
                 limits->message_bytes);
    return NULL;
  }
  annot_json_reader_init (&self.reader, data, length, limits->json_depth);
  self.correction = g_new0 (AnnotCorrection, 1);
  self.correction->quality_score = NAN;
  self.detections = g_string_new (NULL);
  self.bbox = g_string_new (NULL);
  annot_detection_summary_init (&self.summary);
  if (parse (&self, &problem))
    return g_steal_pointer (&self.correction);
  annot_field_propagate (&self.reader, problem, error);
  return NULL;
}

/**
 * annot_correction_from_form:
 * @form: (element-type utf8 utf8): the decoded fields; an empty one counts as absent
 * @limits: limits
 * @error: (nullable): %ANNOT_ERROR_INVALID
 *
 * Returns: (transfer full) (nullable): the correction
 */
AnnotCorrection *
annot_correction_from_form (GHashTable *form, const AnnotLimits *limits, GError **error)
{
  g_autoptr (GString) json = g_string_new ("{");

  for (guint i = 0; i < G_N_ELEMENTS (members); i++) {
    const char *value = g_hash_table_lookup (form, members[i].name);
    gsize length = value ? strlen (value) : 0;

    if (length == 0)
      continue;
    annot_json_append_name (json, members[i].name);
    if (!members[i].is_json) {
      if (!g_utf8_validate (value, (gssize) length, NULL)) {
        annot_field_refuse (error, members[i].name, "must be UTF-8");
        return NULL;
      }
      annot_json_append_string (json, value, (gssize) length);
      continue;
    }
    if (!annot_json_validate (value, length, limits->json_depth, error)) {
      g_prefix_error (error, "%s: ", members[i].name);
      return NULL;
    }
    g_string_append_len (json, value, (gssize) length);
  }
  g_string_append_c (json, '}');
  return annot_correction_parse (json->str, json->len, limits, error);
}
