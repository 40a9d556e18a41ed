/* SPDX-License-Identifier: Apache-2.0 */
/* One topic as one group reads it: follows the file through growth, truncation and rotation. */
#pragma once

#include "local-settings.h"

G_BEGIN_DECLS

/*
 * Everything here does file I/O and may wait for the disk: called from a worker, by one thread at a time.
 *
 * The topic is a chain of files: the rotated ones (`.2`, `.1`) and then `<topic>.jsonl`. A file is finished when it was
 * rotated away and has not grown for a second; only then the next one begins. A file that became shorter, or whose
 * bytes before the read position are others than they were, has been truncated: reading goes on in the copy that still
 * has them (copytruncate makes one), else at its start. Offsets are counted over the whole chain, so they only grow.
 * Where a place cannot be found again everything that is not known to be finished is read: repeated rather than missed.
 */
typedef struct LocalReader LocalReader;

LocalReader *local_reader_new (const LocalSettings *settings, const char *topic);
void local_reader_free (LocalReader *self);
const char *local_reader_get_topic (LocalReader *self);

/* Tries to become the one reader of this group; TRUE also when it is already. FALSE without error: another process is.
 * When it succeeds the stored offset has been read. */
gboolean local_reader_acquire (LocalReader *self, GError **error);
gboolean local_reader_is_acquired (LocalReader *self);
/* Appends at most so many messages, about so many bytes. @more: there is more at once. */
gboolean local_reader_read (LocalReader *self, guint messages, gsize bytes, GPtrArray *out, gboolean *more,
                            GError **error);
/* Stores an offset durably. */
gboolean local_reader_store (LocalReader *self, gint64 next_offset, GError **error);
/* Returns: (transfer full): stored offset, end and lag. The lag is counted a part at a time; -1 until it is known, and
 * a blank line counts as a message until it has been read. */
AnnotPartition *local_reader_measure (LocalReader *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (LocalReader, local_reader_free)

G_END_DECLS
