/* SPDX-License-Identifier: Apache-2.0 */
/* Cuts a file's bytes into lines, with bounded memory however long a line is. */
#include "local-lines.h"

#include <string.h>

struct LocalLines {
  GByteArray *buffer; /* bytes of the unfinished line, and what was fed beyond */
  gsize head;         /* first byte of the buffer that is not handed out */
  gsize scanned;      /* bytes after head that are known to hold no newline */
  gint64 position;    /* of head in the file */
  gsize limit;
  GBytes *cut; /* set while within a line that is too long: its first bytes */
  gint64 cut_start;
};

LocalLines *
local_lines_new (gsize limit)
{
  LocalLines *self = g_new0 (LocalLines, 1);

  self->buffer = g_byte_array_new ();
  self->limit = limit;
  return self;
}

void
local_lines_free (LocalLines *self)
{
  g_byte_array_unref (self->buffer);
  g_clear_pointer (&self->cut, g_bytes_unref);
  g_free (self);
}

void
local_lines_reset (LocalLines *self, gint64 position)
{
  g_byte_array_set_size (self->buffer, 0);
  self->head = 0;
  self->scanned = 0;
  self->position = position;
  g_clear_pointer (&self->cut, g_bytes_unref);
}

void
local_lines_feed (LocalLines *self, gconstpointer data, gsize length)
{
  if (self->head > 0) {
    g_byte_array_remove_range (self->buffer, 0, (guint) self->head);
    self->head = 0;
  }
  g_byte_array_append (self->buffer, data, (guint) length);
}

static void
advance (LocalLines *self, gsize count)
{
  self->head += count;
  self->position += (gint64) count;
  self->scanned = 0;
}

/* Begins to drop a line that has grown beyond the limit. */
static void
start_cut (LocalLines *self, gsize available)
{
  self->cut = g_bytes_new (self->buffer->data + self->head, self->limit + 1);
  self->cut_start = self->position;
  advance (self, available);
}

static void
finish_cut (LocalLines *self, gsize rest, gsize ending, LocalLine *line)
{
  line->start = self->cut_start;
  line->length = self->position + (gint64) rest - self->cut_start;
  line->next = self->position + (gint64) (rest + ending);
  line->value = g_steal_pointer (&self->cut);
  advance (self, rest + ending);
}

static gboolean
is_blank (const guint8 *data, gsize length)
{
  for (gsize i = 0; i < length; i++) {
    if (data[i] != ' ' && data[i] != '\t' && data[i] != '\r')
      return FALSE;
  }
  return TRUE;
}

/* Takes the line of that many bytes at the head; FALSE when it is blank. */
static gboolean
take_line (LocalLines *self, gsize length, gsize ending, LocalLine *line)
{
  const guint8 *data = self->buffer->data + self->head;
  gsize bare = length > 0 && data[length - 1] == '\r' ? length - 1 : length;
  gboolean blank = is_blank (data, bare);

  if (!blank) {
    line->start = self->position;
    line->next = self->position + (gint64) (length + ending);
    line->length = (gint64) bare;
    line->value = g_bytes_new (data, MIN (bare, self->limit + 1));
  }
  advance (self, length + ending);
  return !blank;
}

gboolean
local_lines_next (LocalLines *self, LocalLine *line)
{
  while (self->buffer->len > self->head) {
    const guint8 *data = self->buffer->data + self->head;
    gsize available = self->buffer->len - self->head;
    const guint8 *newline = memchr (data + self->scanned, '\n', available - self->scanned);

    if (newline && self->cut) {
      finish_cut (self, (gsize) (newline - data), 1, line);
      return TRUE;
    }
    if (newline) {
      if (take_line (self, (gsize) (newline - data), 1, line))
        return TRUE;
      continue;
    }
    if (self->cut)
      advance (self, available);
    else if (available > self->limit + 1)
      start_cut (self, available);
    else
      self->scanned = available;
    return FALSE;
  }
  return FALSE;
}

gboolean
local_lines_take_rest (LocalLines *self, LocalLine *line)
{
  gsize available = self->buffer->len - self->head;

  if (self->cut) {
    finish_cut (self, available, 0, line);
    return TRUE;
  }
  return available > 0 && take_line (self, available, 0, line);
}

gint64
local_lines_get_position (LocalLines *self)
{
  return self->cut ? self->cut_start : self->position;
}
