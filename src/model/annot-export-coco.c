/* SPDX-License-Identifier: Apache-2.0 */
/* Export as a COCO document of objects: images go out as they come, annotations wait in a temporary file. */
#include "annot-export-format.h"
#include "annot-json-reader.h"
#include "annot-json-writer.h"
#include "annot-spool.h"

typedef enum {
  STAGE_IMAGES,
  STAGE_ANNOTATIONS,
  STAGE_CATEGORIES,
} Stage;

struct _AnnotExportCoco {
  AnnotExport parent;
  AnnotSpool *annotations;
  Stage stage;
  gint64 images;
  gint64 objects;
};

G_DECLARE_FINAL_TYPE (AnnotExportCoco, annot_export_coco, ANNOT, EXPORT_COCO, AnnotExport)
G_DEFINE_FINAL_TYPE (AnnotExportCoco, annot_export_coco, ANNOT_TYPE_EXPORT)

static void
annot_export_coco_begin (AnnotExport *self, GByteArray *out)
{
  g_autoptr (GString) text = g_string_new ("{\"info\":{");
  g_autoptr (GDateTime) now = g_date_time_new_from_unix_utc (annot_export_get_time (self) / G_USEC_PER_SEC);

  annot_json_append_member_string (text, "description", "annotationd export");
  annot_json_append_member_string (text, "version", PACKAGE_VERSION);
  annot_json_append_member_int (text, "year", g_date_time_get_year (now));
  annot_json_append_member_string (text, "contributor", "annotationd");
  annot_json_append_member_string (text, "url", "");
  annot_json_append_member_time (text, "date_created", annot_export_get_time (self));
  g_string_append (text, "},\"licenses\":[],\"images\":[");
  annot_export_append (out, text);
}

/* bbox is x, y, width, height in pixels from the top left corner at 0, 0; category ids start at 1. */
static void
append_object (AnnotExportCoco *self, const AnnotDetection *detection, const double box[4])
{
  g_autoptr (GString) text = g_string_new (self->objects ? ",{" : "{");
  double width = box[2] - box[0], height = box[3] - box[1];

  annot_json_append_member_int (text, "id", ++self->objects);
  annot_json_append_member_int (text, "image_id", self->images);
  annot_json_append_member_int (text, "category_id",
                                annot_export_class_id (ANNOT_EXPORT (self), annot_detection_get_label (detection)) + 1);
  annot_json_append_name (text, "bbox");
  g_string_append_c (text, '[');
  annot_json_append_double (text, box[0]);
  g_string_append_c (text, ',');
  annot_json_append_double (text, box[1]);
  g_string_append_c (text, ',');
  annot_json_append_double (text, width);
  g_string_append_c (text, ',');
  annot_json_append_double (text, height);
  g_string_append_c (text, ']');
  annot_json_append_name (text, "area");
  annot_json_append_double (text, width * height);
  g_string_append (text, ",\"segmentation\":[],\"iscrowd\":0}");
  annot_spool_append (self->annotations, text->str, text->len);
}

static void
append_image (AnnotExportCoco *self, const AnnotExportImage *image, GByteArray *out)
{
  g_autoptr (GString) text = g_string_new (self->images ? ",{" : "{");
  g_autofree char *file = g_strconcat (image->stem, annot_export_image_get_extension (image), NULL);
  g_autofree char *uri = annot_json_dup_member (image->example->payload, "frame_uri");

  annot_json_append_member_int (text, "id", ++self->images);
  annot_json_append_member_string (text, "file_name", file);
  if (image->has_size) {
    annot_json_append_member_int (text, "width", image->width);
    annot_json_append_member_int (text, "height", image->height);
  }
  annot_json_append_member_time (text, "date_captured", image->example->timestamp);
  annot_json_append_member_string (text, "coco_url", uri ? uri : "");
  annot_json_append_member_string (text, "event_id", image->example->event_id);
  annot_json_append_member_string (text, "camera_id", image->example->camera_id);
  g_string_append_c (text, '}');
  annot_export_append (out, text);
}

static void
annot_export_coco_row (AnnotExport *export, const AnnotExample *example, const AnnotAnnotation *annotation,
                       GByteArray *out)
{
  AnnotExportCoco *self = ANNOT_EXPORT_COCO (export);
  g_auto (AnnotExportImage) image = { 0 };
  double box[4];

  if (!annotation || !annot_export_image_init (&image, example, annotation)
      || !annot_export_image_is_usable (&image, TRUE))
    return;
  append_image (self, &image, out);
  for (guint i = 0; i < image.detections->len; i++) {
    const AnnotDetection *detection = image.detections->pdata[i];

    if (annot_export_is_object (detection) && annot_export_image_get_box (&image, detection, TRUE, box))
      append_object (self, detection, box);
  }
}

static void
append_categories (AnnotExport *self, GByteArray *out)
{
  g_autoptr (GString) text = g_string_new ("],\"categories\":[");
  GPtrArray *classes = annot_export_get_classes (self);

  for (guint i = 0; i < classes->len; i++) {
    g_string_append (text, i > 0 ? ",{" : "{");
    annot_json_append_member_int (text, "id", i + 1);
    annot_json_append_member_string (text, "name", classes->pdata[i]);
    annot_json_append_member_string (text, "supercategory", "");
    g_string_append_c (text, '}');
  }
  g_string_append (text, "]}\n");
  annot_export_append (out, text);
}

static gboolean
annot_export_coco_end (AnnotExport *export, GByteArray *out)
{
  AnnotExportCoco *self = ANNOT_EXPORT_COCO (export);
  static const char annotations[] = "],\"annotations\":[";

  switch (self->stage) {
  case STAGE_IMAGES:
    g_byte_array_append (out, (const guint8 *) annotations, sizeof annotations - 1);
    self->stage = STAGE_ANNOTATIONS;
    return TRUE;
  case STAGE_ANNOTATIONS:
    if (!annot_spool_read (self->annotations, out))
      self->stage = STAGE_CATEGORIES;
    return annot_spool_get_error (self->annotations) == NULL;
  case STAGE_CATEGORIES:
    append_categories (export, out);
    break;
  }
  return FALSE;
}

static const GError *
annot_export_coco_get_error (AnnotExport *self)
{
  return annot_spool_get_error (ANNOT_EXPORT_COCO (self)->annotations);
}

static void
annot_export_coco_finalize (GObject *object)
{
  annot_spool_free (ANNOT_EXPORT_COCO (object)->annotations);
  G_OBJECT_CLASS (annot_export_coco_parent_class)->finalize (object);
}

static void
annot_export_coco_class_init (AnnotExportCocoClass *klass)
{
  AnnotExportClass *export_class = ANNOT_EXPORT_CLASS (klass);

  G_OBJECT_CLASS (klass)->finalize = annot_export_coco_finalize;
  export_class->begin = annot_export_coco_begin;
  export_class->row = annot_export_coco_row;
  export_class->end = annot_export_coco_end;
  export_class->get_error = annot_export_coco_get_error;
}

static void
annot_export_coco_init (AnnotExportCoco *self)
{
  self->annotations = annot_spool_new ();
}
