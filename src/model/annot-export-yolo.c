/* SPDX-License-Identifier: Apache-2.0 */
/* Export as a zip of YOLO labels: labels/, images/, data.yaml, classes.txt. */
#include "annot-export-format.h"
#include "annot-json-writer.h"
#include "annot-zip.h"

struct _AnnotExportYolo {
  AnnotExport parent;
  AnnotZip *zip;
  gboolean has_lists;
};

G_DECLARE_FINAL_TYPE (AnnotExportYolo, annot_export_yolo, ANNOT, EXPORT_YOLO, AnnotExport)
G_DEFINE_FINAL_TYPE (AnnotExportYolo, annot_export_yolo, ANNOT_TYPE_EXPORT)

/* "class cx cy w h" in parts of the image, cut to it. */
static void
append_object (AnnotExport *self, GString *text, const AnnotDetection *detection, double box[4])
{
  const char *label = annot_detection_get_label (detection);
  double values[4];

  if (!annot_export_clip (box, 1, 1))
    return;
  values[0] = (box[0] + box[2]) / 2;
  values[1] = (box[1] + box[3]) / 2;
  values[2] = box[2] - box[0];
  values[3] = box[3] - box[1];
  g_string_append_printf (text, "%u", annot_export_class_id (self, label));
  for (guint i = 0; i < G_N_ELEMENTS (values); i++) {
    char number[G_ASCII_DTOSTR_BUF_SIZE];

    g_string_append_c (text, ' ');
    g_string_append (text, g_ascii_formatd (number, sizeof number, "%.6f", values[i]));
  }
  g_string_append_c (text, '\n');
}

/* An image without objects gets an empty file: background. */
static void
annot_export_yolo_row (AnnotExport *self, const AnnotExample *example, const AnnotAnnotation *annotation,
                       GByteArray *out)
{
  AnnotZip *zip = ANNOT_EXPORT_YOLO (self)->zip;
  g_auto (AnnotExportImage) image = { 0 };
  g_autoptr (GString) text = g_string_new (NULL);
  g_autofree char *labels = NULL, *file = NULL;
  double box[4];

  if (!annotation || !annot_export_image_init (&image, example, annotation)
      || !annot_export_image_is_usable (&image, FALSE))
    return;
  for (guint i = 0; i < image.detections->len; i++) {
    const AnnotDetection *detection = image.detections->pdata[i];

    if (annot_export_is_object (detection) && annot_export_image_get_box (&image, detection, FALSE, box))
      append_object (self, text, detection, box);
  }
  labels = g_strdup_printf ("labels/%s.txt", image.stem);
  annot_zip_add (zip, labels, text->str, text->len, out);
  if (example->frame) {
    file = g_strdup_printf ("images/%s%s", image.stem, annot_export_image_get_extension (&image));
    annot_zip_add (zip, file, g_bytes_get_data (example->frame, NULL), g_bytes_get_size (example->frame), out);
  }
}

/* Names in data.yaml are quoted as in JSON, which YAML understands; classes.txt has one a line. */
static void
add_lists (AnnotExport *self, GByteArray *out)
{
  AnnotZip *zip = ANNOT_EXPORT_YOLO (self)->zip;
  GPtrArray *classes = annot_export_get_classes (self);
  g_autoptr (GString) yaml = g_string_new ("path: .\ntrain: images\nval: images\nnames:");
  g_autoptr (GString) list = g_string_new (NULL);

  if (classes->len == 0)
    g_string_append (yaml, " {}");
  g_string_append_c (yaml, '\n');
  for (guint i = 0; i < classes->len; i++) {
    g_autofree char *line = g_strdelimit (g_strdup (classes->pdata[i]), "\r\n", ' ');

    g_string_append_printf (yaml, "  %u: ", i);
    annot_json_append_string (yaml, classes->pdata[i], -1);
    g_string_append_c (yaml, '\n');
    g_string_append_printf (list, "%s\n", line);
  }
  annot_zip_add (zip, "data.yaml", yaml->str, yaml->len, out);
  annot_zip_add (zip, "classes.txt", list->str, list->len, out);
}

static gboolean
annot_export_yolo_end (AnnotExport *export, GByteArray *out)
{
  AnnotExportYolo *self = ANNOT_EXPORT_YOLO (export);

  if (self->has_lists)
    return annot_zip_end (self->zip, out);
  self->has_lists = TRUE;
  add_lists (export, out);
  return TRUE;
}

static const GError *
annot_export_yolo_get_error (AnnotExport *self)
{
  return annot_zip_get_error (ANNOT_EXPORT_YOLO (self)->zip);
}

static void
annot_export_yolo_finalize (GObject *object)
{
  annot_zip_free (ANNOT_EXPORT_YOLO (object)->zip);
  G_OBJECT_CLASS (annot_export_yolo_parent_class)->finalize (object);
}

static void
annot_export_yolo_class_init (AnnotExportYoloClass *klass)
{
  AnnotExportClass *export_class = ANNOT_EXPORT_CLASS (klass);

  G_OBJECT_CLASS (klass)->finalize = annot_export_yolo_finalize;
  export_class->row = annot_export_yolo_row;
  export_class->end = annot_export_yolo_end;
  export_class->get_error = annot_export_yolo_get_error;
}

static void
annot_export_yolo_init (AnnotExportYolo *self)
{
  self->zip = annot_zip_new (g_get_real_time ());
}
