/* SPDX-License-Identifier: Apache-2.0 */
/* Export as a zip of Pascal VOC annotations: Annotations/, JPEGImages/. Corners are whole pixels counted from 0. */
#include <math.h>
#include <string.h>

#include "annot-export-format.h"
#include "annot-zip.h"

struct _AnnotExportVoc {
  AnnotExport parent;
  AnnotZip *zip;
};

G_DECLARE_FINAL_TYPE (AnnotExportVoc, annot_export_voc, ANNOT, EXPORT_VOC, AnnotExport)
G_DEFINE_FINAL_TYPE (AnnotExportVoc, annot_export_voc, ANNOT_TYPE_EXPORT)

/* Control characters, U+FFFE and U+FFFF have no place in XML, not even as references (XML 1.0, 2.2). */
static void
append_element (GString *xml, const char *indent, const char *name, const char *text)
{
  g_autofree char *clean = g_strdup (text), *escaped = NULL;

  for (char *at = clean; *at; at++)
    if ((guchar) *at < 0x20 || *at == 0x7f)
      *at = ' ';
  for (char *at = clean; (at = strstr (at, "\xef\xbf")); at += 2)
    if (at[2] == '\xbe' || at[2] == '\xbf')
      memset (at, ' ', 3);
  escaped = g_markup_escape_text (clean, -1);
  g_string_append_printf (xml, "%s<%s>%s</%s>\n", indent, name, escaped, name);
}

static void
append_object (GString *xml, const AnnotExportImage *image, const AnnotDetection *detection, double box[4])
{
  static const char *const names[] = { "xmin", "ymin", "xmax", "ymax" };

  if (image->has_size && !annot_export_clip (box, image->width, image->height))
    return;
  g_string_append (xml, "  <object>\n");
  append_element (xml, "    ", "name", annot_detection_get_label (detection));
  g_string_append (xml, "    <pose>Unspecified</pose>\n    <truncated>0</truncated>\n    <difficult>0</difficult>\n"
                        "    <bndbox>\n");
  for (guint i = 0; i < 4; i++)
    g_string_append_printf (xml, "      <%s>%.0f</%s>\n", names[i], round (box[i]), names[i]);
  g_string_append (xml, "    </bndbox>\n  </object>\n");
}

static void
append_head (GString *xml, const AnnotExportImage *image)
{
  g_autofree char *file = g_strconcat (image->stem, annot_export_image_get_extension (image), NULL);

  g_string_append (xml, "<annotation>\n  <folder>JPEGImages</folder>\n");
  append_element (xml, "  ", "filename", file);
  g_string_append (xml, "  <source>\n    <database>annotationd</database>\n");
  append_element (xml, "    ", "annotation", image->example->event_id);
  append_element (xml, "    ", "image", image->example->camera_id);
  g_string_append_printf (
      xml,
      "  </source>\n  <size>\n    <width>%u</width>\n    <height>%u</height>\n    <depth>3</depth>\n"
      "  </size>\n  <segmented>0</segmented>\n",
      image->width, image->height);
}

static void
annot_export_voc_row (AnnotExport *self, const AnnotExample *example, const AnnotAnnotation *annotation,
                      GByteArray *out)
{
  AnnotZip *zip = ANNOT_EXPORT_VOC (self)->zip;
  g_auto (AnnotExportImage) image = { 0 };
  g_autoptr (GString) xml = g_string_new (NULL);
  g_autofree char *name = NULL, *file = NULL;
  double box[4];

  if (!annotation || !annot_export_image_init (&image, example, annotation)
      || !annot_export_image_is_usable (&image, TRUE))
    return;
  append_head (xml, &image);
  for (guint i = 0; i < image.detections->len; i++) {
    const AnnotDetection *detection = image.detections->pdata[i];

    if (annot_export_is_object (detection) && annot_export_image_get_box (&image, detection, TRUE, box))
      append_object (xml, &image, detection, box);
  }
  g_string_append (xml, "</annotation>\n");
  name = g_strdup_printf ("Annotations/%s.xml", image.stem);
  annot_zip_add (zip, name, xml->str, xml->len, out);
  if (example->frame) {
    file = g_strdup_printf ("JPEGImages/%s%s", image.stem, annot_export_image_get_extension (&image));
    annot_zip_add (zip, file, g_bytes_get_data (example->frame, NULL), g_bytes_get_size (example->frame), out);
  }
}

static gboolean
annot_export_voc_end (AnnotExport *self, GByteArray *out)
{
  return annot_zip_end (ANNOT_EXPORT_VOC (self)->zip, out);
}

static const GError *
annot_export_voc_get_error (AnnotExport *self)
{
  return annot_zip_get_error (ANNOT_EXPORT_VOC (self)->zip);
}

static void
annot_export_voc_finalize (GObject *object)
{
  annot_zip_free (ANNOT_EXPORT_VOC (object)->zip);
  G_OBJECT_CLASS (annot_export_voc_parent_class)->finalize (object);
}

static void
annot_export_voc_class_init (AnnotExportVocClass *klass)
{
  AnnotExportClass *export_class = ANNOT_EXPORT_CLASS (klass);

  G_OBJECT_CLASS (klass)->finalize = annot_export_voc_finalize;
  export_class->row = annot_export_voc_row;
  export_class->end = annot_export_voc_end;
  export_class->get_error = annot_export_voc_get_error;
}

static void
annot_export_voc_init (AnnotExportVoc *self)
{
  self->zip = annot_zip_new (g_get_real_time ());
}
