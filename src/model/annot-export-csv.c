/* SPDX-License-Identifier: Apache-2.0 */
/* Export as CSV (RFC 4180): one row for each corrected detection. */
#include <math.h>
#include <string.h>

#include "annot-export-format.h"
#include "annot-json-writer.h"
#include "annot-time.h"

struct _AnnotExportCsv {
  AnnotExport parent;
};

G_DECLARE_FINAL_TYPE (AnnotExportCsv, annot_export_csv, ANNOT, EXPORT_CSV, AnnotExport)
G_DEFINE_FINAL_TYPE (AnnotExportCsv, annot_export_csv, ANNOT_TYPE_EXPORT)

static void
separate (GString *row)
{
  if (row->len > 0)
    g_string_append_c (row, ',');
}

/* A spreadsheet takes a field with one of these in front for a formula: an apostrophe makes it text (OWASP, "CSV
 * Injection"). */
static void
append_text (GString *row, const char *text)
{
  separate (row);
  if (!text)
    return;
  g_string_append_c (row, '"');
  if (*text && strchr ("=+-@\t\r\n", *text))
    g_string_append_c (row, '\'');
  for (; *text; text++) {
    if (*text == '"')
      g_string_append_c (row, '"');
    g_string_append_c (row, *text);
  }
  g_string_append_c (row, '"');
}

static void
append_number (GString *row, double value)
{
  separate (row);
  if (isfinite (value))
    annot_json_append_double (row, value);
}

static void
append_time (GString *row, gint64 time)
{
  g_autofree char *text = annot_time_format (time);

  separate (row);
  g_string_append (row, text);
}

static void
append_detection (GString *row, const AnnotDetection *detection)
{
  append_text (row, annot_detection_get_label (detection));
  append_text (row, detection->class_name);
  append_text (row, detection->corrected_class);
  separate (row);
  g_string_append (row, detection->is_correct ? "true" : "false");
  append_number (row, detection->confidence);
  append_number (row, detection->x1);
  append_number (row, detection->y1);
  append_number (row, detection->x2);
  append_number (row, detection->y2);
}

static void
annot_export_csv_begin (AnnotExport *self, GByteArray *out)
{
  static const char header[]
      = "event_id,camera_id,timestamp,annotator_id,annotation_timestamp,revision,quality_score,notes,"
        "detection,label,class_name,corrected_class,is_correct,confidence,x1,y1,x2,y2\r\n";

  g_byte_array_append (out, (const guint8 *) header, sizeof header - 1);
}

static void
annot_export_csv_row (AnnotExport *self, const AnnotExample *example, const AnnotAnnotation *annotation,
                      GByteArray *out)
{
  g_autoptr (GPtrArray) detections
      = annotation ? annot_detections_parse (annotation->corrected_detections, TRUE, NULL) : NULL;

  for (guint i = 0; detections && i < detections->len; i++) {
    g_autoptr (GString) row = g_string_new (NULL);

    append_text (row, example->event_id);
    append_text (row, example->camera_id);
    append_time (row, example->timestamp);
    append_text (row, annotation->annotator);
    append_time (row, annotation->created_at);
    append_number (row, annotation->revision);
    append_number (row, annotation->quality_score);
    append_text (row, annotation->notes);
    append_number (row, i);
    append_detection (row, detections->pdata[i]);
    g_string_append (row, "\r\n");
    annot_export_append (out, row);
  }
}

static void
annot_export_csv_class_init (AnnotExportCsvClass *klass)
{
  ANNOT_EXPORT_CLASS (klass)->begin = annot_export_csv_begin;
  ANNOT_EXPORT_CLASS (klass)->row = annot_export_csv_row;
}

static void
annot_export_csv_init (AnnotExportCsv *self)
{
}
