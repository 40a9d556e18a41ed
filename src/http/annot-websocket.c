/* SPDX-License-Identifier: Apache-2.0 */
/* One WebSocket: what it still gets, its limits and deadlines, and how it closes. */
#include "annot-websocket.h"

#include <errno.h>
#include <sys/epoll.h>

#include "annot-websocket-frame.h"

#define MAX_PARTS 64
/* How long nothing may be taken while something waits. */
#define STALL_MICROSECONDS (10 * G_USEC_PER_SEC)
#define CLOSE_MICROSECONDS (5 * G_USEC_PER_SEC)
/* Frames that a client may send in one window. */
#define WINDOW_SECONDS 10
#define MAX_FRAMES_A_WINDOW 400

typedef struct {
  GBytes *frame;
  guint64 mark; /* goes out when the broadcast up to here has */
} Own;

/* Idle sockets come by the ten thousand: what only busy ones need is allocated when they are. */
struct _AnnotWebSocket {
  AnnotWatch watch;
  AnnotTimer timer;
  AnnotDeferred deferred;
  AnnotWebSocketShared *shared;
  AnnotChannel *channel;
  AnnotCaller *caller;
  AnnotFrameReader *reader;
  AnnotWebSocketHandle *handle;
  GQueue *own;     /* of Own */
  GBytes *rest;    /* bytes that came before the hub had the socket */
  gint64 ping_due; /* monotonic: next ping, or the deadline of its pong */
  gint64 stalled;  /* monotonic: no room since; 0: there is room */
  guint64 held_at; /* with is_held: the broadcast waits here */
  gsize own_bytes;
  gsize allowed_bytes; /* beyond the limit: what the page asked for */
  AnnotCursor cursor;
  guint32 own_offset;
  guint32 index;
  guint32 window; /* monotonic seconds: start of the present one */
  guint16 frames;
  guint8 pending;
  guint8 is_pinged : 1;
  guint8 is_held : 1;
  guint8 is_closing : 1;   /* the close frame is queued, or sent */
  guint8 is_shut : 1;      /* all is sent; waits for the peer's end */
  guint8 is_reading : 1;   /* the reader is on the stack */
  guint8 is_cut : 1;
};

static void
free_own (Own *own)
{
  g_bytes_unref (own->frame);
  g_free (own);
}

static void
destroy (AnnotWebSocket *self)
{
  AnnotWebSocketShared *shared = self->shared;
  shared->gone (self, shared->user_data);
  annot_poller_remove (shared->poller, &self->watch);
  annot_poller_disarm (shared->poller, &self->timer);
  annot_poller_undefer (shared->poller, &self->deferred);
  if (self->handle != NULL) {
    self->handle->socket = NULL;
    annot_websocket_handle_unref (self->handle);
  }
  if (self->own != NULL) {
    g_queue_free_full (self->own, (GDestroyNotify)free_own);
  }
  g_clear_pointer (&self->reader, annot_frame_reader_free);
  g_clear_pointer (&self->caller, annot_caller_free);
  g_clear_pointer (&self->rest, g_bytes_unref);
  annot_cursor_clear (&self->cursor);
  annot_channel_free (self->channel);
  g_free (self);
}

void
annot_websocket_cut (AnnotWebSocket *self)
{
  if (self->is_reading) {
    self->is_cut = TRUE; /* done when the reader returns */
  } else {
    destroy (self);
  }
}

static void
arm (AnnotWebSocket *self)
{
  gint64 deadline = self->ping_due;
  if (self->stalled != 0 && !self->is_closing) {
    deadline = MIN (deadline, self->stalled + STALL_MICROSECONDS);
  }
  annot_poller_arm (self->shared->poller, &self->timer, deadline);
}

static guint64
broadcast_limit (AnnotWebSocket *self)
{
  return self->is_held ? self->held_at : annot_broadcast_get_end (&self->shared->broadcast);
}

