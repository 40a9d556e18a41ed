/* SPDX-License-Identifier: Apache-2.0 */
/* Counts the lines of files that have not been read yet. */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * LocalTally:
 * @counted_to: byte up to which the newlines are counted
 * @lines: how many there are from where counting began
 */
typedef struct {
  gint64 counted_to;
  gint64 lines;
} LocalTally;

/* Counts on to the byte `to`, as far as the budget (bytes; what was used is taken off) allows. TRUE when it got there.
 */
gboolean local_tally_advance (LocalTally *self, int fd, gint64 to, gint64 *budget);

G_END_DECLS
