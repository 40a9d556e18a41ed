/* SPDX-License-Identifier: Apache-2.0 */
/* What an annotator submits, in all accepted forms. */
#pragma once

#include <annotationd/annotationd.h>
#include "annot-limits.h"

G_BEGIN_DECLS

/**
 * AnnotCorrection:
 * @corrected_detections: JSON array, each {bbox:{x1,y1,x2,y2}, class_name, confidence, corrected_class, is_correct} and
 *  unknown members
 * @labels: (array zero-terminated=1): distinct classes after correction (corrected_class, else class_name, of those that
 *  are not rejected), sorted
 * @quality_score: 0 … 1, NaN when not given
 * @notes: (nullable): text
 * @annotator_id: (nullable): as claimed in the body
 * @event_id: (nullable): `example_id` or `event_id` of the body
 * @has_lease: whether @lease is set
 * @lease: the lease token
 * @digest: SHA-256 hex over what counts: corrected_detections, quality_score, notes
 */
typedef struct {
  char *corrected_detections;
  char **labels;
  double quality_score;
  char *notes;
  char *annotator_id;
  char *event_id;
  gboolean has_lease;
  AnnotLeaseToken lease;
  char *digest;
} AnnotCorrection;

ANNOT_API void annot_correction_free (AnnotCorrection *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (AnnotCorrection, annot_correction_free)

/* From a JSON body, full or short form ({"bbox","label"} is one corrected detection). ANNOT_ERROR_INVALID. */
ANNOT_API AnnotCorrection *annot_correction_parse (const char *data, gsize length, const AnnotLimits *limits,
                                                   GError **error);
/* From the older form-encoded body: fields of the same names; corrected_detections and bbox hold JSON text. */
ANNOT_API AnnotCorrection *annot_correction_from_form (GHashTable *form, const AnnotLimits *limits, GError **error);

G_END_DECLS
