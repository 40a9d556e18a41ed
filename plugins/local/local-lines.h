/* SPDX-License-Identifier: Apache-2.0 */
/* Cuts a file's bytes into lines, with bounded memory however long a line is. */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef struct LocalLines LocalLines;

/**
 * LocalLine:
 * @start: where it begins in the file
 * @next: byte after its line ending
 * @length: its length without the line ending
 * @value: (transfer full): its bytes; of one that is longer than the limit one byte more than the limit
 */
typedef struct {
  gint64 start;
  gint64 next;
  gint64 length;
  GBytes *value;
} LocalLine;

LocalLines *local_lines_new (gsize limit);
void local_lines_free (LocalLines *self);
/* Forgets all bytes; the next ones fed are those at position. */
void local_lines_reset (LocalLines *self, gint64 position);
void local_lines_feed (LocalLines *self, gconstpointer data, gsize length);
/* The next whole line that is not blank. FALSE: feed more. */
gboolean local_lines_next (LocalLines *self, LocalLine *line);
/* What is left when no more will come: the unfinished last line. FALSE when there is none. */
gboolean local_lines_take_rest (LocalLines *self, LocalLine *line);
/* Where the first line begins that was not handed out. */
gint64 local_lines_get_position (LocalLines *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (LocalLines, local_lines_free)

G_END_DECLS
