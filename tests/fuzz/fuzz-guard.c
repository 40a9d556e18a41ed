/* SPDX-License-Identifier: Apache-2.0 */
/* Heads of requests: their end is the same in one piece and byte by byte, and what the guard passes has one framing. */
#include <stdlib.h>
#include <string.h>

#include "http/annot-guard.h"

int LLVMFuzzerTestOneInput (const guint8 *data, size_t size);

static guint
count_lines (const char *head, gsize length, const char *name)
{
  guint count = 0;
  gsize name_length = strlen (name);

  for (gsize i = 0; i + name_length < length; i++)
    if ((i == 0 || head[i - 1] == '\n') && g_ascii_strncasecmp (head + i, name, name_length) == 0)
      count++;
  return count;
}

int
LLVMFuzzerTestOneInput (const guint8 *data, size_t size)
{
  const char *text = (const char *) data;
  AnnotVerdict verdict = {0};
  gsize scanned = 0;
  gssize whole = annot_guard_find_end (text, size, &scanned, &verdict);
  gssize pieces = 0;

  scanned = 0;
  for (gsize length = 1; length <= size && pieces == 0; length++)
    pieces = annot_guard_find_end (text, length, &scanned, &verdict);
  if (whole > 0 && pieces != whole)
    abort ();
  if (whole <= 0)
    return 0;
  annot_guard_check (text, (gsize) whole, &verdict);
  if (verdict.status != 0)
    return 0;
  if (count_lines (text, (gsize) whole, "content-length:") > 1 || count_lines (text, (gsize) whole, "host:") > 1 ||
      count_lines (text, (gsize) whole, "transfer-encoding:") != (verdict.is_chunked ? 1 : 0) ||
      (verdict.is_chunked && count_lines (text, (gsize) whole, "content-length:") > 0) || verdict.content_length < 0 ||
      memchr (text, '\0', (gsize) whole))
    abort ();
  return 0;
}
