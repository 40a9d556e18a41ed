/* SPDX-License-Identifier: Apache-2.0 */
/* The latest new_example messages without a gap, for pages that come back. */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef struct _AnnotNotificationRing AnnotNotificationRing;

/* Forgets the oldest beyond either bound. */
AnnotNotificationRing *annot_notification_ring_new (guint max_messages, gsize max_bytes);
void annot_notification_ring_free (AnnotNotificationRing *self);
/* A seq that does not follow the last one empties it first. */
void annot_notification_ring_push (AnnotNotificationRing *self, gint64 seq, GBytes *text);
void annot_notification_ring_clear (AnnotNotificationRing *self);
/* Appends the messages after seq up to the latest, and answers TRUE; FALSE (nothing appended) when the first of these is
 * not here any more. */
gboolean annot_notification_ring_collect (AnnotNotificationRing *self, gint64 after, GPtrArray *texts);

G_END_DECLS
