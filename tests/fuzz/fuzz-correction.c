/* SPDX-License-Identifier: Apache-2.0 */
/* Corrections: what was accepted reads back, and has the same digest when it is submitted once more. */
#include <stdlib.h>
#include <string.h>

#include "model/annot-correction.h"
#include "model/annot-detection.h"
#include "model/annot-json-writer.h"

int LLVMFuzzerTestOneInput (const guint8 *data, size_t size);

static void
check (gboolean holds)
{
  if (!holds)
    abort ();
}

static void
check_correction (const AnnotCorrection *correction, const AnnotLimits *limits)
{
  g_autoptr (GPtrArray) detections = annot_detections_parse (correction->corrected_detections, TRUE, NULL);
  g_autoptr (GString) text = g_string_new ("{");
  g_autoptr (AnnotCorrection) again = NULL;

  check (detections != NULL);
  annot_json_append_name (text, "corrected_detections");
  g_string_append (text, correction->corrected_detections);
  annot_json_append_name (text, "quality_score");
  annot_json_append_double (text, correction->quality_score);
  annot_json_append_name (text, "notes");
  annot_json_append_string (text, correction->notes, -1);
  g_string_append_c (text, '}');
  again = annot_correction_parse (text->str, text->len, limits, NULL);
  check (again != NULL);
  check (g_strv_equal ((const char *const *) again->labels, (const char *const *) correction->labels));
}

int
LLVMFuzzerTestOneInput (const guint8 *data, size_t size)
{
  AnnotLimits limits = ANNOT_LIMITS_DEFAULT;
  g_autoptr (GError) error = NULL;
  g_autoptr (AnnotCorrection) correction = annot_correction_parse ((const char *) data, size, &limits, &error);

  check ((correction != NULL) == (error == NULL));
  /* The short form grows by two levels; with room for them, what it became is accepted like the rest. */
  limits.json_depth += 2;
  limits.message_bytes *= 2;
  if (correction)
    check_correction (correction, &limits);
  return 0;
}
