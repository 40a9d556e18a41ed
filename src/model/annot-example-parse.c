/* SPDX-License-Identifier: Apache-2.0 */
/* Reads examples as producers send them, in one pass over the message. */
#include "annot-example-json.h"

#include <math.h>
#include <string.h>

#include "annot-box.h"
#include "annot-frame.h"
#include "annot-json-field.h"
#include "annot-json-writer.h"
#include "annot-time.h"

#define CAMERA_ID_MAX 255
#define URI_MAX 2048
#define FACE_HASH_LENGTH 64
/* What counts as the lowest confidence when no detection has one. */
#define NEUTRAL_CONFIDENCE 0.5

typedef struct {
  AnnotJsonReader reader;
  const AnnotLimits *limits;
  AnnotExample *example;
  GString *payload;
  GString *detections;
  AnnotDetectionSummary summary;
  GPtrArray *face_hashes;
  guint seen;
} Parser;

static void
parser_clear (Parser *self)
{
  annot_detection_summary_clear (&self->summary);
  g_clear_pointer (&self->face_hashes, g_ptr_array_unref);
  g_clear_pointer (&self->example, annot_example_unref);
  if (self->payload)
    g_string_free (self->payload, TRUE);
  if (self->detections)
    g_string_free (self->detections, TRUE);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Parser, parser_clear)

static gboolean
read_event_id (Parser *self, const char *name, GError **error)
{
  if (!annot_field_read_text (&self->reader, name, 255, &self->example->event_id, NULL, error))
    return FALSE;
  return annot_event_id_is_valid (self->example->event_id)
             ? TRUE
             : annot_field_refuse (error, name, "must be 1 to 255 of the characters A-Z a-z 0-9 . _ : -");
}

static gboolean
read_camera_id (Parser *self, const char *name, GError **error)
{
  return annot_field_read_text (&self->reader, name, CAMERA_ID_MAX, &self->example->camera_id, NULL, error);
}

static gboolean
read_timestamp (Parser *self, const char *name, GError **error)
{
  g_autofree char *text = NULL;

  if (!annot_field_read_text (&self->reader, name, 64, &text, NULL, error))
    return FALSE;
  return annot_time_parse (text, -1, &self->example->timestamp)
             ? TRUE
             : annot_field_refuse (error, name, "must be an RFC 3339 time like 2026-11-23T08:00:00Z");
}

static gboolean
read_frame_data (Parser *self, const char *name, GError **error)
{
  AnnotJsonSpan span;
  AnnotExample *example = self->example;

  if (annot_field_take_null (&self->reader))
    return TRUE;
  if (annot_json_reader_peek (&self->reader) != ANNOT_JSON_STRING)
    return annot_field_read_text (&self->reader, name, 0, NULL, NULL, error);
  if (!annot_json_reader_read_string (&self->reader, &span))
    return FALSE;
  example->frame = annot_frame_decode (span.data, span.length, self->limits->frame_bytes, &example->frame_type, error);
  if (!example->frame) {
    g_prefix_error (error, "%s: ", name);
    return FALSE;
  }
  example->frame_sha256 = annot_frame_digest (example->frame);
  return TRUE;
}

/* Nothing that a browser would run. */
static gboolean
read_frame_uri (Parser *self, const char *name, GError **error)
{
  static const char *const schemes[] = { "http", "https", "s3", "gs" };
  g_autofree char *uri = NULL, *scheme = NULL;

  if (annot_field_take_null (&self->reader))
    return TRUE;
  if (!annot_field_read_text (&self->reader, name, URI_MAX, &uri, NULL, error))
    return FALSE;
  scheme = g_uri_parse_scheme (uri);
  for (guint i = 0; scheme && i < G_N_ELEMENTS (schemes); i++)
    if (g_ascii_strcasecmp (scheme, schemes[i]) == 0)
      return TRUE;
  return annot_field_refuse (error, name, "must be an http, https, s3 or gs URI");
}

static gboolean
read_text (Parser *self, const char *name, GError **error)
{
  if (annot_field_take_null (&self->reader))
    return TRUE;
  return annot_field_read_text (&self->reader, name, G_MAXSIZE, NULL, NULL, error);
}

static gboolean
read_detections (Parser *self, const char *name, GError **error)
{
  if (annot_field_take_null (&self->reader))
    return TRUE;
  return annot_detections_read (&self->reader, name, FALSE, self->limits->detections, self->detections, &self->summary,
                                error);
}

static gboolean
read_priority (Parser *self, const char *name, GError **error)
{
  if (annot_field_take_null (&self->reader))
    return TRUE;
  return annot_field_read_number (&self->reader, name, &self->example->priority, NULL, error);
}

static gboolean
read_face_hash (Parser *self, GError **error)
{
  g_autofree char *path = g_strdup_printf ("metadata.privacy.face_hashes[%u]", self->face_hashes->len);
  g_autofree char *text = NULL;

  if (!annot_field_read_text (&self->reader, path, FACE_HASH_LENGTH, &text, NULL, error))
    return FALSE;
  if (strlen (text) != FACE_HASH_LENGTH || strspn (text, "0123456789abcdefABCDEF") != FACE_HASH_LENGTH)
    return annot_field_refuse (error, path, "must be 64 hexadecimal digits");
  g_ptr_array_add (self->face_hashes, g_ascii_strdown (text, -1));
  return TRUE;
}

