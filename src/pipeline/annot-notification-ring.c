/* SPDX-License-Identifier: Apache-2.0 */
/* The latest new_example messages without a gap, for pages that come back. */
#include "annot-notification-ring.h"

struct _AnnotNotificationRing {
  GQueue texts;
  gint64 last;
  guint max_messages;
  gsize max_bytes;
  gsize bytes;
};

AnnotNotificationRing *
annot_notification_ring_new (guint max_messages, gsize max_bytes)
{
  AnnotNotificationRing *self = g_new0 (AnnotNotificationRing, 1);

  g_queue_init (&self->texts);
  self->max_messages = max_messages;
  self->max_bytes = max_bytes;
  return self;
}

void
annot_notification_ring_free (AnnotNotificationRing *self)
{
  annot_notification_ring_clear (self);
  g_free (self);
}

void
annot_notification_ring_clear (AnnotNotificationRing *self)
{
  g_queue_clear_full (&self->texts, (GDestroyNotify) g_bytes_unref);
  self->bytes = 0;
}

static void
forget_oldest (AnnotNotificationRing *self)
{
  g_autoptr (GBytes) oldest = g_queue_pop_head (&self->texts);

  self->bytes -= g_bytes_get_size (oldest);
}

void
annot_notification_ring_push (AnnotNotificationRing *self, gint64 seq, GBytes *text)
{
  if (seq != self->last + 1)
    annot_notification_ring_clear (self);
  g_queue_push_tail (&self->texts, g_bytes_ref (text));
  self->bytes += g_bytes_get_size (text);
  self->last = seq;
  while (self->texts.length > self->max_messages || self->bytes > self->max_bytes)
    forget_oldest (self);
}

gboolean
annot_notification_ring_collect (AnnotNotificationRing *self, gint64 after, GPtrArray *texts)
{
  gint64 first = self->last - (gint64) self->texts.length + 1;
  GList *link;

  if (!self->texts.length || after + 1 < first || after > self->last)
    return FALSE;
  link = g_queue_peek_nth_link (&self->texts, (guint) (after + 1 - first));
  for (; link; link = link->next)
    g_ptr_array_add (texts, g_bytes_ref (link->data));
  return TRUE;
}
