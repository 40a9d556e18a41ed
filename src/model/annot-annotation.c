/* SPDX-License-Identifier: Apache-2.0 */
/* Annotations and leases. */
#include <annotationd/annotationd.h>

#include <math.h>
#include <string.h>

G_DEFINE_BOXED_TYPE (AnnotAnnotation, annot_annotation, annot_annotation_ref, annot_annotation_unref)

AnnotAnnotation *
annot_annotation_new (void)
{
  AnnotAnnotation *self = g_atomic_rc_box_new0 (AnnotAnnotation);

  self->quality_score = NAN;
  self->lead_time_ms = -1;
  return self;
}

AnnotAnnotation *
annot_annotation_ref (AnnotAnnotation *self)
{
  return g_atomic_rc_box_acquire (self);
}

static void
annotation_clear (AnnotAnnotation *self)
{
  g_free (self->id);
  g_free (self->event_id);
  g_free (self->annotator);
  g_free (self->corrected_detections);
  g_free (self->notes);
  g_free (self->digest);
}

void
annot_annotation_unref (AnnotAnnotation *self)
{
  g_atomic_rc_box_release_full (self, (GDestroyNotify) annotation_clear);
}

char *
annot_lease_token_to_string (AnnotLeaseToken token)
{
  return g_strdup_printf ("%" G_GINT64_FORMAT ".%" G_GINT64_FORMAT, token.seq, token.fence);
}

gboolean
annot_lease_token_from_string (const char *text, AnnotLeaseToken *token)
{
  g_autofree char *seq = NULL;
  const char *dot;

  if (!text || strlen (text) > 40 || !(dot = strchr (text, '.')))
    return FALSE;
  seq = g_strndup (text, (gsize) (dot - text));
  return g_ascii_string_to_signed (seq, 10, 1, G_MAXINT64, &token->seq, NULL)
         && g_ascii_string_to_signed (dot + 1, 10, 1, G_MAXINT64, &token->fence, NULL);
}

AnnotLease *
annot_lease_new (void)
{
  return g_new0 (AnnotLease, 1);
}

void
annot_lease_free (AnnotLease *self)
{
  g_free (self->event_id);
  g_free (self->annotator);
  g_clear_pointer (&self->example, annot_example_unref);
  g_free (self);
}
