/* SPDX-License-Identifier: Apache-2.0 */
/* How far each partition is done: never past its first unfinished message. */
#include "annot-offset-tracker.h"

/*
 * @entries: under way, in order; an entry that finished early waits here for those before it
 * @reached: all before this offset is finished; -1: nothing yet
 * @storing: this offset is being stored; -1: none
 * @stored: this one is stored; -1: none
 */
typedef struct {
  char *topic;
  int partition;
  GQueue entries;
  gint64 reached;
  gint64 storing;
  gint64 stored;
} Partition;

struct _AnnotOffsetEntry {
  Partition *partition;
  gint64 next_offset;
  gboolean finished;
  gboolean abandoned;
  GList link;
};

struct _AnnotOffsetTracker {
  GPtrArray *partitions;
};

/* Those under way belong to their holders; they only lose their partition. */
static void
partition_free (Partition *self)
{
  AnnotOffsetEntry *entry;
  GList *link;

  while ((link = g_queue_pop_head_link (&self->entries))) {
    entry = link->data;
    entry->partition = NULL;
    if (entry->finished || entry->abandoned)
      g_free (entry);
  }
  g_free (self->topic);
  g_free (self);
}

AnnotOffsetTracker *
annot_offset_tracker_new (void)
{
  AnnotOffsetTracker *self = g_new0 (AnnotOffsetTracker, 1);

  self->partitions = g_ptr_array_new_with_free_func ((GDestroyNotify) partition_free);
  return self;
}

void
annot_offset_tracker_free (AnnotOffsetTracker *self)
{
  g_ptr_array_unref (self->partitions);
  g_free (self);
}

/* A consumer holds a few partitions, and most often the same one again. */
static Partition *
find (AnnotOffsetTracker *self, const char *topic, int partition, guint *index)
{
  for (guint i = 0; i < self->partitions->len; i++) {
    Partition *candidate = g_ptr_array_index (self->partitions, i);

    if (candidate->partition == partition && g_str_equal (candidate->topic, topic)) {
      if (index)
        *index = i;
      return candidate;
    }
  }
  return NULL;
}

AnnotOffsetEntry *
annot_offset_tracker_begin (AnnotOffsetTracker *self, const AnnotMessage *message)
{
  Partition *partition = find (self, message->topic, message->partition, NULL);
  AnnotOffsetEntry *entry = g_new0 (AnnotOffsetEntry, 1);

  if (!partition) {
    partition = g_new0 (Partition, 1);
    partition->topic = g_strdup (message->topic);
    partition->partition = message->partition;
    partition->reached = partition->storing = partition->stored = -1;
    g_queue_init (&partition->entries);
    g_ptr_array_add (self->partitions, partition);
  }
  entry->partition = partition;
  entry->next_offset = message->next_offset;
  entry->link.data = entry;
  g_queue_push_tail_link (&partition->entries, &entry->link);
  return entry;
}

void
annot_offset_tracker_finish (AnnotOffsetTracker *self, AnnotOffsetEntry *entry)
{
  Partition *partition = entry->partition;

  if (!partition) {
    g_free (entry);
    return;
  }
  entry->finished = TRUE;
  while (partition->entries.head) {
    AnnotOffsetEntry *first = partition->entries.head->data;

    if (!first->finished)
      break;
    partition->reached = first->next_offset;
    g_queue_unlink (&partition->entries, &first->link);
    g_free (first);
  }
}

void
annot_offset_tracker_abandon (AnnotOffsetTracker *self, AnnotOffsetEntry *entry)
{
  /* With a partition it stays in the queue, unfinished for ever, until the partition is dropped with it. */
  if (entry->partition)
    entry->abandoned = TRUE;
  else
    g_free (entry);
}

void
annot_offset_tracker_drop (AnnotOffsetTracker *self, const char *topic, int partition)
{
  guint index;

  if (find (self, topic, partition, &index))
    g_ptr_array_remove_index_fast (self->partitions, index);
}

gboolean
annot_offset_tracker_next (AnnotOffsetTracker *self, char **topic, int *partition, gint64 *offset)
{
  for (guint i = 0; i < self->partitions->len; i++) {
    Partition *candidate = g_ptr_array_index (self->partitions, i);

    if (candidate->storing >= 0 || candidate->reached < 0 || candidate->reached == candidate->stored)
      continue;
    candidate->storing = candidate->reached;
    *topic = g_strdup (candidate->topic);
    *partition = candidate->partition;
    *offset = candidate->reached;
    return TRUE;
  }
  return FALSE;
}

void
annot_offset_tracker_stored (AnnotOffsetTracker *self, const char *topic, int partition, gint64 offset,
                             gboolean success)
{
  Partition *found = find (self, topic, partition, NULL);

  /* Dropped, and perhaps given back since, while it was being stored. */
  if (!found || found->storing != offset)
    return;
  found->storing = -1;
  if (success)
    found->stored = offset;
}

static gboolean
partition_is_idle (const Partition *self)
{
  return self->entries.length == 0 && self->storing < 0 && self->reached == self->stored;
}

gboolean
annot_offset_tracker_is_idle (AnnotOffsetTracker *self, const char *topic, int partition)
{
  const Partition *found = find (self, topic, partition, NULL);

  return !found || partition_is_idle (found);
}

gboolean
annot_offset_tracker_all_idle (AnnotOffsetTracker *self)
{
  for (guint i = 0; i < self->partitions->len; i++) {
    if (!partition_is_idle (g_ptr_array_index (self->partitions, i)))
      return FALSE;
  }
  return TRUE;
}

guint
annot_offset_tracker_get_waiting (AnnotOffsetTracker *self)
{
  guint waiting = 0;

  for (guint i = 0; i < self->partitions->len; i++)
    waiting += ((const Partition *) g_ptr_array_index (self->partitions, i))->entries.length;
  return waiting;
}