static gboolean
read_face_hashes (Parser *self, GError **error)
{
  if (annot_field_take_null (&self->reader))
    return TRUE;
  if (!annot_field_read_array (&self->reader, "metadata.privacy.face_hashes", error))
    return FALSE;
  while (annot_json_reader_next_element (&self->reader))
    if (!read_face_hash (self, error))
      return FALSE;
  return !annot_json_reader_failed (&self->reader);
}

/* Passes over an object, or any other value; the member of that name goes to read. */
static gboolean
read_inside (Parser *self, const char *wanted, gboolean (*read) (Parser *, GError **), GError **error)
{
  AnnotJsonSpan name;

  if (annot_json_reader_peek (&self->reader) != ANNOT_JSON_OBJECT)
    return annot_json_reader_skip (&self->reader, NULL);
  if (!annot_json_reader_begin_object (&self->reader))
    return FALSE;
  while (annot_json_reader_next_member (&self->reader, &name)) {
    gboolean found = annot_json_span_equal (&name, wanted);

    if (!(found ? read (self, error) : annot_json_reader_skip (&self->reader, NULL)))
      return FALSE;
  }
  return !annot_json_reader_failed (&self->reader);
}

static gboolean
read_privacy (Parser *self, GError **error)
{
  return read_inside (self, "face_hashes", read_face_hashes, error);
}

static gboolean
read_metadata (Parser *self, const char *name, GError **error)
{
  return read_inside (self, "privacy", read_privacy, error);
}

/* The members that mean something here. in_payload: they stay in the payload, too. The first three are required. */
static const struct {
  const char *name;
  gboolean (*read) (Parser *self, const char *name, GError **error);
  gboolean in_payload;
} members[] = {
  { "event_id", read_event_id, TRUE },      { "camera_id", read_camera_id, TRUE },
  { "timestamp", read_timestamp, TRUE },    { "frame_data", read_frame_data, FALSE },
  { "frame_uri", read_frame_uri, TRUE },    { "text", read_text, TRUE },
  { "detections", read_detections, FALSE }, { "priority", read_priority, TRUE },
  { "metadata", read_metadata, TRUE },
};

#define REQUIRED_MEMBERS 3

static gboolean
read_member (Parser *self, const AnnotJsonSpan *name, GError **error)
{
  AnnotJsonSpan value;
  guint i = 0;

  while (i < G_N_ELEMENTS (members) && !annot_json_span_equal (name, members[i].name))
    i++;
  annot_json_reader_peek (&self->reader);
  value = (AnnotJsonSpan){ .data = self->reader.at };
  if (i == G_N_ELEMENTS (members)) {
    if (!annot_json_reader_skip (&self->reader, &value))
      return FALSE;
  } else if (!annot_field_once (&self->seen, i, members[i].name, error)
             || !members[i].read (self, members[i].name, error)) {
    return FALSE;
  }
  value.length = (gsize) (self->reader.at - value.data);
  if (i == G_N_ELEMENTS (members) || members[i].in_payload)
    annot_field_append_raw (self->payload, name, &value);
  return TRUE;
}

/* What follows from the members as a whole. */
static gboolean
settle (Parser *self, GError **error)
{
  AnnotExample *example = self->example;

  for (guint i = 0; i < REQUIRED_MEMBERS; i++)
    if (!(self->seen & 1u << i))
      return annot_field_refuse (error, members[i].name, "is required");
  if (isnan (example->priority))
    example->priority = 1 - (isfinite (self->summary.lowest) ? self->summary.lowest : NEUTRAL_CONFIDENCE);
  if (self->detections->len == 0)
    g_string_append (self->detections, "[]");
  g_strfreev (example->labels);
  example->labels = annot_detection_summary_take_labels (&self->summary);
  g_strfreev (example->face_hashes);
  example->face_hashes = annot_strings_distinct (g_steal_pointer (&self->face_hashes));
  example->detections = g_string_free (g_steal_pointer (&self->detections), FALSE);
  example->payload = g_string_free (g_steal_pointer (&self->payload), FALSE);
  return TRUE;
}

static gboolean
parse (Parser *self, GError **error)
{
  AnnotJsonSpan name;

  if (!annot_field_read_object (&self->reader, NULL, error))
    return FALSE;
  g_string_append_c (self->payload, '{');
  while (annot_json_reader_next_member (&self->reader, &name))
    if (!read_member (self, &name, error))
      return FALSE;
  g_string_append_c (self->payload, '}');
  return annot_json_reader_finish (&self->reader) && settle (self, error);
}

AnnotExample *
annot_example_parse (const char *data, gsize length, const AnnotLimits *limits, GError **error)
{
  g_auto (Parser) self = { .limits = limits };
  GError *problem = NULL;

  if (length > limits->message_bytes) {
    g_set_error (error, ANNOT_ERROR, ANNOT_ERROR_INVALID, "must not be larger than %" G_GSIZE_FORMAT " bytes",
                 limits->message_bytes);
    return NULL;
  }
  annot_json_reader_init (&self.reader, data, length, limits->json_depth);
  self.example = annot_example_new ();
  self.example->priority = NAN;
  self.payload = g_string_sized_new (1024);
  self.detections = g_string_sized_new (256);
  self.face_hashes = g_ptr_array_new_with_free_func (g_free);
  annot_detection_summary_init (&self.summary);
  if (parse (&self, &problem))
    return g_steal_pointer (&self.example);
  annot_field_propagate (&self.reader, problem, error);
  return NULL;
}