static Own *
first_own (AnnotWebSocket *self)
{
  return self->own != NULL ? g_queue_peek_head (self->own) : NULL;
}

/* What may go out now, in order: the broadcast up to the mark of the first own frame, that frame, and so on. */
static int
gather (AnnotWebSocket *self, struct iovec *parts)
{
  int count = 0;
  AnnotCursor cursor = self->cursor;
  guint64 position = annot_cursor_get_position (&cursor);
  gsize offset = self->own_offset;
  for (GList *at = self->own != NULL ? self->own->head : NULL; at != NULL && count < MAX_PARTS; at = at->next) {
    Own *own = at->data;
    if (own->mark > position) {
      break;
    }
    gsize size;
    gconstpointer data = g_bytes_get_data (own->frame, &size);
    parts[count].iov_base = (char *)data + offset;
    parts[count].iov_len = size - offset;
    count++;
    offset = 0;
  }
  if (count == 0) {
    Own *own = first_own (self);
    guint64 limit = own != NULL ? own->mark : self->is_closing ? position : broadcast_limit (self);
    count = annot_cursor_gather (&self->cursor, limit, parts, MAX_PARTS);
  }
  return count;
}

static void
consume (AnnotWebSocket *self, gsize count)
{
  guint64 position = annot_cursor_get_position (&self->cursor);
  Own *own = first_own (self);
  if (own == NULL || own->mark > position) {
    annot_cursor_advance (&self->cursor, count);
    return;
  }
  count += self->own_offset;
  while ((own = first_own (self)) != NULL && count >= g_bytes_get_size (own->frame)) {
    gsize size = g_bytes_get_size (own->frame);
    count -= size;
    self->own_bytes -= size;
    free_own (g_queue_pop_head (self->own));
  }
  self->own_offset = (guint32)count;
  if (own == NULL) {
    g_clear_pointer (&self->own, g_queue_free);
  }
}

static void
enqueue (AnnotWebSocket *self, GBytes *frame)
{
  Own *own = g_new (Own, 1);
  own->frame = frame;
  own->mark = broadcast_limit (self);
  if (self->own == NULL) {
    self->own = g_queue_new ();
  }
  g_queue_push_tail (self->own, own);
  self->own_bytes += g_bytes_get_size (frame);
  annot_poller_defer (self->shared->poller, &self->deferred);
}

static gsize
waiting_bytes (AnnotWebSocket *self)
{
  return self->own_bytes
         + (gsize)(annot_broadcast_get_end (&self->shared->broadcast) - annot_cursor_get_position (&self->cursor));
}

/* All is sent: the peer answers the close frame with its own, or ends. */
static void
shut (AnnotWebSocket *self)
{
  if (!self->is_shut) {
    self->is_shut = TRUE;
    annot_channel_shutdown (self->channel);
    annot_poller_modify (self->shared->poller, &self->watch, EPOLLIN | EPOLLRDHUP);
  }
}

static void
begin_closing (AnnotWebSocket *self)
{
  self->is_closing = TRUE;
  self->is_held = FALSE;
  self->ping_due = g_get_monotonic_time () + CLOSE_MICROSECONDS;
  arm (self);
  annot_poller_defer (self->shared->poller, &self->deferred);
}

/* What waits is dropped, but for the frame that is half sent: after it the peer understands the close frame. */
static void
drop_backlog (AnnotWebSocket *self)
{
  GBytes *rest = NULL;
  if (self->own_offset > 0) {
    gsize size = g_bytes_get_size (first_own (self)->frame);
    rest = g_bytes_new_from_bytes (first_own (self)->frame, self->own_offset, size - self->own_offset);
  } else {
    rest = annot_cursor_rest_of_frame (&self->cursor);
  }
  if (self->own != NULL) {
    g_queue_free_full (g_steal_pointer (&self->own), (GDestroyNotify)free_own);
  }
  self->own_offset = 0;
  self->own_bytes = 0;
  self->is_held = FALSE;
  annot_cursor_clear (&self->cursor);
  annot_cursor_init (&self->cursor, &self->shared->broadcast);
  if (rest != NULL) {
    enqueue (self, rest);
  }
}

