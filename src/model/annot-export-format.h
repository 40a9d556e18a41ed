/* SPDX-License-Identifier: Apache-2.0 */
/* What the export formats share: class ids, names of files, boxes in the units a format wants. */
#pragma once

#include "annot-detection.h"
#include "annot-export.h"

G_BEGIN_DECLS

GType annot_export_jsonl_get_type (void);
GType annot_export_csv_get_type (void);
GType annot_export_coco_get_type (void);
GType annot_export_yolo_get_type (void);
GType annot_export_voc_get_type (void);
GType annot_export_label_studio_get_type (void);

/* The id of a class, from 0; a class that was not seen before gets the next one. */
guint annot_export_class_id (AnnotExport *self, const char *name);
/* Returns: (transfer none) (element-type utf8): the classes by their ids */
GPtrArray *annot_export_get_classes (AnnotExport *self);
/* When the export began, microseconds since 1970 UTC. */
gint64 annot_export_get_time (AnnotExport *self);
void annot_export_append (GByteArray *out, const GString *text);

/* An image whose annotation is exported. */
typedef struct {
  const AnnotExample *example;
  GPtrArray *detections;
  gboolean has_size;
  guint width;
  guint height;
  char *stem;
} AnnotExportImage;

/* annotation: (nullable): its detections, else the example's. FALSE when they cannot be read. Clear in any case. */
gboolean annot_export_image_init (AnnotExportImage *self, const AnnotExample *example,
                                  const AnnotAnnotation *annotation);
void annot_export_image_clear (AnnotExportImage *self);
/* ".jpg" and so on; "" without an image. */
const char *annot_export_image_get_extension (const AnnotExportImage *self);
/* TRUE for what stays after correction and has a box. */
gboolean annot_export_is_object (const AnnotDetection *detection);
/* The corners in pixels or in parts of the image. FALSE when that needs the image's size, which is not known. */
gboolean annot_export_image_get_box (const AnnotExportImage *self, const AnnotDetection *detection, gboolean in_pixels,
                                     double box[4]);
/* Whether all objects of the image have such a box: an image with only some of them would teach what is wrong. */
gboolean annot_export_image_is_complete (const AnnotExportImage *self, gboolean in_pixels);
/* Whether a format of images can use it: it is one, and complete. */
gboolean annot_export_image_is_usable (const AnnotExportImage *self, gboolean in_pixels);
/* Cuts a box to the image; FALSE when nothing is left. */
gboolean annot_export_clip (double box[4], double width, double height);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (AnnotExportImage, annot_export_image_clear)

G_END_DECLS
