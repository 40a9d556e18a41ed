/* SPDX-License-Identifier: Apache-2.0 */
/* What all WebSockets get: frames built once, in a row of segments that every socket reads at its own pace. */
#pragma once

#include <glib.h>
#include <sys/uio.h>

G_BEGIN_DECLS

/**
 * AnnotBroadcast:
 *
 * Server frames are not masked, so their bytes are the same for every receiver: each is built once and appended. A socket
 * keeps a cursor; what has piled up since its last write goes out in one call, without a queue of its own. A segment
 * lives as long as a cursor stands in or before it.
 */
typedef struct _AnnotSegment AnnotSegment;

typedef struct {
  AnnotSegment *tail;
} AnnotBroadcast;

typedef struct {
  AnnotSegment *segment;
  guint32 offset;
} AnnotCursor;

void annot_broadcast_init (AnnotBroadcast *self);
void annot_broadcast_clear (AnnotBroadcast *self);
/* Appends one text frame. */
void annot_broadcast_append (AnnotBroadcast *self, const void *text, gsize length);
/* Bytes appended so far: where the next frame begins. */
guint64 annot_broadcast_get_end (const AnnotBroadcast *self);

/* At the end: gets what comes from now on. */
void annot_cursor_init (AnnotCursor *self, const AnnotBroadcast *broadcast);
void annot_cursor_clear (AnnotCursor *self);
guint64 annot_cursor_get_position (const AnnotCursor *self);
/* Fills parts with what lies between the cursor and limit. Returns: how many parts, at most max */
int annot_cursor_gather (AnnotCursor *self, guint64 limit, struct iovec *parts, int max);
void annot_cursor_advance (AnnotCursor *self, gsize count);
/* Returns: (transfer full) (nullable): the bytes still to go of a frame that the cursor stands within */
GBytes *annot_cursor_rest_of_frame (const AnnotCursor *self);

G_END_DECLS
