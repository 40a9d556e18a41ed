/* SPDX-License-Identifier: Apache-2.0 */
/* Export as Label Studio tasks: the model's detections as predictions, the corrected ones as annotations. */
#include <math.h>

#include "annot-example-json.h"
#include "annot-export-format.h"
#include "annot-json-reader.h"
#include "annot-json-writer.h"

struct _AnnotExportLabelStudio {
  AnnotExport parent;
  gint64 tasks;
};

G_DECLARE_FINAL_TYPE (AnnotExportLabelStudio, annot_export_label_studio, ANNOT, EXPORT_LABEL_STUDIO, AnnotExport)
G_DEFINE_FINAL_TYPE (AnnotExportLabelStudio, annot_export_label_studio, ANNOT_TYPE_EXPORT)

/* Where Label Studio finds the image: its URI, or the image itself. The daemon's own path would need its session. */
static void
append_image (GString *out, const AnnotExample *example)
{
  g_autofree char *uri = annot_json_dup_member (example->payload, "frame_uri");
  g_autofree char *base64 = NULL;

  if (!uri && !example->frame && example->frame_type == ANNOT_FRAME_NONE)
    return;
  annot_json_append_name (out, "image");
  if (uri) {
    annot_json_append_string (out, uri, -1);
  } else if (example->frame) {
    base64 = g_base64_encode (g_bytes_get_data (example->frame, NULL), g_bytes_get_size (example->frame));
    g_string_append_printf (out, "\"data:%s;base64,", annot_frame_type_to_mime (example->frame_type));
    g_string_append (out, base64);
    g_string_append_c (out, '"');
  } else {
    annot_example_append_frame_url (out, example);
  }
}

static void
append_data (GString *out, const AnnotExample *example)
{
  g_autofree char *text = annot_json_dup_member (example->payload, "text");

  annot_json_append_name (out, "data");
  g_string_append_c (out, '{');
  append_image (out, example);
  if (text)
    annot_json_append_member_string (out, "text", text);
  annot_json_append_member_string (out, "event_id", example->event_id);
  annot_json_append_member_string (out, "camera_id", example->camera_id);
  annot_json_append_member_time (out, "timestamp", example->timestamp);
  g_string_append_c (out, '}');
}

/* Percent of the image, from its top left corner. */
static void
append_rectangle (GString *out, const AnnotExportImage *image, const AnnotDetection *detection, const char *label)
{
  double box[4];

  annot_export_image_get_box (image, detection, FALSE, box);
  annot_json_append_member_string (out, "from_name", "label");
  annot_json_append_member_string (out, "to_name", "image");
  annot_json_append_member_string (out, "type", "rectanglelabels");
  if (image->has_size) {
    annot_json_append_member_int (out, "original_width", image->width);
    annot_json_append_member_int (out, "original_height", image->height);
  }
  annot_json_append_member_int (out, "image_rotation", 0);
  g_string_append (out, ",\"value\":{");
  annot_json_append_member_double (out, "x", box[0] * 100);
  annot_json_append_member_double (out, "y", box[1] * 100);
  annot_json_append_member_double (out, "width", (box[2] - box[0]) * 100);
  annot_json_append_member_double (out, "height", (box[3] - box[1]) * 100);
  annot_json_append_member_int (out, "rotation", 0);
  annot_json_append_name (out, "rectanglelabels");
  g_string_append_c (out, '[');
  annot_json_append_string (out, label, -1);
  g_string_append (out, "]}");
}

/* A class of the whole. */
static void
append_choice (GString *out, const AnnotExportImage *image, const char *label)
{
  annot_json_append_member_string (out, "from_name", "class");
  annot_json_append_member_string (out, "to_name", image->example->frame_type == ANNOT_FRAME_NONE ? "text" : "image");
  annot_json_append_member_string (out, "type", "choices");
  g_string_append (out, ",\"value\":{\"choices\":[");
  annot_json_append_string (out, label, -1);
  g_string_append (out, "]}");
}

