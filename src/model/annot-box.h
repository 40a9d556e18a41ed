/* SPDX-License-Identifier: Apache-2.0 */
/* Boxes in all the shapes that are accepted, and detections that hold them. */
#pragma once

#include "annot-json-reader.h"

G_BEGIN_DECLS

/**
 * AnnotDetectionSummary:
 * @labels: (element-type utf8): class names, unsorted and with doubles
 * @lowest: the lowest confidence, infinity when there is none
 *
 * What is known of a list of detections after it was read.
 */
typedef struct {
  GPtrArray *labels;
  double lowest;
} AnnotDetectionSummary;

#define ANNOT_CLASS_NAME_MAX 255

void annot_detection_summary_init (AnnotDetectionSummary *self);
void annot_detection_summary_clear (AnnotDetectionSummary *self);
/* Returns: (transfer full): the distinct labels, sorted; the summary is empty then */
char **annot_detection_summary_take_labels (AnnotDetectionSummary *self);
/* Sorts, removes doubles, and ends with NULL. Takes the array. */
char **annot_strings_distinct (GPtrArray *strings);

/* The errors are those of annot-json-field.h. */
/* Reads one box and appends it as {x1,y1,x2,y2}, numbers as they came, with its unknown members. */
gboolean annot_box_read (AnnotJsonReader *reader, const char *name, GString *out, GError **error);
/* Reads an array of at most max detections and appends it normalised. corrected: they are an annotator's, and get
 * is_correct and corrected_class. */
gboolean annot_detections_read (AnnotJsonReader *reader, const char *name, gboolean corrected, guint max, GString *out,
                                AnnotDetectionSummary *summary, GError **error);

G_END_DECLS
