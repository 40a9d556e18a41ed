/* SPDX-License-Identifier: Apache-2.0 */
/* One epoll instance as one GSource: any number of sockets costs the main loop one descriptor. */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * AnnotPoller:
 *
 * Sockets, deadlines and work put off to the end of the turn. GMainContext hands all its descriptors to poll(2) on every
 * turn, so each wake-up costs O(descriptors); here idle sockets cost nothing. Main thread only. Reference-counted.
 */
typedef struct _AnnotPoller AnnotPoller;
typedef struct _AnnotWatch AnnotWatch;
typedef struct _AnnotTimer AnnotTimer;
typedef struct _AnnotDeferred AnnotDeferred;

/* events: EPOLLIN and so on. The watch may be removed, and freed, in the callback. */
typedef void (*AnnotWatchFunc) (AnnotWatch *watch, guint32 events);
typedef void (*AnnotTimerFunc) (AnnotTimer *timer);
typedef void (*AnnotDeferredFunc) (AnnotDeferred *deferred);

/* To be embedded; fields are the poller's, but for func and fd before it is added. */
struct _AnnotWatch {
  AnnotWatchFunc func;
  int fd;
  guint32 events;
};

struct _AnnotTimer {
  AnnotTimer *next;
  AnnotTimer *previous;
  AnnotTimerFunc func;
  gint64 deadline; /* monotonic microseconds */
};

struct _AnnotDeferred {
  AnnotDeferred *next;
  AnnotDeferred *previous;
  AnnotDeferredFunc func;
};

/**
 * annot_poller_new:
 * @context: (nullable): the main context; %NULL: the default one
 *
 * Returns: (transfer full) (nullable): a poller attached to @context, or %NULL and @error (no descriptor left)
 */
AnnotPoller *annot_poller_new (GMainContext *context, GError **error);
AnnotPoller *annot_poller_ref (AnnotPoller *self);
void annot_poller_unref (AnnotPoller *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (AnnotPoller, annot_poller_unref)

/* Watches watch->fd, level-triggered. FALSE when the kernel refuses (out of watches or memory). */
gboolean annot_poller_add (AnnotPoller *self, AnnotWatch *watch, guint32 events);
void annot_poller_modify (AnnotPoller *self, AnnotWatch *watch, guint32 events);
/* Before the descriptor is closed. Nothing is reported for it any more, not even from the batch under way. */
void annot_poller_remove (AnnotPoller *self, AnnotWatch *watch);

/* Arms, or moves: func runs once, at most 64 ms after deadline (g_get_monotonic_time()). */
void annot_poller_arm (AnnotPoller *self, AnnotTimer *timer, gint64 deadline);
/* A timer that is not armed is left alone. */
void annot_poller_disarm (AnnotPoller *self, AnnotTimer *timer);
gboolean annot_timer_is_armed (const AnnotTimer *timer);

/* func runs once when the events of this turn are done; a second call before that changes nothing. */
void annot_poller_defer (AnnotPoller *self, AnnotDeferred *deferred);
void annot_poller_undefer (AnnotPoller *self, AnnotDeferred *deferred);

/* Room that lives as long as the poller, for reading what is then copied or used up at once. */
guint8 *annot_poller_get_scratch (AnnotPoller *self, gsize *size);

G_END_DECLS
