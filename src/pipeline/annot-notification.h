/* SPDX-License-Identifier: Apache-2.0 */
/* The texts of notifications: byte for byte what a page's WebSocket gets. */
#pragma once

#include <annotationd/annotationd.h>

G_BEGIN_DECLS

/**
 * AnnotNotification:
 * @type: (nullable): "new_example" and so on
 * @epoch: (nullable): epoch
 * @seq: seq, 0 when there is none
 * @account: (nullable): whose pages it is for, when not for all
 * @example_id: (nullable): the example
 *
 * What is read back from a text that came by the state.
 */
typedef struct {
  char *type;
  char *epoch;
  gint64 seq;
  char *account;
  char *example_id;
} AnnotNotification;

void annot_notification_free (AnnotNotification *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (AnnotNotification, annot_notification_free)
/* Returns: (transfer full) (nullable): NULL when it is not one of ours. Reads only as far as the example's document. */
AnnotNotification *annot_notification_parse (GBytes *text);

GBytes *annot_notification_new_example (const char *epoch, const AnnotExample *example);
/* hello (pending ≥ 0) or resync (pending −1). */
GBytes *annot_notification_position (const char *type, const char *epoch, gint64 seq, gint64 pending);
GBytes *annot_notification_pending (gint64 count);
/* account (nullable): of a message for one account only, as instances tell it each other. */
GBytes *annot_notification_event (const char *type, const char *event_id, const char *account);

G_END_DECLS
