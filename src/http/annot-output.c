/* SPDX-License-Identifier: Apache-2.0 */
/* What waits to be written to a connection. */
#include "annot-output.h"

#include <errno.h>

#define MAX_PARTS 16

void
annot_output_clear (AnnotOutput *self)
{
  g_queue_clear_full (&self->parts, (GDestroyNotify)g_bytes_unref);
  self->offset = 0;
}

gboolean
annot_output_is_empty (const AnnotOutput *self)
{
  return self->parts.length == 0;
}

void
annot_output_push (AnnotOutput *self, GBytes *bytes)
{
  if (g_bytes_get_size (bytes) > 0) {
    g_queue_push_tail (&self->parts, bytes);
  } else {
    g_bytes_unref (bytes);
  }
}

static void
consume (AnnotOutput *self, gsize count)
{
  count += self->offset;
  while (self->parts.length > 0) {
    gsize size = g_bytes_get_size (g_queue_peek_head (&self->parts));
    if (count < size) {
      break;
    }
    count -= size;
    g_bytes_unref (g_queue_pop_head (&self->parts));
  }
  self->offset = count;
}

gssize
annot_output_write (AnnotOutput *self, AnnotChannel *channel)
{
  struct iovec parts[MAX_PARTS];
  int n_parts = 0;
  for (GList *at = self->parts.head; at != NULL && n_parts < MAX_PARTS; at = at->next) {
    gsize size;
    gconstpointer data = g_bytes_get_data (at->data, &size);
    gsize offset = n_parts == 0 ? self->offset : 0;
    parts[n_parts].iov_base = (char *)data + offset;
    parts[n_parts].iov_len = size - offset;
    n_parts++;
  }
  gssize count = annot_channel_writev (channel, parts, n_parts);
  if (count > 0) {
    consume (self, (gsize)count);
  }
  return count;
}

gssize
annot_output_write_now (AnnotOutput *self, AnnotChannel *channel, GString *head, GBytes *body)
{
  gsize body_size = 0;
  gconstpointer data = body != NULL ? g_bytes_get_data (body, &body_size) : NULL;
  gssize written = 0;
  if (annot_output_is_empty (self)) {
    struct iovec parts[2] = { { head->str, head->len }, { (void *)data, body_size } };
    written = annot_channel_writev (channel, parts, body_size > 0 ? 2 : 1);
    if (written == -1 && errno == EAGAIN) {
      written = 0;
    }
  }
  if (written == -1 || (gsize)written == head->len + body_size) {
    g_string_free (head, TRUE);
    return written;
  }
  annot_output_push (self, g_string_free_to_bytes (head));
  if (body_size > 0) {
    annot_output_push (self, g_bytes_ref (body));
  }
  consume (self, (gsize)written);
  return written;
}
