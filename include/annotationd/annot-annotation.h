/* SPDX-License-Identifier: Apache-2.0 */
/* What a person says of an example, and the lease under which they may say it. */
#pragma once

#if !defined(ANNOTATIOND_INSIDE) && !defined(ANNOTATIOND_COMPILATION)
#error "Include <annotationd/annotationd.h>"
#endif

#include <glib-object.h>

#include <annotationd/annot-example.h>

G_BEGIN_DECLS

/**
 * AnnotAnnotation:
 * @id: UUID, unique for each revision; header `id` of the labelled example
 * @event_id: of the example
 * @revision: 1 for the first annotation of the example
 * @annotator: the account
 * @created_at: microseconds since 1970 UTC
 * @corrected_detections: JSON array as in the labelled example
 * @quality_score: 0 … 1, NaN when not given
 * @notes: (nullable): free text
 * @lead_time_ms: from lease to submit, milliseconds, -1 when unknown
 * @digest: SHA-256 hex of what was submitted: tells a repeated submit from a changed one
 *
 * Reference-counted, immutable once handed on.
 */
typedef struct {
  char *id;
  char *event_id;
  guint revision;
  char *annotator;
  gint64 created_at;
  char *corrected_detections;
  double quality_score;
  char *notes;
  gint64 lead_time_ms;
  char *digest;
} AnnotAnnotation;

#define ANNOT_TYPE_ANNOTATION (annot_annotation_get_type ())
ANNOT_API GType annot_annotation_get_type (void);
/* Returns: (transfer full): strings NULL, quality_score NaN, lead_time_ms -1 */
ANNOT_API AnnotAnnotation *annot_annotation_new (void);
ANNOT_API AnnotAnnotation *annot_annotation_ref (AnnotAnnotation *self);
ANNOT_API void annot_annotation_unref (AnnotAnnotation *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (AnnotAnnotation, annot_annotation_unref)

/**
 * AnnotLeaseToken:
 * @seq: the example's seq
 * @fence: fencing token: grows with every lease of the example, so a late holder is told from the present one
 *
 * On the wire `"<seq>.<fence>"`. It is valid only together with the account that took it.
 */
typedef struct {
  gint64 seq;
  gint64 fence;
} AnnotLeaseToken;

ANNOT_API char *annot_lease_token_to_string (AnnotLeaseToken token);
ANNOT_API gboolean annot_lease_token_from_string (const char *text, AnnotLeaseToken *token);

/**
 * AnnotLease:
 * @token: token
 * @event_id: the example's id
 * @annotator: who holds it
 * @leased_at: when it was first taken, microseconds since 1970 UTC
 * @expires_at: its deadline by the store's clock, microseconds since 1970 UTC
 * @example: (nullable): the example, from claim only
 */
typedef struct {
  AnnotLeaseToken token;
  char *event_id;
  char *annotator;
  gint64 leased_at;
  gint64 expires_at;
  AnnotExample *example;
} AnnotLease;

/* Returns: (transfer full): all zero */
ANNOT_API AnnotLease *annot_lease_new (void);
ANNOT_API void annot_lease_free (AnnotLease *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (AnnotLease, annot_lease_free)

G_END_DECLS
