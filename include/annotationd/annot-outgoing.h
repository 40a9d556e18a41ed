/* SPDX-License-Identifier: Apache-2.0 */
/* A message in the outbox: written with the change it tells of, published later, deleted when confirmed. */
#pragma once

#if !defined(ANNOTATIOND_INSIDE) && !defined(ANNOTATIOND_COMPILATION)
#error "Include <annotationd/annotationd.h>"
#endif

#include <glib-object.h>

#include <annotationd/annot-example.h>

G_BEGIN_DECLS

/**
 * AnnotOutgoing:
 * @id: unique, header `id` of the published message
 * @topic: topic
 * @key: (nullable): message key
 * @event_id: the example it tells of. Messages of one example are published in the order they were written
 * @payload: JSON object; when @inline_frame, the relay adds `frame_data` from the stored frame
 * @inline_frame: whether the frame goes into the message
 * @created_at: microseconds since 1970 UTC; set by the store
 * @attempts: how often publishing has failed
 * @due_at: not before this time, microseconds since 1970 UTC; 0: at once
 * @last_error: (nullable): why the last attempt failed
 * @frame: (nullable): the frame, loaded by `take_outgoing` when @inline_frame
 * @frame_type: type of @frame
 */
typedef struct {
  char *id;
  char *topic;
  char *key;
  char *event_id;
  char *payload;
  gboolean inline_frame;
  gint64 created_at;
  guint attempts;
  gint64 due_at;
  char *last_error;
  GBytes *frame;
  AnnotFrameType frame_type;
} AnnotOutgoing;

/* Makes one with a new UUID as id. */
ANNOT_API AnnotOutgoing *annot_outgoing_new (const char *topic, const char *key, const char *event_id,
                                             const char *payload);
ANNOT_API void annot_outgoing_free (AnnotOutgoing *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (AnnotOutgoing, annot_outgoing_free)

G_END_DECLS
