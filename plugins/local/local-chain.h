/* SPDX-License-Identifier: Apache-2.0 */
/* The chain of a topic's files: which one to open, and when one is finished. */
#pragma once

#include "local-offset.h"

G_BEGIN_DECLS

/**
 * LocalSegment:
 * @fd: the open file
 * @device, @inode: its identity
 * @base: logical offset of its first byte
 * @start: where reading it began
 * @size: its size, once it is finished
 * @finished: whether all of it was read and no more will come (not when it was truncated)
 *
 * A stretch of one file that is read from front to back.
 */
typedef struct {
  int fd;
  guint64 device;
  guint64 inode;
  gint64 base;
  gint64 start;
  gint64 size;
  gboolean finished;
} LocalSegment;

void local_segment_free (LocalSegment *self);

/**
 * local_chain_open:
 * @path: the topic's file
 * @last: (nullable): where reading was: a place that was stored, or the read position of a file that was truncated
 * @segments: (element-type LocalSegment): those read so far; a finished one is not begun again
 *
 * Opens the file in which to go on: the same one at the same place; else another one that has the same bytes up to that
 * place (a copy); else, from its start, the oldest one that is not known to be finished.
 *
 * Returns: (transfer full) (nullable): %NULL without error: there is no file yet
 */
LocalSegment *local_chain_open (const char *path, const LocalOffset *last, GPtrArray *segments, GError **error);

/**
 * local_chain_open_next:
 * @path: the topic's file
 * @current: a segment that was read to its end
 * @offset: logical offset of that end
 *
 * Returns: (transfer full) (nullable): the start of the next newer file; %NULL without error: there is none yet
 */
LocalSegment *local_chain_open_next (const char *path, const LocalSegment *current, gint64 offset,
                                     const LocalOffset *stored, GPtrArray *segments, GError **error);
/* Whether the topic's file is another one now. */
gboolean local_chain_is_rotated (const char *path, const LocalSegment *current);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (LocalSegment, local_segment_free)

G_END_DECLS