static void
append_result (GString *out, const AnnotExportImage *image, const char *prefix, const char *origin)
{
  gboolean first = TRUE;

  annot_json_append_name (out, "result");
  g_string_append_c (out, '[');
  for (guint i = 0; i < image->detections->len; i++) {
    const AnnotDetection *detection = image->detections->pdata[i];
    const char *label = annot_detection_get_label (detection);

    if (!label)
      continue;
    g_string_append (out, first ? "{" : ",{");
    first = FALSE;
    annot_json_append_name (out, "id");
    g_string_append_printf (out, "\"%s%u\"", prefix, i);
    if (annot_detection_has_box (detection))
      append_rectangle (out, image, detection, label);
    else
      append_choice (out, image, label);
    if (isfinite (detection->confidence))
      annot_json_append_member_double (out, "score", detection->confidence);
    annot_json_append_member_string (out, "origin", origin);
    g_string_append_c (out, '}');
  }
  g_string_append_c (out, ']');
}

/* The score of the whole is that of its least certain detection. */
static void
append_prediction (GString *out, const AnnotExample *example)
{
  g_auto (AnnotExportImage) image = { 0 };
  g_autofree char *model = annot_json_dup_member (example->payload, "model_version");
  double score = INFINITY;

  annot_json_append_name (out, "predictions");
  g_string_append_c (out, '[');
  if (annot_export_image_init (&image, example, NULL) && image.detections->len > 0
      && annot_export_image_is_complete (&image, FALSE)) {
    for (guint i = 0; i < image.detections->len; i++)
      score = fmin (score, ((const AnnotDetection *) image.detections->pdata[i])->confidence);
    g_string_append_c (out, '{');
    annot_json_append_member_string (out, "model_version", model ? model : "");
    if (isfinite (score))
      annot_json_append_member_double (out, "score", score);
    append_result (out, &image, "p", "prediction");
    g_string_append_c (out, '}');
  }
  g_string_append_c (out, ']');
}

static void
append_annotation (GString *out, const AnnotExample *example, const AnnotAnnotation *annotation)
{
  g_auto (AnnotExportImage) image = { 0 };

  annot_json_append_name (out, "annotations");
  g_string_append_c (out, '[');
  if (annotation && annot_export_image_init (&image, example, annotation)
      && annot_export_image_is_complete (&image, FALSE)) {
    g_string_append_c (out, '{');
    annot_json_append_member_string (out, "unique_id", annotation->id);
    annot_json_append_member_time (out, "created_at", annotation->created_at);
    if (annotation->lead_time_ms >= 0)
      annot_json_append_member_double (out, "lead_time", (double) annotation->lead_time_ms / 1000);
    g_string_append (out, ",\"was_cancelled\":false,\"ground_truth\":false");
    append_result (out, &image, "a", "manual");
    g_string_append_c (out, '}');
  }
  g_string_append_c (out, ']');
}

static void
append_meta (GString *out, const AnnotAnnotation *annotation)
{
  annot_json_append_name (out, "meta");
  g_string_append_c (out, '{');
  if (annotation) {
    annot_json_append_member_string (out, "annotator", annotation->annotator);
    annot_json_append_member_double (out, "quality_score", annotation->quality_score);
    annot_json_append_member_string (out, "notes", annotation->notes);
  }
  g_string_append_c (out, '}');
}

static void
annot_export_label_studio_begin (AnnotExport *self, GByteArray *out)
{
  g_byte_array_append (out, (const guint8 *) "[", 1);
}

static void
annot_export_label_studio_row (AnnotExport *export, const AnnotExample *example, const AnnotAnnotation *annotation,
                               GByteArray *out)
{
  AnnotExportLabelStudio *self = ANNOT_EXPORT_LABEL_STUDIO (export);
  g_autoptr (GString) task = g_string_new (self->tasks ? ",\n{" : "\n{");

  annot_json_append_member_int (task, "id", ++self->tasks);
  append_data (task, example);
  append_meta (task, annotation);
  append_annotation (task, example, annotation);
  append_prediction (task, example);
  g_string_append_c (task, '}');
  annot_export_append (out, task);
}

static gboolean
annot_export_label_studio_end (AnnotExport *self, GByteArray *out)
{
  g_byte_array_append (out, (const guint8 *) "\n]\n", 3);
  return FALSE;
}

static void
annot_export_label_studio_class_init (AnnotExportLabelStudioClass *klass)
{
  AnnotExportClass *export_class = ANNOT_EXPORT_CLASS (klass);

  export_class->begin = annot_export_label_studio_begin;
  export_class->row = annot_export_label_studio_row;
  export_class->end = annot_export_label_studio_end;
}

static void
annot_export_label_studio_init (AnnotExportLabelStudio *self)
{
}
