/* SPDX-License-Identifier: Apache-2.0 */
/* Builds the messages that go out, as the wire contracts have them. */
#include "annot-labeled-example.h"

#include <math.h>

#include "annot-example-json.h"
#include "annot-json-field.h"
#include "annot-json-writer.h"

static void
append_text (GString *out, const char *name, const char *text)
{
  annot_json_append_name (out, name);
  g_string_append (out, text);
}

static void
append_int_or_null (GString *out, const char *name, gint64 value, gboolean known)
{
  annot_json_append_name (out, name);
  if (known)
    annot_json_append_int (out, value);
  else
    g_string_append (out, "null");
}

static void
append_model_version (GString *out, const AnnotExample *example)
{
  AnnotJsonSpan value;

  if (annot_json_find_member (example->payload, "model_version", &value))
    annot_field_append (out, "model_version", &value);
  else
    append_text (out, "model_version", "null");
}

/**
 * annot_labeled_example_append:
 * @out: an object that has begun
 * @example: the example
 * @annotation: (nullable): its annotation
 *
 * Appends the members of a labelled example but those of its frame.
 */
void
annot_labeled_example_append (GString *out, const AnnotExample *example, const AnnotAnnotation *annotation)
{
  annot_json_append_member_string (out, "event_id", example->event_id);
  annot_json_append_member_string (out, "camera_id", example->camera_id);
  annot_json_append_member_time (out, "timestamp", example->timestamp);
  append_text (out, "original_detections", example->detections ? example->detections : "[]");
  append_text (out, "corrected_detections", annotation ? annotation->corrected_detections : "null");
  annot_json_append_member_string (out, "annotator_id", annotation ? annotation->annotator : NULL);
  if (annotation)
    annot_json_append_member_time (out, "annotation_timestamp", annotation->created_at);
  else
    append_text (out, "annotation_timestamp", "null");
  annot_json_append_name (out, "quality_score");
  annot_json_append_double (out, annotation ? annotation->quality_score : NAN);
  annot_json_append_member_string (out, "notes", annotation ? annotation->notes : NULL);
  append_int_or_null (out, "schema_version", ANNOT_LABELED_SCHEMA_VERSION, TRUE);
  append_int_or_null (out, "revision", annotation ? annotation->revision : 0, annotation != NULL);
  append_int_or_null (out, "lead_time_ms", annotation ? annotation->lead_time_ms : -1,
                      annotation && annotation->lead_time_ms >= 0);
  append_model_version (out, example);
  annot_json_append_name (out, "source");
  annot_example_append_source (out, example);
}

AnnotOutgoing *
annot_labeled_example_new (const char *topic, const AnnotExample *example, const AnnotAnnotation *annotation,
                           gboolean inline_frame)
{
  g_autoptr (GString) payload = g_string_new ("{");
  gboolean has_frame = example->frame_type != ANNOT_FRAME_NONE;
  AnnotOutgoing *outgoing;

  annot_labeled_example_append (payload, example, annotation);
  if (has_frame && !inline_frame) {
    annot_json_append_name (payload, "frame_url");
    annot_example_append_frame_url (payload, example);
    annot_json_append_member_string (payload, "frame_sha256", example->frame_sha256);
  }
  if (!has_frame || !inline_frame)
    append_text (payload, "frame_data", "null");
  g_string_append_c (payload, '}');

  outgoing = annot_outgoing_new (topic, example->camera_id, example->event_id, payload->str);
  g_free (outgoing->id);
  outgoing->id = g_strdup (annotation->id);
  outgoing->inline_frame = has_frame && inline_frame;
  outgoing->frame_type = example->frame_type;
  return outgoing;
}

AnnotOutgoing *
annot_event_new (const char *topic, const char *event_type, const char *event_id, const char *by, const char *reason)
{
  g_autoptr (GString) payload = g_string_new ("{");

  annot_json_append_member_string (payload, "event_type", event_type);
  annot_json_append_member_string (payload, "example_id", event_id);
  annot_json_append_member_string (payload, "by", by);
  annot_json_append_member_string (payload, "reason", reason);
  annot_json_append_member_time (payload, "timestamp", g_get_real_time ());
  g_string_append_c (payload, '}');
  return annot_outgoing_new (topic, event_id, event_id, payload->str);
}

GBytes *
annot_outgoing_to_bytes (const AnnotOutgoing *outgoing)
{
  g_autoptr (GString) value = g_string_new (outgoing->payload);

  if (outgoing->inline_frame && value->len > 0) {
    g_string_truncate (value, value->len - 1);
    annot_json_append_name (value, "frame_data");
    if (outgoing->frame)
      annot_json_append_base64 (value, outgoing->frame);
    else
      g_string_append (value, "null");
    g_string_append_c (value, '}');
  }
  return g_string_free_to_bytes (g_steal_pointer (&value));
}