void
annot_websocket_close (AnnotWebSocket *self, AnnotCloseCode code, const char *reason)
{
  if (self->is_closing) {
    return;
  }
  if (code == ANNOT_CLOSE_SLOW) {
    self->shared->closed_slow++;
    drop_backlog (self);
  } else if (code == ANNOT_CLOSE_NO_PONG) {
    self->shared->closed_no_pong++;
    drop_backlog (self);
  }
  self->is_held = FALSE;
  enqueue (self, annot_frame_new_close ((guint16)code, reason));
  begin_closing (self);
}

gboolean
annot_websocket_begin_shutdown (AnnotWebSocket *self)
{
  if (self->is_closing) {
    return FALSE;
  }
  annot_websocket_close (self, ANNOT_CLOSE_SHUTDOWN, "the service is stopping");
  return TRUE;
}

static void
write_out (AnnotWebSocket *self)
{
  struct iovec parts[MAX_PARTS];
  int count;
  while ((count = gather (self, parts)) > 0) {
    gssize written = annot_channel_writev (self->channel, parts, count);
    if (written == -1 && errno == EAGAIN) {
      self->stalled = g_get_monotonic_time ();
      annot_poller_modify (self->shared->poller, &self->watch, EPOLLIN | EPOLLOUT | EPOLLRDHUP);
      arm (self);
      return;
    }
    if (written == -1) {
      annot_websocket_cut (self);
      return;
    }
    self->shared->sent_bytes += (guint64)written;
    consume (self, (gsize)written);
  }
  annot_cursor_advance (&self->cursor, 0); /* off a segment that is full */
  self->allowed_bytes = 0;
  if (self->is_closing) {
    shut (self);
  }
}

void
annot_websocket_flush (AnnotWebSocket *self)
{
  if (self->is_shut || self->is_cut) {
    return;
  }
  if (self->stalled == 0) {
    write_out (self);
  } else if (!self->is_closing && waiting_bytes (self) > self->shared->queue_limit + self->allowed_bytes) {
    annot_websocket_close (self, ANNOT_CLOSE_SLOW, "the page reads too slowly");
  }
}

void
annot_websocket_send (AnnotWebSocket *self, const void *text, gsize length)
{
  if (!self->is_closing) {
    enqueue (self, annot_frame_new (ANNOT_FRAME_TEXT, text, length));
  }
}

void
annot_websocket_allow (AnnotWebSocket *self, gsize bytes)
{
  self->allowed_bytes += bytes;
}

gboolean
annot_websocket_hold (AnnotWebSocket *self)
{
  if (self->is_held || self->is_closing) {
    return FALSE;
  }
  self->held_at = annot_broadcast_get_end (&self->shared->broadcast);
  self->is_held = TRUE;
  return TRUE;
}

void
annot_websocket_release (AnnotWebSocket *self)
{
  self->is_held = FALSE;
  annot_poller_defer (self->shared->poller, &self->deferred);
}

static gssize
read_bytes (void *buffer, gsize size, gpointer user_data)
{
  AnnotWebSocket *self = user_data;
  if (self->rest == NULL) {
    return annot_channel_read (self->channel, buffer, size);
  }
  gsize length;
  gconstpointer data = g_bytes_get_data (self->rest, &length);
  gsize taken = MIN (size, length);
  memcpy (buffer, data, taken);
  g_autoptr (GBytes) old = g_steal_pointer (&self->rest);
  if (taken < length) {
    self->rest = g_bytes_new_from_bytes (old, taken, length - taken);
  }
  return (gssize)taken;
}

