/* SPDX-License-Identifier: Apache-2.0 */
/* What all WebSockets get: frames built once, in a row of segments that every socket reads at its own pace. */
#include "annot-broadcast.h"

#include "annot-websocket-frame.h"

#define SEGMENT_SIZE (64 * 1024)

struct _AnnotSegment {
  guint refs;
  guint32 length;
  guint32 capacity;
  guint64 base; /* position of its first byte */
  AnnotSegment *next; /* owned */
  guint8 data[];
};

static AnnotSegment *
new_segment (guint64 base, gsize capacity)
{
  AnnotSegment *segment = g_malloc (sizeof *segment + capacity);
  *segment = (AnnotSegment){ .refs = 1, .capacity = (guint32)capacity, .base = base };
  return segment;
}

static AnnotSegment *
ref (AnnotSegment *segment)
{
  segment->refs++;
  return segment;
}

/* In a loop: a slow socket may have held a long row of them. */
static void
unref (AnnotSegment *segment)
{
  while (segment != NULL && --segment->refs == 0) {
    AnnotSegment *next = segment->next;
    g_free (segment);
    segment = next;
  }
}

void
annot_broadcast_init (AnnotBroadcast *self)
{
  self->tail = new_segment (0, SEGMENT_SIZE);
}

void
annot_broadcast_clear (AnnotBroadcast *self)
{
  unref (g_steal_pointer (&self->tail));
}

guint64
annot_broadcast_get_end (const AnnotBroadcast *self)
{
  return self->tail->base + self->tail->length;
}

void
annot_broadcast_append (AnnotBroadcast *self, const void *text, gsize length)
{
  guint8 header[ANNOT_FRAME_MAX_HEADER];
  gsize header_length = annot_frame_write_header (header, ANNOT_FRAME_TEXT, length);
  gsize size = header_length + length;
  if (self->tail->capacity - self->tail->length < size) {
    AnnotSegment *next = new_segment (annot_broadcast_get_end (self), MAX (size, SEGMENT_SIZE));
    self->tail->next = ref (next);
    unref (self->tail);
    self->tail = next;
  }
  memcpy (self->tail->data + self->tail->length, header, header_length);
  memcpy (self->tail->data + self->tail->length + header_length, text, length);
  self->tail->length += (guint32)size;
}

void
annot_cursor_init (AnnotCursor *self, const AnnotBroadcast *broadcast)
{
  self->segment = ref (broadcast->tail);
  self->offset = broadcast->tail->length;
}

void
annot_cursor_clear (AnnotCursor *self)
{
  unref (g_steal_pointer (&self->segment));
}

guint64
annot_cursor_get_position (const AnnotCursor *self)
{
  return self->segment->base + self->offset;
}

int
annot_cursor_gather (AnnotCursor *self, guint64 limit, struct iovec *parts, int max)
{
  int count = 0;
  guint32 offset = self->offset;
  for (AnnotSegment *at = self->segment; at != NULL && count < max && at->base + offset < limit; at = at->next) {
    guint64 end = MIN (at->base + at->length, limit);
    if (end > at->base + offset) {
      parts[count].iov_base = at->data + offset;
      parts[count].iov_len = (gsize)(end - at->base - offset);
      count++;
    }
    offset = 0;
  }
  return count;
}

void
annot_cursor_advance (AnnotCursor *self, gsize count)
{
  for (;;) {
    gsize here = MIN (count, (gsize)(self->segment->length - self->offset));
    self->offset += (guint32)here;
    count -= here;
    if (self->offset < self->segment->length || self->segment->next == NULL) {
      return;
    }
    AnnotSegment *next = ref (self->segment->next);
    unref (self->segment);
    self->segment = next;
    self->offset = 0;
  }
}

GBytes *
annot_cursor_rest_of_frame (const AnnotCursor *self)
{
  gsize at = 0;
  while (at < self->offset) {
    at += annot_frame_get_size (self->segment->data + at);
  }
  return at > self->offset ? g_bytes_new (self->segment->data + self->offset, at - self->offset) : NULL;
}
