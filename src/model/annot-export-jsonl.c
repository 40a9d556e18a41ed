/* SPDX-License-Identifier: Apache-2.0 */
/* Export as labelled examples, one a line, with the members that the producer added. */
#include "annot-example-json.h"
#include "annot-export-format.h"
#include "annot-json-writer.h"
#include "annot-labeled-example.h"

struct _AnnotExportJsonl {
  AnnotExport parent;
};

G_DECLARE_FINAL_TYPE (AnnotExportJsonl, annot_export_jsonl, ANNOT, EXPORT_JSONL, AnnotExport)
G_DEFINE_FINAL_TYPE (AnnotExportJsonl, annot_export_jsonl, ANNOT_TYPE_EXPORT)

/* What a labelled example has itself. */
static const char *const own_members[] = {
  "event_id",
  "camera_id",
  "timestamp",
  "original_detections",
  "corrected_detections",
  "annotator_id",
  "notes",
  "quality_score",
  "revision",
  "annotation_timestamp",
  "schema_version",
  "lead_time_ms",
  "model_version",
  "source",
  "frame_data",
  "frame_url",
  "frame_sha256",
  "status",
  NULL,
};

static void
annot_export_jsonl_row (AnnotExport *self, const AnnotExample *example, const AnnotAnnotation *annotation,
                        GByteArray *out)
{
  g_autoptr (GString) line = g_string_new ("{");

  annot_labeled_example_append (line, example, annotation);
  annot_json_append_name (line, "status");
  annot_json_append_string (line, annot_example_status_to_string (example->status), -1);
  annot_json_append_name (line, "frame_url");
  annot_example_append_frame_url (line, example);
  annot_json_append_name (line, "frame_sha256");
  annot_json_append_string (line, example->frame_sha256, -1);
  annot_json_append_members (line, example->payload, own_members);
  annot_json_append_name (line, "frame_data");
  if (example->frame)
    annot_json_append_base64 (line, example->frame);
  else
    g_string_append (line, "null");
  g_string_append (line, "}\n");
  annot_export_append (out, line);
}

static void
annot_export_jsonl_class_init (AnnotExportJsonlClass *klass)
{
  ANNOT_EXPORT_CLASS (klass)->row = annot_export_jsonl_row;
}

static void
annot_export_jsonl_init (AnnotExportJsonl *self)
{
}
