/* SPDX-License-Identifier: Apache-2.0 */
/* Writes examples as the API, the WebSocket and a producer know them. */
#include "annot-example-json.h"

#include <string.h>

#include "annot-json-writer.h"

/* The store's members, and those that are kept apart from the payload. */
static const char *const own_members[] = {
  "detections", "frame_data",  "priority",  "status",    "seq",          "received_at", "revision", "skips",
  "annotator",  "finished_at", "has_frame", "frame_url", "frame_sha256", "source",      NULL,
};

gboolean
annot_event_id_is_valid (const char *text)
{
  const char *at = text;

  while (g_ascii_isalnum (*at) || (*at && strchr ("._:-", *at)))
    at++;
  return *at == '\0' && at > text && at - text <= 255;
}

static void
append_time_or_null (GString *out, const char *name, gint64 time)
{
  annot_json_append_name (out, name);
  if (time)
    annot_json_append_time (out, time);
  else
    g_string_append (out, "null");
}

static void
append_frame_members (GString *out, const AnnotExample *example)
{
  gboolean has_frame = example->frame_type != ANNOT_FRAME_NONE;

  annot_json_append_name (out, "has_frame");
  g_string_append (out, has_frame ? "true" : "false");
  annot_json_append_name (out, "frame_url");
  annot_example_append_frame_url (out, example);
  annot_json_append_member_string (out, "frame_sha256", has_frame ? example->frame_sha256 : NULL);
}

/**
 * annot_example_append_frame_url:
 * @out: where to
 * @example: an example
 *
 * Appends the path of the example's image as a JSON string, null when it has none.
 */
void
annot_example_append_frame_url (GString *out, const AnnotExample *example)
{
  if (example->frame_type == ANNOT_FRAME_NONE)
    g_string_append (out, "null");
  else
    g_string_append_printf (out, "\"/api/v1/examples/%s/frame\"", example->event_id);
}

/**
 * annot_example_append_source:
 * @out: where to
 * @example: an example
 *
 * Appends `{topic,partition,offset}`, null when the example did not come from a broker.
 */
void
annot_example_append_source (GString *out, const AnnotExample *example)
{
  if (!example->source_topic) {
    g_string_append (out, "null");
    return;
  }
  g_string_append_c (out, '{');
  annot_json_append_member_string (out, "topic", example->source_topic);
  annot_json_append_member_int (out, "partition", example->source_partition);
  annot_json_append_member_int (out, "offset", example->source_offset);
  g_string_append_c (out, '}');
}

void
annot_example_append_json (GString *out, const AnnotExample *example)
{
  g_string_append_c (out, '{');
  annot_json_append_members (out, example->payload, own_members);
  annot_json_append_name (out, "detections");
  g_string_append (out, example->detections ? example->detections : "[]");
  annot_json_append_name (out, "priority");
  annot_json_append_double (out, example->priority);
  annot_json_append_member_string (out, "status", annot_example_status_to_string (example->status));
  annot_json_append_member_int (out, "seq", example->seq);
  append_time_or_null (out, "received_at", example->received_at);
  annot_json_append_member_int (out, "revision", example->revision);
  annot_json_append_member_int (out, "skips", example->skips);
  annot_json_append_member_string (out, "annotator", example->annotator);
  append_time_or_null (out, "finished_at", example->finished_at);
  append_frame_members (out, example);
  annot_json_append_name (out, "source");
  annot_example_append_source (out, example);
  g_string_append_c (out, '}');
}

void
annot_example_append_original (GString *out, const AnnotExample *example, gboolean with_frame)
{
  g_string_append_c (out, '{');
  annot_json_append_members (out, example->payload, NULL);
  annot_json_append_name (out, "detections");
  g_string_append (out, example->detections ? example->detections : "[]");
  if (with_frame && example->frame) {
    annot_json_append_name (out, "frame_data");
    annot_json_append_base64 (out, example->frame);
  }
  g_string_append_c (out, '}');
}
