/* SPDX-License-Identifier: Apache-2.0 */
/* Boxes and file names of exported images. */
#include <string.h>

#include "annot-export-format.h"
#include "annot-frame.h"
#include "annot-json-reader.h"
#include "annot-zip.h"

void
annot_export_append (GByteArray *out, const GString *text)
{
  g_byte_array_append (out, (const guint8 *) text->str, (guint) text->len);
}

/* An event id is a file name everywhere but for its colons; two that differ only there stay apart by a checksum. */
static char *
make_stem (const char *event_id)
{
  char *stem;

  if (!strchr (event_id, ':'))
    return g_strdup (event_id);
  stem = g_strdup_printf ("%s-%08x", event_id, annot_crc32 (0, event_id, strlen (event_id)));
  return g_strdelimit (stem, ":", '_');
}

gboolean
annot_export_image_init (AnnotExportImage *self, const AnnotExample *example, const AnnotAnnotation *annotation)
{
  const char *detections = annotation ? annotation->corrected_detections : example->detections;

  *self = (AnnotExportImage){ .example = example };
  self->detections = detections ? annot_detections_parse (detections, annotation != NULL, NULL) : NULL;
  if (!self->detections)
    return FALSE;
  self->has_size = annot_frame_get_size (example->frame, &self->width, &self->height);
  self->stem = make_stem (example->event_id);
  return TRUE;
}

void
annot_export_image_clear (AnnotExportImage *self)
{
  g_clear_pointer (&self->detections, g_ptr_array_unref);
  g_clear_pointer (&self->stem, g_free);
}

const char *
annot_export_image_get_extension (const AnnotExportImage *self)
{
  switch (self->example->frame_type) {
  case ANNOT_FRAME_JPEG:
    return ".jpg";
  case ANNOT_FRAME_PNG:
    return ".png";
  case ANNOT_FRAME_WEBP:
    return ".webp";
  case ANNOT_FRAME_NONE:
    break;
  }
  return "";
}

gboolean
annot_export_is_object (const AnnotDetection *detection)
{
  return annot_detection_has_box (detection) && annot_detection_get_label (detection);
}

gboolean
annot_export_image_get_box (const AnnotExportImage *self, const AnnotDetection *detection, gboolean in_pixels,
                            double box[4])
{
  double x_unit = 1, y_unit = 1;

  if (annot_detection_is_normalised (detection) == in_pixels) {
    if (!self->has_size)
      return FALSE;
    x_unit = in_pixels ? self->width : 1.0 / self->width;
    y_unit = in_pixels ? self->height : 1.0 / self->height;
  }
  box[0] = detection->x1 * x_unit;
  box[1] = detection->y1 * y_unit;
  box[2] = detection->x2 * x_unit;
  box[3] = detection->y2 * y_unit;
  return TRUE;
}

gboolean
annot_export_image_is_complete (const AnnotExportImage *self, gboolean in_pixels)
{
  double box[4];

  for (guint i = 0; i < self->detections->len; i++)
    if (annot_export_is_object (self->detections->pdata[i])
        && !annot_export_image_get_box (self, self->detections->pdata[i], in_pixels, box))
      return FALSE;
  return TRUE;
}

gboolean
annot_export_image_is_usable (const AnnotExportImage *self, gboolean in_pixels)
{
  AnnotJsonSpan uri;
  gboolean is_image = self->example->frame_type != ANNOT_FRAME_NONE
                      || annot_json_find_member (self->example->payload, "frame_uri", &uri);

  for (guint i = 0; i < self->detections->len && !is_image; i++)
    is_image = annot_detection_has_box (self->detections->pdata[i]);
  return is_image && annot_export_image_is_complete (self, in_pixels);
}

gboolean
annot_export_clip (double box[4], double width, double height)
{
  box[0] = CLAMP (box[0], 0, width);
  box[1] = CLAMP (box[1], 0, height);
  box[2] = CLAMP (box[2], 0, width);
  box[3] = CLAMP (box[3], 0, height);
  return box[2] > box[0] && box[3] > box[1];
}