static void
got_message (const char *text, gsize length, gpointer user_data)
{
  AnnotWebSocket *self = user_data;
  if (!self->is_closing && !self->is_cut) {
    self->shared->message (self, text, length, self->shared->user_data);
  }
}

static void
got_pong (gpointer user_data)
{
  AnnotWebSocket *self = user_data;
  if (self->is_pinged && !self->is_closing) {
    self->is_pinged = FALSE;
    self->ping_due += self->shared->ping_interval - self->shared->pong_timeout;
    arm (self);
  }
}

static void
send_control (const void *frame, gsize length, gpointer user_data)
{
  AnnotWebSocket *self = user_data;
  if (!self->is_closing) {
    enqueue (self, g_bytes_new (frame, length));
  }
}

static const AnnotFrameReaderFuncs reader_funcs = {
  .read = read_bytes,
  .message = got_message,
  .pong = got_pong,
  .send = send_control,
};

/* FALSE: the client sends more than any page does. */
static gboolean
count_frames (AnnotWebSocket *self, guint frames)
{
  guint32 now = (guint32)(g_get_monotonic_time () / G_USEC_PER_SEC);
  if (now - self->window >= WINDOW_SECONDS) {
    self->window = now;
    self->frames = 0;
  }
  self->frames = (guint16)MIN (self->frames + frames, G_MAXUINT16);
  return self->frames <= MAX_FRAMES_A_WINDOW;
}

static void
read_frames (AnnotWebSocket *self)
{
  if (self->reader == NULL) {
    self->reader = annot_frame_reader_new (&reader_funcs, self->shared->message_limit, self);
  }
  self->is_reading = TRUE;
  AnnotFramesState state = annot_frame_reader_run (self->reader);
  self->is_reading = FALSE;
  if (self->is_cut || state == ANNOT_FRAMES_ENDED) {
    destroy (self);
    return;
  }
  if (!count_frames (self, annot_frame_reader_take_count (self->reader))) {
    annot_websocket_close (self, ANNOT_CLOSE_TOO_MANY_REQUESTS, "too many messages");
  } else if (state == ANNOT_FRAMES_TOO_MANY) {
    annot_websocket_close (self, ANNOT_CLOSE_BAD_REQUEST, "too many fragments");
  } else if (state == ANNOT_FRAMES_CLOSING && !self->is_closing) {
    begin_closing (self);
  }
  if (self->is_closing || annot_frame_reader_is_idle (self->reader)) {
    g_clear_pointer (&self->reader, annot_frame_reader_free);
  }
}

static void
run_deferred (AnnotDeferred *deferred)
{
  AnnotWebSocket *self = (AnnotWebSocket *)((char *)deferred - G_STRUCT_OFFSET (AnnotWebSocket, deferred));
  if (self->rest != NULL && !self->is_closing) {
    /* No event will tell of these bytes. What they cause to be sent goes out in the next turn. */
    annot_poller_defer (self->shared->poller, deferred);
    read_frames (self);
    return;
  }
  annot_websocket_flush (self);
}

/* Once closing, what comes is thrown away until the peer ends. */
static void
discard (AnnotWebSocket *self)
{
  gsize size;
  guint8 *scratch = annot_poller_get_scratch (self->shared->poller, &size);
  gssize count = annot_channel_read (self->channel, scratch, size);
  if (count == 0 || (count == -1 && errno != EAGAIN)) {
    destroy (self);
  }
}

static void
ready (AnnotWatch *watch, guint32 events)
{
  AnnotWebSocket *self = (AnnotWebSocket *)watch;
  if (events & EPOLLERR) {
    destroy (self);
    return;
  }
  if (events & EPOLLOUT) {
    self->stalled = 0;
    annot_poller_modify (self->shared->poller, watch, EPOLLIN | EPOLLRDHUP);
    annot_poller_defer (self->shared->poller, &self->deferred);
  }
  if ((events & (EPOLLIN | EPOLLHUP | EPOLLRDHUP)) == 0) {
    return;
  }
  if (self->is_closing) {
    discard (self);
  } else {
    read_frames (self);
  }
}

