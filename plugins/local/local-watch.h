/* SPDX-License-Identifier: Apache-2.0 */
/* Tells of changes in a directory, by inotify. */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef struct LocalWatch LocalWatch;

/* Called on the context for every name that was created, written, renamed or removed. */
typedef void (*LocalWatchFunc) (const char *name, gpointer user_data);

/* Never fails: without inotify (its limits are small and shared) there is simply nothing told, and callers poll anyway.
 */
LocalWatch *local_watch_new (const char *directory, GMainContext *context, LocalWatchFunc func, gpointer user_data);
/* Watches again if the directory was removed and is back. Cheap. */
void local_watch_refresh (LocalWatch *self);
void local_watch_free (LocalWatch *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (LocalWatch, local_watch_free)

G_END_DECLS
