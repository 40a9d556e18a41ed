/* SPDX-License-Identifier: Apache-2.0 */
/* export-sample FORMAT FILLER [pixels]: writes an export of some telling rows, and FILLER dull ones with boxes in parts
 * of the image or in pixels, to standard output. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model/annot-example-json.h"
#include "model/annot-export.h"

/* The header of a PNG of 640 by 480. */
#define PNG "iVBORw0KGgoAAAANSUhEUgAAAoAAAAHgCAIAAAA="
#define HEAD "\"camera_id\":\"cam \\\"1\\\"\\uffff\",\"timestamp\":\"2026-11-23T08:00:00Z\""

static const struct {
  const char *example;
  const char *corrected;
} rows[] = {
  /* Pixels and a frame: one corrected, one accepted, one rejected, one added, one without a box. */
  { "{\"event_id\":\"pixels\"," HEAD ",\"frame_data\":\"" PNG
    "\",\"model_version\":\"v7\",\"extra\":[1.50],\"status\":\"x\","
    "\"detections\":[{\"bbox\":[64,48,128,96],\"class_name\":\"cat\",\"confidence\":0.25},"
    "{\"bbox\":[-10,-10,320,240],\"class_name\":\"car\",\"confidence\":0.75}]}",
    "[{\"bbox\":{\"x1\":64,\"y1\":48,\"x2\":128,\"y2\":96},\"class_name\":\"cat\",\"confidence\":0.25,"
    "\"corrected_class\":\"dog & <b>\",\"is_correct\":false},"
    "{\"bbox\":{\"x1\":-10,\"y1\":-10,\"x2\":320,\"y2\":240},\"class_name\":\"car\",\"confidence\":0.75,"
    "\"corrected_class\":null,\"is_correct\":true},"
    "{\"bbox\":{\"x1\":1,\"y1\":1,\"x2\":2,\"y2\":2},\"class_name\":\"ghost\",\"confidence\":null,"
    "\"corrected_class\":null,\"is_correct\":false},"
    "{\"bbox\":null,\"class_name\":\"night\",\"confidence\":null,\"corrected_class\":null,\"is_correct\":true}]" },
  /* Parts of an image that is elsewhere. */
  { "{\"event_id\":\"parts:1\"," HEAD ",\"frame_uri\":\"https://example.org/f.jpg\","
    "\"detections\":[{\"bbox\":[0.25,0.5,0.75,1],\"class_name\":\"car\"}]}",
    "[{\"bbox\":{\"x1\":0.25,\"y1\":0.5,\"x2\":0.75,\"y2\":1},\"class_name\":\"car\",\"confidence\":null,"
    "\"corrected_class\":null,\"is_correct\":true}]" },
  /* Pixels of an image that is elsewhere. */
  { "{\"event_id\":\"unsized\"," HEAD ",\"frame_uri\":\"https://example.org/g.jpg\","
    "\"detections\":[{\"bbox\":[10,20,30,40],\"class_name\":\"car\"}]}",
    "[{\"bbox\":{\"x1\":10,\"y1\":20,\"x2\":30,\"y2\":40},\"class_name\":\"car\",\"confidence\":null,"
    "\"corrected_class\":null,\"is_correct\":true}]" },
  /* Nothing to be seen. */
  { "{\"event_id\":\"empty\"," HEAD ",\"frame_data\":\"" PNG "\"}", "[]" },
  { "{\"event_id\":\"text\"," HEAD ",\"text\":\"H\\u00e4llo\","
    "\"detections\":[{\"class_name\":\"spam\",\"confidence\":0.5}]}",
    "[{\"bbox\":null,\"class_name\":\"spam\",\"confidence\":0.5,"
    "\"corrected_class\":\"=ham\\n,\\\"x\\\"\",\"is_correct\":false}]" },
  /* Nobody has looked at it yet. */
  { "{\"event_id\":\"pending\"," HEAD ",\"detections\":[{\"bbox\":[1,2,3,4],\"class_name\":\"car\"}]}", NULL },
};

static void
write_out (GByteArray *out)
{
  if (fwrite (out->data, 1, out->len, stdout) != out->len)
    exit (1);
  g_byte_array_set_size (out, 0);
}

static AnnotAnnotation *
make_annotation (const char *event_id, const char *corrected)
{
  AnnotAnnotation *annotation = annot_annotation_new ();

  annotation->id = g_strdup ("11111111-2222-3333-4444-555555555555");
  annotation->event_id = g_strdup (event_id);
  annotation->revision = 1;
  annotation->annotator = g_strdup ("jane");
  annotation->created_at = G_GINT64_CONSTANT (1795420860000000);
  annotation->corrected_detections = g_strdup (corrected);
  annotation->quality_score = 0.5;
  annotation->notes = g_strdup ("=1+1 \"quoted\"\nline");
  annotation->lead_time_ms = 1500;
  return annotation;
}

static void
write_row (AnnotExport *export, const char *text, const char *corrected, GByteArray *out)
{
  AnnotLimits limits = ANNOT_LIMITS_DEFAULT;
  g_autoptr (GError) error = NULL;
  g_autoptr (AnnotExample) example = annot_example_parse (text, strlen (text), &limits, &error);
  g_autoptr (AnnotAnnotation) annotation = NULL;

  g_assert_no_error (error);
  if (corrected)
    annotation = make_annotation (example->event_id, corrected);
  annot_export_row (export, example, annotation, out);
  write_out (out);
}

int
main (int argc, char **argv)
{
  static const char *const labels[] = { "person", "car", NULL };
  g_autoptr (GByteArray) out = g_byte_array_new ();
  g_autoptr (GError) error = NULL;
  g_autoptr (AnnotExport) export = annot_export_new (argc > 1 ? argv[1] : NULL, labels, &error);
  guint64 filler = argc > 2 ? g_ascii_strtoull (argv[2], NULL, 10) : 0;
  const char *corrected = rows[argc > 3 ? 2 : 1].corrected;
  gboolean more;

  if (!export) {
    g_printerr ("%s\n", error->message);
    return 1;
  }
  annot_export_begin (export, out);
  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++)
    write_row (export, rows[i].example, rows[i].corrected, out);
  for (guint64 i = 0; i < filler; i++) {
    g_autofree char *text = g_strdup_printf ("{\"event_id\":\"filler-%" G_GUINT64_FORMAT "\"," HEAD "}", i);

    write_row (export, text, corrected, out);
  }
  do {
    more = annot_export_end (export, out);
    write_out (out);
  } while (more);
  if (annot_export_get_error (export)) {
    g_printerr ("%s\n", annot_export_get_error (export)->message);
    return 2;
  }
  return 0;
}
