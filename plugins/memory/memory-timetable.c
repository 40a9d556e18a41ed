/* SPDX-License-Identifier: Apache-2.0 */
/* A hash table by name over a sequence that is sorted by time. */
#include "memory-timetable.h"

typedef struct {
  char *name;
  gint64 time;
  guint64 serial; /* of equal times the first one put goes first */
  gpointer value;
} Entry;

struct MemoryTimetable {
  GHashTable *by_name; /* char * (owned by the entry) → GSequenceIter */
  GSequence *by_time;  /* Entry */
  GDestroyNotify value_free;
  guint64 serial;
};

static int
entry_compare (gconstpointer a, gconstpointer b, gpointer user_data)
{
  const Entry *x = a;
  const Entry *y = b;

  if (x->time != y->time)
    return x->time < y->time ? -1 : 1;
  return x->serial < y->serial ? -1 : x->serial > y->serial;
}

static Entry *
entry_at (MemoryTimetable *self, GSequenceIter *iter)
{
  return iter ? g_sequence_get (iter) : NULL;
}

MemoryTimetable *
memory_timetable_new (GDestroyNotify value_free)
{
  MemoryTimetable *self = g_new0 (MemoryTimetable, 1);

  self->by_name = g_hash_table_new (g_str_hash, g_str_equal);
  self->by_time = g_sequence_new (NULL);
  self->value_free = value_free;
  return self;
}

void
memory_timetable_free (MemoryTimetable *self)
{
  memory_timetable_clear (self);
  g_hash_table_unref (self->by_name);
  g_sequence_free (self->by_time);
  g_free (self);
}

static void
free_value (MemoryTimetable *self, Entry *entry)
{
  if (self->value_free && entry->value)
    self->value_free (entry->value);
  entry->value = NULL;
}

static void
remove_iter (MemoryTimetable *self, GSequenceIter *iter)
{
  Entry *entry = g_sequence_get (iter);

  g_hash_table_remove (self->by_name, entry->name);
  g_sequence_remove (iter);
  free_value (self, entry);
  g_free (entry->name);
  g_free (entry);
}

void
memory_timetable_move (MemoryTimetable *self, const char *name, gint64 time)
{
  GSequenceIter *iter = g_hash_table_lookup (self->by_name, name);
  Entry *entry = entry_at (self, iter);

  g_return_if_fail (entry);
  entry->time = time;
  entry->serial = self->serial++;
  g_sequence_sort_changed (iter, entry_compare, NULL);
}

void
memory_timetable_put (MemoryTimetable *self, const char *name, gint64 time, gpointer value)
{
  GSequenceIter *iter = g_hash_table_lookup (self->by_name, name);
  Entry *entry = entry_at (self, iter);

  if (entry) {
    free_value (self, entry);
    entry->value = value;
    memory_timetable_move (self, name, time);
    return;
  }
  entry = g_new0 (Entry, 1);
  entry->name = g_strdup (name);
  entry->time = time;
  entry->serial = self->serial++;
  entry->value = value;
  g_hash_table_insert (self->by_name, entry->name,
                       g_sequence_insert_sorted (self->by_time, entry, entry_compare, NULL));
}

gboolean
memory_timetable_get (MemoryTimetable *self, const char *name, gint64 *time, gpointer *value)
{
  Entry *entry = entry_at (self, g_hash_table_lookup (self->by_name, name));

  if (!entry)
    return FALSE;
  if (time)
    *time = entry->time;
  if (value)
    *value = entry->value;
  return TRUE;
}

gboolean
memory_timetable_remove (MemoryTimetable *self, const char *name)
{
  GSequenceIter *iter = g_hash_table_lookup (self->by_name, name);

  if (!iter)
    return FALSE;
  remove_iter (self, iter);
  return TRUE;
}

const char *
memory_timetable_get_first (MemoryTimetable *self, gint64 *time, gpointer *value)
{
  GSequenceIter *iter = g_sequence_get_begin_iter (self->by_time);
  Entry *entry = NULL;

  if (g_sequence_iter_is_end (iter))
    return NULL;
  entry = g_sequence_get (iter);
  if (time)
    *time = entry->time;
  if (value)
    *value = entry->value;
  return entry->name;
}

guint
memory_timetable_expire (MemoryTimetable *self, gint64 time, guint limit)
{
  guint gone = 0;

  while (limit == 0 || gone < limit) {
    GSequenceIter *iter = g_sequence_get_begin_iter (self->by_time);

    if (g_sequence_iter_is_end (iter) || ((Entry *) g_sequence_get (iter))->time > time)
      break;
    remove_iter (self, iter);
    gone++;
  }
  return gone;
}

guint
memory_timetable_get_size (MemoryTimetable *self)
{
  return g_hash_table_size (self->by_name);
}

void
memory_timetable_foreach (MemoryTimetable *self, GFunc func, gpointer user_data)
{
  GSequenceIter *iter = g_sequence_get_begin_iter (self->by_time);

  for (; !g_sequence_iter_is_end (iter); iter = g_sequence_iter_next (iter))
    func (((Entry *) g_sequence_get (iter))->value, user_data);
}

void
memory_timetable_clear (MemoryTimetable *self)
{
  memory_timetable_expire (self, G_MAXINT64, 0);
}
