/* SPDX-License-Identifier: Apache-2.0 */
/* Examples as reference-counted structures. */
#include <annotationd/annotationd.h>

G_DEFINE_BOXED_TYPE (AnnotExample, annot_example, annot_example_ref, annot_example_unref)

static const char *const status_names[] = {
  [ANNOT_EXAMPLE_PENDING] = "pending",
  [ANNOT_EXAMPLE_LEASED] = "leased",
  [ANNOT_EXAMPLE_COMPLETED] = "completed",
  [ANNOT_EXAMPLE_SKIPPED] = "skipped",
};

const char *
annot_frame_type_to_mime (AnnotFrameType type)
{
  switch (type) {
  case ANNOT_FRAME_JPEG:
    return "image/jpeg";
  case ANNOT_FRAME_PNG:
    return "image/png";
  case ANNOT_FRAME_WEBP:
    return "image/webp";
  case ANNOT_FRAME_NONE:
    break;
  }
  return NULL;
}

const char *
annot_example_status_to_string (AnnotExampleStatus status)
{
  g_return_val_if_fail ((guint) status < G_N_ELEMENTS (status_names), NULL);
  return status_names[status];
}

gboolean
annot_example_status_from_string (const char *text, AnnotExampleStatus *status)
{
  for (guint i = 0; i < G_N_ELEMENTS (status_names); i++)
    if (g_strcmp0 (text, status_names[i]) == 0) {
      *status = (AnnotExampleStatus) i;
      return TRUE;
    }
  return FALSE;
}

AnnotExample *
annot_example_new (void)
{
  AnnotExample *self = g_atomic_rc_box_new0 (AnnotExample);

  self->labels = g_new0 (char *, 1);
  self->face_hashes = g_new0 (char *, 1);
  return self;
}

AnnotExample *
annot_example_ref (AnnotExample *self)
{
  return g_atomic_rc_box_acquire (self);
}

static void
example_clear (AnnotExample *self)
{
  g_free (self->event_id);
  g_free (self->camera_id);
  g_free (self->payload);
  g_free (self->detections);
  g_strfreev (self->labels);
  g_strfreev (self->face_hashes);
  g_clear_pointer (&self->frame, g_bytes_unref);
  g_free (self->frame_sha256);
  g_free (self->source_topic);
  g_free (self->annotator);
}

void
annot_example_unref (AnnotExample *self)
{
  g_atomic_rc_box_release_full (self, (GDestroyNotify) example_clear);
}
