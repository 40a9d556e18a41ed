/* SPDX-License-Identifier: Apache-2.0 */
/* Names that each have a time, found by name and in order of their times. */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef struct MemoryTimetable MemoryTimetable;

/* A put of a known name moves it, and frees its former value. Entries of the same time keep the order of their puts. */
MemoryTimetable *memory_timetable_new (GDestroyNotify value_free);
void memory_timetable_free (MemoryTimetable *self);
void memory_timetable_put (MemoryTimetable *self, const char *name, gint64 time, gpointer value);
/* Gives the name another time and keeps its value. The name must be there. */
void memory_timetable_move (MemoryTimetable *self, const char *name, gint64 time);
gboolean memory_timetable_get (MemoryTimetable *self, const char *name, gint64 *time, gpointer *value);
gboolean memory_timetable_remove (MemoryTimetable *self, const char *name);
/* Returns: (transfer none) (nullable): the name with the earliest time; valid until it is moved or removed */
const char *memory_timetable_get_first (MemoryTimetable *self, gint64 *time, gpointer *value);
/* Removes up to limit (0: all) names whose time is not after time. Returns how many went. */
guint memory_timetable_expire (MemoryTimetable *self, gint64 time, guint limit);
guint memory_timetable_get_size (MemoryTimetable *self);
void memory_timetable_foreach (MemoryTimetable *self, GFunc func, gpointer user_data);
void memory_timetable_clear (MemoryTimetable *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (MemoryTimetable, memory_timetable_free)

G_END_DECLS
