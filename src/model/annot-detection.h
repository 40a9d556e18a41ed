/* SPDX-License-Identifier: Apache-2.0 */
/* Detections with their boxes, read from the normalised text that the store keeps. */
#pragma once

#include <annotationd/annotationd.h>

G_BEGIN_DECLS

/**
 * AnnotDetection:
 * @x1, @y1, @x2, @y2: corners, pixels or normalised 0 … 1 (all four) as the producer gave them; NaN without a box
 * @class_name: (nullable): class
 * @confidence: 0 … 1, NaN when not given
 * @corrected_class: (nullable): of a corrected detection
 * @is_correct: of a corrected detection
 */
typedef struct {
  double x1, y1, x2, y2;
  char *class_name;
  double confidence;
  char *corrected_class;
  gboolean is_correct;
} AnnotDetection;

ANNOT_API void annot_detection_free (AnnotDetection *self);
/* FALSE for a class that is of the whole (a text, an image), without a box. */
ANNOT_API gboolean annot_detection_has_box (const AnnotDetection *self);
/* Returns: (transfer none) (nullable): the class after correction, NULL when it was rejected or has none */
ANNOT_API const char *annot_detection_get_label (const AnnotDetection *self);
/* TRUE when every value lies in 0 … 1: a box in parts of the image's size. */
ANNOT_API gboolean annot_detection_is_normalised (const AnnotDetection *self);
/* Returns: (transfer full) (element-type AnnotDetection) (nullable): from the JSON array of an example or an annotation */
ANNOT_API GPtrArray *annot_detections_parse (const char *text, gboolean corrected, GError **error);

G_END_DECLS
