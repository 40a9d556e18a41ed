/* SPDX-License-Identifier: Apache-2.0 */
/* Counts the lines of files that have not been read yet. */
#include "local-tally.h"

#include "local-file.h"

#include <string.h>

#define CHUNK (128 * 1024)

static gint64
count_newlines (const char *data, gsize length)
{
  const char *end = data + length;
  gint64 count = 0;

  while ((data = memchr (data, '\n', (gsize) (end - data)))) {
    count++;
    data++;
  }
  return count;
}

gboolean
local_tally_advance (LocalTally *self, int fd, gint64 to, gint64 *budget)
{
  g_autofree char *chunk = NULL;

  if (self->counted_to >= to)
    return TRUE;
  chunk = g_malloc (CHUNK);
  while (self->counted_to<to && * budget> 0) {
    gssize count = local_read_at (fd, chunk, (gsize) MIN (to - self->counted_to, CHUNK), self->counted_to);

    if (count <= 0)
      return FALSE;
    self->lines += count_newlines (chunk, (gsize) count);
    self->counted_to += count;
    *budget -= count;
  }
  return self->counted_to >= to;
}
