/* SPDX-License-Identifier: Apache-2.0 */
/* One epoll instance as one GSource, a hashed timer wheel, and work put off to the end of the turn. */
#include "annot-poller.h"

#include <errno.h>
#include <gio/gio.h>
#include <glib-unix.h>
#include <sys/epoll.h>
#include <unistd.h>

#define BATCH 256
#define SCRATCH_SIZE (64 * 1024)
/* 1024 slots of 65.5 ms: 67 s for one turn of the wheel, more than any deadline that is common here. */
#define SLOT_SHIFT 16
#define SLOTS 1024
#define SLOT_MASK (SLOTS - 1)

struct _AnnotPoller {
  grefcount refs;
  GSource *source;
  int fd;

  struct epoll_event batch[BATCH];
  int batch_length;
  int batch_next;

  /* Heads of circular lists; NULL next means empty. */
  AnnotTimer slots[SLOTS];
  guint64 occupied[SLOTS / 64];
  gint64 tick; /* slots up to and with this tick have run */
  gint64 ready_time;
  gboolean dispatching;

  AnnotDeferred deferred;
  guint8 *scratch;
};

typedef struct {
  GSource source;
  AnnotPoller *poller;
} AnnotPollerSource;

static gint64
tick_of (gint64 time)
{
  return time >> SLOT_SHIFT;
}

/* The first occupied slot after the present tick, in time; -1 when the wheel is empty. */
static gint64
next_ready_time (AnnotPoller *self)
{
  for (gint64 ahead = 1; ahead <= SLOTS;) {
    guint slot = (self->tick + ahead) & SLOT_MASK;
    guint64 word = self->occupied[slot / 64] >> (slot % 64);
    if (word != 0) {
      return (self->tick + ahead + __builtin_ctzll (word) + 1) << SLOT_SHIFT;
    }
    ahead += 64 - slot % 64;
  }
  return -1;
}

static void
update_ready_time (AnnotPoller *self)
{
  if (self->dispatching) {
    return;
  }
  gint64 ready_time = self->deferred.next != &self->deferred ? 0 : next_ready_time (self);
  if (ready_time != self->ready_time) {
    self->ready_time = ready_time;
    g_source_set_ready_time (self->source, ready_time);
  }
}

static void
unlink_timer (AnnotTimer *timer)
{
  timer->previous->next = timer->next;
  timer->next->previous = timer->previous;
  timer->next = timer->previous = NULL;
}

static void
run_slot (AnnotPoller *self, guint slot, gint64 now)
{
  /* Taken off in one piece, so that callbacks may arm and disarm at will. */
  AnnotTimer *head = &self->slots[slot];
  AnnotTimer due = { .next = &due, .previous = &due };
  if (head->next != head) {
    due.next = head->next;
    due.previous = head->previous;
    due.next->previous = due.previous->next = &due;
    head->next = head->previous = head;
  }
  self->occupied[slot / 64] &= ~(G_GUINT64_CONSTANT (1) << (slot % 64));
  while (due.next != &due) {
    AnnotTimer *timer = due.next;
    unlink_timer (timer);
    if (timer->deadline > now) {
      annot_poller_arm (self, timer, timer->deadline); /* a later turn of the wheel */
    } else {
      timer->func (timer);
    }
  }
}

static void
run_timers (AnnotPoller *self)
{
  gint64 now = g_get_monotonic_time ();
  /* A slot is run when its whole span has passed. */
  gint64 last = tick_of (now) - 1;
  if (last - self->tick > SLOTS) {
    self->tick = last - SLOTS;
  }
  while (self->tick < last) {
    self->tick++;
    guint slot = self->tick & SLOT_MASK;
    if (self->occupied[slot / 64] & (G_GUINT64_CONSTANT (1) << (slot % 64))) {
      run_slot (self, slot, now);
    }
  }
}

static void
run_deferred (AnnotPoller *self)
{
  /* Taken off in one piece: what is deferred anew by these runs in the next turn. */
  AnnotDeferred due = { .next = &due, .previous = &due };
  if (self->deferred.next != &self->deferred) {
    due.next = self->deferred.next;
    due.previous = self->deferred.previous;
    due.next->previous = due.previous->next = &due;
    self->deferred.next = self->deferred.previous = &self->deferred;
  }
  while (due.next != &due) {
    AnnotDeferred *deferred = due.next;
    annot_poller_undefer (self, deferred);
    deferred->func (deferred);
  }
}

static gboolean
dispatch (GSource *source, GSourceFunc callback, gpointer user_data)
{
  g_autoptr (AnnotPoller) self = annot_poller_ref (((AnnotPollerSource *)source)->poller);
  self->dispatching = TRUE;
  self->batch_length = epoll_wait (self->fd, self->batch, BATCH, 0);
  for (self->batch_next = 0; self->batch_next < self->batch_length;) {
    struct epoll_event *event = &self->batch[self->batch_next++];
    AnnotWatch *watch = event->data.ptr;
    if (watch != NULL) {
      watch->func (watch, event->events);
    }
  }
  self->batch_length = self->batch_next = 0;
  run_timers (self);
  run_deferred (self);
  self->dispatching = FALSE;
  update_ready_time (self);
  return G_SOURCE_CONTINUE;
}

