/* SPDX-License-Identifier: Apache-2.0 */
/* How far each partition is done: never past its first unfinished message. */
#pragma once

#include <annotationd/annotationd.h>

G_BEGIN_DECLS

typedef struct _AnnotOffsetTracker AnnotOffsetTracker;
/* One message that is under way. */
typedef struct _AnnotOffsetEntry AnnotOffsetEntry;

AnnotOffsetTracker *annot_offset_tracker_new (void);
void annot_offset_tracker_free (AnnotOffsetTracker *self);
/* Returns: (transfer full): to be given to finish, once; messages of a partition must begin in their order */
AnnotOffsetEntry *annot_offset_tracker_begin (AnnotOffsetTracker *self, const AnnotMessage *message);
/* The message is durable, here or as a dead letter. Frees the entry (also after its partition was dropped). */
void annot_offset_tracker_finish (AnnotOffsetTracker *self, AnnotOffsetEntry *entry);
/* The message is given up: frees the entry, and its partition never goes past it. */
void annot_offset_tracker_abandon (AnnotOffsetTracker *self, AnnotOffsetEntry *entry);
/* The partition is somebody else's now: nothing of it is to be stored any more. */
void annot_offset_tracker_drop (AnnotOffsetTracker *self, const char *topic, int partition);

/* A partition with an offset to store that is not being stored already: marks it as being stored, and answers TRUE with
 * topic (transfer full), partition, offset. FALSE when there is none. */
gboolean annot_offset_tracker_next (AnnotOffsetTracker *self, char **topic, int *partition, gint64 *offset);
/* How that ended. */
void annot_offset_tracker_stored (AnnotOffsetTracker *self, const char *topic, int partition, gint64 offset,
                                  gboolean success);
/* Whether all that has begun in the partition is finished and stored (also when nothing is known of it). */
gboolean annot_offset_tracker_is_idle (AnnotOffsetTracker *self, const char *topic, int partition);
gboolean annot_offset_tracker_all_idle (AnnotOffsetTracker *self);
/* How many are under way, or finished and waiting for one before them. */
guint annot_offset_tracker_get_waiting (AnnotOffsetTracker *self);

G_END_DECLS