static void
ping (AnnotWebSocket *self, gint64 now)
{
  static const guint8 frame[] = { 0x80 | ANNOT_FRAME_PING, 0 };
  self->is_pinged = TRUE;
  self->ping_due = now + self->shared->pong_timeout;
  enqueue (self, g_bytes_new_static (frame, sizeof frame));
  arm (self);
}

static void
expired (AnnotTimer *timer)
{
  AnnotWebSocket *self = (AnnotWebSocket *)((char *)timer - G_STRUCT_OFFSET (AnnotWebSocket, timer));
  gint64 now = g_get_monotonic_time ();
  if (self->is_closing && now >= self->ping_due) {
    destroy (self);
  } else if (self->stalled != 0 && !self->is_closing && now >= self->stalled + STALL_MICROSECONDS) {
    annot_websocket_close (self, ANNOT_CLOSE_SLOW, "the page does not read");
  } else if (now < self->ping_due) {
    arm (self);
  } else if (self->is_pinged) {
    annot_websocket_close (self, ANNOT_CLOSE_NO_PONG, "no answer to a ping");
  } else if (self->caller != NULL && self->caller->expires_at != 0 && g_get_real_time () >= self->caller->expires_at) {
    annot_websocket_close (self, ANNOT_CLOSE_INVALID_TOKEN, "the session has ended");
  } else {
    ping (self, now);
    if (self->shared->pinged != NULL) {
      self->shared->pinged (self, self->shared->user_data);
    }
  }
}

AnnotWebSocket *
annot_websocket_new (AnnotWebSocketShared *shared, AnnotChannel *channel, AnnotCaller *caller, GBytes *rest)
{
  AnnotWebSocket *self = g_new0 (AnnotWebSocket, 1);
  self->shared = shared;
  self->channel = channel;
  self->caller = caller;
  self->watch.func = ready;
  self->watch.fd = channel->fd;
  self->timer.func = expired;
  self->deferred.func = run_deferred;
  annot_cursor_init (&self->cursor, &shared->broadcast);
  /* Spread, so that the pings of pages that came together do not. */
  gint64 spread = g_random_int_range (0, (gint32)MIN (shared->ping_interval / 4, G_MAXINT32 - 1) + 1);
  self->ping_due = g_get_monotonic_time () + shared->ping_interval - spread;
  arm (self);
  if (!annot_poller_add (shared->poller, &self->watch, EPOLLIN | EPOLLRDHUP)) {
    self->is_closing = TRUE; /* the timer ends it */
    self->ping_due = 0;
    arm (self);
  }
  if (rest != NULL) {
    self->rest = g_bytes_ref (rest);
    annot_poller_defer (shared->poller, &self->deferred);
  }
  return self;
}

const AnnotCaller *
annot_websocket_get_caller (AnnotWebSocket *self)
{
  return self->caller;
}

guint
annot_websocket_get_index (AnnotWebSocket *self)
{
  return self->index;
}

void
annot_websocket_set_index (AnnotWebSocket *self, guint index)
{
  self->index = index;
}

AnnotWebSocketHandle *
annot_websocket_get_handle (AnnotWebSocket *self)
{
  if (self->handle == NULL) {
    self->handle = g_new (AnnotWebSocketHandle, 1);
    g_ref_count_init (&self->handle->refs);
    self->handle->socket = self;
  }
  g_ref_count_inc (&self->handle->refs);
  return self->handle;
}

void
annot_websocket_handle_unref (AnnotWebSocketHandle *handle)
{
  if (g_ref_count_dec (&handle->refs)) {
    g_free (handle);
  }
}

guint8 *
annot_websocket_get_pending (AnnotWebSocket *self)
{
  return &self->pending;
}