static GSourceFuncs source_funcs = { .dispatch = dispatch };

AnnotPoller *
annot_poller_new (GMainContext *context, GError **error)
{
  int fd = epoll_create1 (EPOLL_CLOEXEC);
  if (fd == -1) {
    g_set_error (error, G_IO_ERROR, g_io_error_from_errno (errno), "epoll_create1: %s", g_strerror (errno));
    return NULL;
  }
  AnnotPoller *self = g_new0 (AnnotPoller, 1);
  g_ref_count_init (&self->refs);
  self->fd = fd;
  self->tick = tick_of (g_get_monotonic_time ()) - 1;
  self->ready_time = -1;
  self->scratch = g_malloc (SCRATCH_SIZE);
  self->deferred.next = self->deferred.previous = &self->deferred;
  for (guint i = 0; i < SLOTS; i++) {
    self->slots[i].next = self->slots[i].previous = &self->slots[i];
  }
  self->source = g_source_new (&source_funcs, sizeof (AnnotPollerSource));
  ((AnnotPollerSource *)self->source)->poller = self;
  g_source_set_static_name (self->source, "annotationd sockets");
  g_source_add_unix_fd (self->source, fd, G_IO_IN);
  g_source_attach (self->source, context);
  return self;
}

AnnotPoller *
annot_poller_ref (AnnotPoller *self)
{
  g_ref_count_inc (&self->refs);
  return self;
}

void
annot_poller_unref (AnnotPoller *self)
{
  if (g_ref_count_dec (&self->refs)) {
    g_source_destroy (self->source);
    g_source_unref (self->source);
    close (self->fd);
    g_free (self->scratch);
    g_free (self);
  }
}

gboolean
annot_poller_add (AnnotPoller *self, AnnotWatch *watch, guint32 events)
{
  struct epoll_event event = { .events = events, .data.ptr = watch };
  watch->events = events;
  return epoll_ctl (self->fd, EPOLL_CTL_ADD, watch->fd, &event) == 0;
}

void
annot_poller_modify (AnnotPoller *self, AnnotWatch *watch, guint32 events)
{
  struct epoll_event event = { .events = events, .data.ptr = watch };
  if (watch->events != events) {
    watch->events = events;
    (void)epoll_ctl (self->fd, EPOLL_CTL_MOD, watch->fd, &event);
  }
}

void
annot_poller_remove (AnnotPoller *self, AnnotWatch *watch)
{
  (void)epoll_ctl (self->fd, EPOLL_CTL_DEL, watch->fd, NULL);
  for (int i = self->batch_next; i < self->batch_length; i++) {
    if (self->batch[i].data.ptr == watch) {
      self->batch[i].data.ptr = NULL;
    }
  }
}

void
annot_poller_arm (AnnotPoller *self, AnnotTimer *timer, gint64 deadline)
{
  if (timer->next != NULL) {
    unlink_timer (timer);
  }
  timer->deadline = deadline;
  gint64 tick = CLAMP (tick_of (deadline), self->tick + 1, self->tick + SLOTS - 1);
  guint slot = tick & SLOT_MASK;
  AnnotTimer *head = &self->slots[slot];
  timer->previous = head->previous;
  timer->next = head;
  head->previous->next = timer;
  head->previous = timer;
  self->occupied[slot / 64] |= G_GUINT64_CONSTANT (1) << (slot % 64);
  update_ready_time (self);
}

void
annot_poller_disarm (AnnotPoller *self, AnnotTimer *timer)
{
  /* The slot may stay marked although it is empty now: one idle wake-up, rather than a search. */
  if (timer->next != NULL) {
    unlink_timer (timer);
  }
}

gboolean
annot_timer_is_armed (const AnnotTimer *timer)
{
  return timer->next != NULL;
}

void
annot_poller_defer (AnnotPoller *self, AnnotDeferred *deferred)
{
  if (deferred->next != NULL) {
    return;
  }
  deferred->previous = self->deferred.previous;
  deferred->next = &self->deferred;
  self->deferred.previous->next = deferred;
  self->deferred.previous = deferred;
  update_ready_time (self);
}

void
annot_poller_undefer (AnnotPoller *self, AnnotDeferred *deferred)
{
  if (deferred->next != NULL) {
    deferred->previous->next = deferred->next;
    deferred->next->previous = deferred->previous;
    deferred->next = deferred->previous = NULL;
  }
}

guint8 *
annot_poller_get_scratch (AnnotPoller *self, gsize *size)
{
  *size = SCRATCH_SIZE;
  return self->scratch;
}
