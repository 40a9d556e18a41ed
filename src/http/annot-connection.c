/* SPDX-License-Identifier: Apache-2.0 */
/* A client's connection: reads one request after the other, writes the answers, with a deadline on every state. */
#include "annot-connection.h"

#include <errno.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include "annot-chunks.h"
#include "annot-output.h"
#include "annot-request-private.h"

/* How much a client that was refused may still send before it is cut off, and for how long. */
#define LINGER_BYTES (256 * 1024)
#define LINGER_MICROSECONDS (2 * G_USEC_PER_SEC)
/* How long a connection may be without a request once there are to be no more. */
#define LAST_REQUEST_MICROSECONDS G_USEC_PER_SEC
/* Each TLS handshake keeps a thread of GTask's, of which there are ten, and passwords and files need some: clients that stop
 * in the middle of it must not get them all, nor one address all of these. */
#define MAX_HANDSHAKES 6
#define MAX_HANDSHAKES_A_PEER 3
#define HANDSHAKE_MICROSECONDS (3 * G_USEC_PER_SEC)

typedef enum {
  STATE_HANDSHAKE,
  STATE_HEAD,    /* waits for a request, or for the rest of its head */
  STATE_BODY,
  STATE_HANDLER, /* the answer is the handler's to give */
  STATE_WRITE,
  STATE_LINGER,  /* the answer is out; what the client still sends is thrown away, lest a reset destroys the answer */
  STATE_CLOSED,
} State;

struct _AnnotConnection {
  AnnotWatch watch;
  AnnotTimer timer;
  AnnotDeferred writing; /* pieces of an answer are written from the poller, never on a handler's stack */
  gint64 deadline;
  grefcount refs;
  AnnotTransport *transport;
  AnnotChannel *channel;
  GList link;
  State state;
  GList shake_link;
  gboolean is_waiting; /* for its TLS handshake, in the transport's queue */
  gboolean is_shaking;
  gboolean is_processing;
  gboolean is_ending; /* the answer's last byte is in the queue */
  gboolean close_after;
  gboolean has_asked; /* a request has come */

  GByteArray *input; /* NULL while nothing is left over */
  gsize scanned;
  gsize body_length;   /* counted in the transport's budget */
  GByteArray *chunked; /* what was in the chunks of the present body; NULL when it does not come in chunks */
  AnnotChunks chunks;
  gsize chunked_limit;
  gsize linger_bytes;

  AnnotOutput output;

  AnnotRequest *request;
  AnnotBodyFunc body_done;
  AnnotDrainedFunc drained;
  AnnotUpgradedFunc upgraded;
  gpointer upgraded_data;
  GDestroyNotify upgraded_destroy;
};

static void process_input (AnnotConnection *self);
static void flush (AnnotConnection *self);

static void
unref (AnnotConnection *self)
{
  if (g_ref_count_dec (&self->refs)) {
    g_clear_pointer (&self->input, g_byte_array_unref);
    g_clear_pointer (&self->chunked, g_byte_array_unref);
    annot_output_clear (&self->output);
    if (self->upgraded_destroy != NULL) {
      self->upgraded_destroy (self->upgraded_data);
    }
    g_free (self);
  }
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (AnnotConnection, unref)

static AnnotConnection *
ref (AnnotConnection *self)
{
  g_ref_count_inc (&self->refs);
  return self;
}

/* Moving a deadline back is free: the timer that fires early is armed anew. */
static void
set_deadline (AnnotConnection *self, gint64 timeout)
{
  self->deadline = g_get_monotonic_time () + timeout;
  if (!annot_timer_is_armed (&self->timer) || self->timer.deadline > self->deadline) {
    annot_poller_arm (self->transport->poller, &self->timer, self->deadline);
  }
}

static void
want (AnnotConnection *self, guint32 events)
{
  annot_poller_modify (self->transport->poller, &self->watch, events);
}

static gboolean
has_body (const AnnotRequest *request)
{
  return request->verdict.content_length > 0 || request->verdict.is_chunked;
}

static void
release_body (AnnotConnection *self)
{
  g_clear_pointer (&self->chunked, g_byte_array_unref);
  self->transport->body_bytes -= self->body_length;
  self->body_length = 0;
}

/* Leaves the poller and the transport; the channel is the caller's. */
static void
leave (AnnotConnection *self)
{
  self->state = STATE_CLOSED;
  release_body (self);
  annot_poller_remove (self->transport->poller, &self->watch);
  annot_poller_disarm (self->transport->poller, &self->timer);
  annot_poller_undefer (self->transport->poller, &self->writing);
  g_queue_unlink (&self->transport->connections, &self->link);
  AnnotRequest *request = g_steal_pointer (&self->request);
  if (request != NULL) {
    annot_request_detach (request);
    annot_request_unref (request);
  }
  unref (self);
}

static void
end_handshake (AnnotConnection *self)
{
  if (self->is_waiting) {
    g_queue_unlink (&self->transport->to_shake, &self->shake_link);
  }
  self->channel->peer->handshakes -= self->is_shaking;
  self->is_waiting = self->is_shaking = FALSE;
}

static void
close_now (AnnotConnection *self)
{
  if (self->state != STATE_CLOSED) {
    end_handshake (self);
    g_autoptr (AnnotChannel) channel = g_steal_pointer (&self->channel);
    leave (self);
  }
}

static void
linger (AnnotConnection *self)
{
  self->state = STATE_LINGER;
  annot_channel_shutdown (self->channel);
  g_clear_pointer (&self->input, g_byte_array_unref);
  want (self, EPOLLIN | EPOLLRDHUP);
  set_deadline (self, LINGER_MICROSECONDS);
  annot_poller_arm (self->transport->poller, &self->timer, self->deadline);
}

/* The answer is out. */
static void
finish_request (AnnotConnection *self)
{
  AnnotRequest *request = g_steal_pointer (&self->request);
  gboolean unread = request != NULL && request->body == NULL && has_body (request);
  if (request != NULL) {
    request->connection = NULL;
    annot_request_drop_stream (request);
    annot_request_unref (request);
  }
  release_body (self);
  self->body_done = NULL;
  self->drained = NULL;
  self->is_ending = FALSE;
  if (self->close_after || unread || self->transport->says_close) {
    linger (self);
    return;
  }
  self->state = STATE_HEAD;
  /* The beginning of the next head may be here already. */
  gboolean is_idle = self->input == NULL || self->input->len == 0;
  set_deadline (self, is_idle ? self->transport->idle_timeout : self->transport->header_timeout);
  if (!self->is_processing) {
    process_input (self);
  }
}

static void
upgrade (AnnotConnection *self)
{
  AnnotUpgradedFunc upgraded = self->upgraded;
  gpointer user_data = g_steal_pointer (&self->upgraded_data);
  self->upgraded_destroy = NULL;
  AnnotChannel *channel = g_steal_pointer (&self->channel);
  g_autoptr (GBytes) rest = NULL;
  if (self->input != NULL && self->input->len > 0) {
    rest = g_bytes_new (self->input->data, self->input->len);
  }
  self->request->connection = NULL;
  g_clear_pointer (&self->request, annot_request_unref);
  leave (self);
  upgraded (channel, rest, user_data);
}

/* Everything in the queue is with the kernel. */
static void
all_written (AnnotConnection *self)
{
  if (self->upgraded != NULL) {
    upgrade (self);
  } else if (self->state == STATE_BODY) {
    want (self, EPOLLIN | EPOLLRDHUP); /* that was 100 Continue */
  } else if (self->is_ending) {
    finish_request (self);
  } else {
    self->state = STATE_HANDLER;
    want (self, EPOLLRDHUP);
    set_deadline (self, self->transport->handler_timeout);
    if (self->drained != NULL) {
      self->drained (self->request);
    }
  }
}

static void
flush (AnnotConnection *self)
{
  while (!annot_output_is_empty (&self->output)) {
    gssize count = annot_output_write (&self->output, self->channel);
    if (count == -1 && errno == EAGAIN) {
      want (self, EPOLLOUT | EPOLLRDHUP);
      return;
    }
    if (count == -1) {
      close_now (self);
      return;
    }
    set_deadline (self, self->transport->write_timeout);
  }
  all_written (self);
}

static void
write_deferred (AnnotDeferred *deferred)
{
  AnnotConnection *self = (AnnotConnection *)((char *)deferred - G_STRUCT_OFFSET (AnnotConnection, writing));
  g_autoptr (AnnotConnection) alive = ref (self);
  flush (self);
}

void
annot_connection_write (AnnotConnection *self, GBytes *bytes, AnnotDrainedFunc callback)
{
  self->state = STATE_WRITE;
  self->drained = callback;
  set_deadline (self, self->transport->write_timeout);
  annot_output_push (&self->output, bytes);
  annot_poller_defer (self->transport->poller, &self->writing);
}

void
annot_connection_end_answer (AnnotConnection *self, gboolean close)
{
  self->is_ending = TRUE;
  self->close_after |= close;
  self->drained = NULL;
  annot_poller_defer (self->transport->poller, &self->writing);
}

void
annot_connection_answer (AnnotConnection *self, GString *head, GBytes *body, gboolean close)
{
  g_autoptr (AnnotConnection) alive = ref (self);
  self->state = STATE_WRITE;
  self->is_ending = TRUE;
  self->close_after |= close;
  gsize size = head->len + (body != NULL ? g_bytes_get_size (body) : 0);
  gssize written = annot_output_write_now (&self->output, self->channel, head, body);
  if (written == -1) {
    close_now (self);
  } else if ((gsize)written == size) {
    all_written (self);
  } else {
    set_deadline (self, self->transport->write_timeout);
    want (self, EPOLLOUT | EPOLLRDHUP);
  }
}

void
annot_connection_abort (AnnotConnection *self)
{
  close_now (self);
}

void
annot_connection_upgrade (AnnotConnection *self, GString *head, AnnotUpgradedFunc callback, gpointer user_data,
                          GDestroyNotify destroy)
{
  self->upgraded = callback;
  self->upgraded_data = user_data;
  self->upgraded_destroy = destroy;
  annot_connection_write (self, g_string_free_to_bytes (head), NULL);
}

gboolean
annot_connection_skip_body (AnnotConnection *self)
{
  gsize length = (gsize)self->request->verdict.content_length;
  if (self->request->body != NULL || !has_body (self->request)) {
    return TRUE;
  }
  if (self->request->verdict.is_chunked || self->input == NULL || self->input->len < length) {
    return FALSE;
  }
  g_byte_array_remove_range (self->input, 0, length);
  self->request->body = g_bytes_new_static ("", 0);
  return TRUE;
}

const AnnotPeer *
annot_connection_get_peer (AnnotConnection *self)
{
  return self->channel->peer;
}

/* Answers what is no request, and closes. */
static void
refuse (AnnotConnection *self, const AnnotVerdict *verdict)
{
  self->transport->requests++;
  self->transport->by_class[verdict->status / 100]++;
  annot_connection_answer (self, annot_request_refusal (verdict), NULL, TRUE);
}

static GBytes *
take_body (AnnotConnection *self)
{
  gsize length = (gsize)self->request->verdict.content_length;
  if (self->chunked != NULL) {
    return g_byte_array_free_to_bytes (g_steal_pointer (&self->chunked));
  }
  if (self->input->len == length) {
    return g_byte_array_free_to_bytes (g_steal_pointer (&self->input));
  }
  GBytes *body = g_bytes_new (self->input->data, length);
  g_byte_array_remove_range (self->input, 0, length);
  return body;
}

static void
body_complete (AnnotConnection *self)
{
  self->request->body = take_body (self);
  self->state = STATE_HANDLER;
  want (self, EPOLLRDHUP);
  set_deadline (self, self->transport->handler_timeout);
  AnnotBodyFunc done = g_steal_pointer (&self->body_done);
  /* An answer that is out at once ends the connection's hold on the request, under the feet of its handler. */
  g_autoptr (AnnotRequest) alive = annot_request_ref (self->request);
  done (alive);
}

/* Counts what is kept of bodies; FALSE and answered when there is too much of it in all. */
static gboolean
charge_body (AnnotConnection *self)
{
  AnnotTransport *transport = self->transport;
  gsize kept = self->chunked != NULL ? self->chunked->len
                                     : MIN (self->input->len, (gsize)self->request->verdict.content_length);
  transport->body_bytes += kept - self->body_length;
  self->body_length = kept;
  if (transport->body_bytes <= transport->body_budget) {
    return TRUE;
  }
  self->body_done = NULL;
  annot_request_set_header (self->request, "Retry-After", "5");
  annot_request_respond_problem (self->request, 503, "too many large requests are under way", NULL);
  return FALSE;
}

/* FALSE: more is to come, or it was answered. */
static gboolean
read_chunks (AnnotConnection *self)
{
  gsize used = 0;
  switch (annot_chunks_read (&self->chunks, self->input->data, self->input->len, &used, self->chunked,
                             self->chunked_limit)) {
  case ANNOT_CHUNKS_DONE:
    g_byte_array_remove_range (self->input, 0, used);
    return charge_body (self);
  case ANNOT_CHUNKS_MORE:
    g_byte_array_set_size (self->input, 0);
    charge_body (self);
    return FALSE;
  case ANNOT_CHUNKS_TOO_LARGE:
    self->body_done = NULL;
    annot_request_respond_problem (self->request, 413, "the body is larger than this request may have", NULL);
    return FALSE;
  case ANNOT_CHUNKS_BAD:
    break;
  }
  self->body_done = NULL;
  annot_request_respond_problem (self->request, 400, "the chunks of the body cannot be read", NULL);
  return FALSE;
}

static void
check_body (AnnotConnection *self)
{
  if (self->chunked != NULL) {
    if (read_chunks (self)) {
      body_complete (self);
    }
    return;
  }
  if (charge_body (self) && self->input->len >= (gsize)self->request->verdict.content_length) {
    body_complete (self);
  }
}

void
annot_connection_read_body (AnnotConnection *self, gsize limit, AnnotBodyFunc callback)
{
  g_autoptr (AnnotConnection) alive = ref (self);
  if (!has_body (self->request)) {
    g_autoptr (AnnotRequest) request = annot_request_ref (self->request);
    request->body = g_bytes_new_static ("", 0);
    callback (request);
    return;
  }
  self->state = STATE_BODY;
  self->body_done = callback;
  set_deadline (self, self->transport->body_timeout);
  if (self->input == NULL) {
    self->input = g_byte_array_new ();
  }
  if (self->request->verdict.is_chunked) {
    self->chunked = g_byte_array_new ();
    self->chunks = (AnnotChunks){ 0 };
    self->chunked_limit = limit;
  }
  if (self->request->verdict.expect_continue && self->input->len == 0) {
    static const char go_on[] = "HTTP/1.1 100 Continue\r\n\r\n";
    annot_output_push (&self->output, g_bytes_new_static (go_on, sizeof go_on - 1));
    flush (self);
    return;
  }
  want (self, EPOLLIN | EPOLLRDHUP);
  check_body (self);
}

/* A head is whole: makes the request of it and hands it on. */
static void
begin_request (AnnotConnection *self, const char *head, gsize length)
{
  AnnotVerdict verdict;
  annot_guard_check (head, length, &verdict);
  AnnotRequest *request = NULL;
  if (verdict.status == 0) {
    request = annot_request_new (self->transport, self, head, length, &verdict);
    verdict = request->verdict;
  }
  if (verdict.status != 0) {
    g_clear_pointer (&request, annot_request_unref);
    refuse (self, &verdict);
    return;
  }
  self->transport->requests++;
  self->has_asked = TRUE;
  self->request = request;
  self->state = STATE_HANDLER;
  self->close_after = !verdict.keep_alive;
  g_autoptr (AnnotRequest) alive = annot_request_ref (request);
  self->transport->accept (request, self->transport->user_data);
  if (self->state == STATE_HANDLER) {
    want (self, EPOLLRDHUP);
    set_deadline (self, self->transport->handler_timeout);
  }
}

/* Takes a head from data, if it is there. Returns: bytes used */
static gsize
take_head (AnnotConnection *self, const char *data, gsize length)
{
  AnnotVerdict verdict = { 0 };
  gssize end = annot_guard_find_end (data, length, &self->scanned, &verdict);
  if (end == -1) {
    refuse (self, &verdict);
    return length;
  }
  return (gsize)end;
}

/* Requests that lie in the input already, one after the other. */
static void
process_input (AnnotConnection *self)
{
  g_autoptr (AnnotConnection) alive = ref (self);
  self->is_processing = TRUE;
  while (self->state == STATE_HEAD && self->input != NULL && self->input->len > 0) {
    gsize used = take_head (self, (const char *)self->input->data, self->input->len);
    if (used == 0 || self->state != STATE_HEAD) {
      break;
    }
    g_autofree char *head = g_strndup ((const char *)self->input->data, used);
    g_byte_array_remove_range (self->input, 0, used);
    begin_request (self, head, used);
  }
  self->is_processing = FALSE;
  if (self->input != NULL && self->input->len == 0 && self->state != STATE_BODY) {
    g_clear_pointer (&self->input, g_byte_array_unref);
  }
  if (self->state == STATE_HEAD) {
    want (self, EPOLLIN | EPOLLRDHUP);
  }
}

static void
keep_input (AnnotConnection *self, const guint8 *data, gsize length)
{
  if (self->input == NULL) {
    self->input = g_byte_array_sized_new (length);
  }
  g_byte_array_append (self->input, data, length);
}

static void
head_arrived (AnnotConnection *self, guint8 *data, gsize length)
{
  gboolean is_first = self->input == NULL;
  if (is_first) {
    /* The usual case: one whole request, of which nothing need be kept. */
    self->is_processing = TRUE;
    gsize used = take_head (self, (const char *)data, length);
    if (used > 0 && self->state == STATE_HEAD) {
      if (used < length) {
        keep_input (self, data + used, length - used);
      }
      begin_request (self, (const char *)data, used);
      self->is_processing = FALSE;
      if (self->state == STATE_HEAD) {
        process_input (self);
      }
      return;
    }
    self->is_processing = FALSE;
    if (self->state != STATE_HEAD) {
      return;
    }
    set_deadline (self, self->transport->header_timeout);
  }
  keep_input (self, data, length);
  if (!is_first) {
    process_input (self);
  }
}

static void
arrived (AnnotConnection *self, guint8 *data, gsize length)
{
  switch (self->state) {
  case STATE_HEAD:
    head_arrived (self, data, length);
    break;
  case STATE_BODY:
    keep_input (self, data, length);
    set_deadline (self, self->transport->body_timeout);
    check_body (self);
    break;
  case STATE_LINGER:
    self->linger_bytes += length;
    if (self->linger_bytes > LINGER_BYTES) {
      close_now (self);
    }
    break;
  case STATE_HANDSHAKE:
  case STATE_HANDLER:
  case STATE_WRITE:
  case STATE_CLOSED:
    break;
  }
}

static gboolean
reads (AnnotConnection *self)
{
  return self->state == STATE_HEAD || self->state == STATE_BODY || self->state == STATE_LINGER;
}

static void
read_input (AnnotConnection *self)
{
  gsize size;
  guint8 *scratch = annot_poller_get_scratch (self->transport->poller, &size);
  /* TLS may hold more than the socket shows; plain sockets are asked again by the poller. */
  do {
    gssize count = annot_channel_read (self->channel, scratch, size);
    if (count == -1 && errno == EAGAIN) {
      return;
    }
    if (count <= 0) {
      close_now (self);
      return;
    }
    arrived (self, scratch, (gsize)count);
  } while (reads (self) && self->channel->tls != NULL);
}

static void handshake_done (GObject *source, GAsyncResult *result, gpointer user_data);

static void
begin_handshake (AnnotConnection *self)
{
  g_autoptr (GError) error = NULL;
  if (!annot_channel_start_tls (self->channel, self->transport->certificate, &error)) {
    close_now (self);
    return;
  }
  self->is_shaking = TRUE;
  self->channel->peer->handshakes++;
  self->transport->handshakes++;
  set_deadline (self, MIN (HANDSHAKE_MICROSECONDS, self->transport->header_timeout));
  g_object_ref (self->transport->server);
  g_tls_connection_handshake_async (self->channel->tls, G_PRIORITY_DEFAULT, NULL, handshake_done, ref (self));
}

/* Those that have waited longest, but of no address more than it may have. */
static void
begin_handshakes (AnnotTransport *transport)
{
  for (GList *at = transport->to_shake.head, *next; at != NULL && transport->handshakes < MAX_HANDSHAKES; at = next) {
    AnnotConnection *connection = at->data;
    const AnnotPeer *peer = connection->channel->peer;
    next = at->next;
    if (peer->is_trusted || peer->handshakes < MAX_HANDSHAKES_A_PEER) {
      end_handshake (connection);
      begin_handshake (connection);
    }
  }
}

static void
await_handshake (AnnotConnection *self)
{
  want (self, 0);
  self->is_waiting = TRUE;
  self->shake_link.data = self;
  g_queue_push_tail_link (&self->transport->to_shake, &self->shake_link);
  begin_handshakes (self->transport);
}

static void
handshake_done (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (AnnotConnection) self = user_data;
  g_autoptr (GObject) server = (GObject *)self->transport->server; /* taken when it began */
  gboolean done = g_tls_connection_handshake_finish (G_TLS_CONNECTION (source), result, NULL);
  self->transport->handshakes--;
  if (self->state != STATE_CLOSED) {
    end_handshake (self);
  }
  begin_handshakes (self->transport);
  if (self->state == STATE_CLOSED) {
    return;
  }
  if (!done) {
    close_now (self);
    return;
  }
  self->state = STATE_HEAD;
  set_deadline (self, self->transport->header_timeout);
  want (self, EPOLLIN | EPOLLRDHUP);
  read_input (self);
}

static void
ready (AnnotWatch *watch, guint32 events)
{
  g_autoptr (AnnotConnection) self = ref ((AnnotConnection *)watch);
  if (self->state == STATE_HANDSHAKE && !self->is_waiting && self->channel->tls == NULL) {
    await_handshake (self);
  } else if (events & EPOLLERR) {
    close_now (self);
  } else if (events & EPOLLOUT) {
    flush (self);
  } else if (reads (self) && (events & (EPOLLIN | EPOLLHUP | EPOLLRDHUP))) {
    read_input (self);
  } else if (events & (EPOLLRDHUP | EPOLLHUP)) {
    close_now (self);
  }
}

static void
expired (AnnotTimer *timer)
{
  AnnotConnection *self = (AnnotConnection *)((char *)timer - G_STRUCT_OFFSET (AnnotConnection, timer));
  if (g_get_monotonic_time () < self->deadline) {
    annot_poller_arm (self->transport->poller, timer, self->deadline);
    return;
  }
  g_autoptr (AnnotConnection) alive = ref (self);
  gboolean is_idle = self->state == STATE_HEAD && self->input == NULL;
  self->transport->timeouts += !is_idle && self->state != STATE_LINGER;
  if (self->state == STATE_HEAD && !is_idle) {
    refuse (self, &(AnnotVerdict){ .status = 408, .detail = "the head did not come in time" });
  } else if (self->state == STATE_BODY && annot_output_is_empty (&self->output)) {
    self->body_done = NULL;
    annot_request_respond_problem (self->request, 408, "the body did not come in time", NULL);
  } else if (self->state == STATE_HANDLER && !self->request->is_answered) {
    annot_request_time_out (self->request);
  } else {
    close_now (self);
  }
}

void
annot_connection_start (AnnotTransport *transport, AnnotChannel *channel)
{
  AnnotConnection *self = g_new0 (AnnotConnection, 1);
  g_ref_count_init (&self->refs);
  self->transport = transport;
  self->channel = channel;
  self->watch.func = ready;
  self->watch.fd = channel->fd;
  self->timer.func = expired;
  self->writing.func = write_deferred;
  self->link.data = self;
  g_queue_push_tail_link (&transport->connections, &self->link);
  /* Local sockets stand behind a proxy or on this host: no TLS there. */
  gboolean encrypts = transport->certificate != NULL && !g_str_equal (channel->peer->name, "unix");
  self->state = encrypts ? STATE_HANDSHAKE : STATE_HEAD;
  set_deadline (self, transport->header_timeout);
  if (!annot_poller_add (transport->poller, &self->watch, EPOLLIN | EPOLLRDHUP)) {
    close_now (self);
  }
}

/* Whether something has come that was not read yet. */
static gboolean
has_unread (const AnnotConnection *self)
{
  char first;

  return recv (self->channel->fd, &first, sizeof first, MSG_PEEK | MSG_DONTWAIT) > 0;
}

/* A proxy opens a connection to send a request at once, and must not send it again when the connection ends instead. So
 * one without a request so far has a moment more, and one whose request has just come is answered. */
static gboolean
may_end (const AnnotConnection *self)
{
  gboolean has_begun = self->input != NULL && self->input->len > 0;
  return self->state == STATE_HEAD && self->has_asked && !has_begun && !has_unread (self);
}

void
annot_transport_drain (AnnotTransport *transport)
{
  transport->says_close = TRUE;
  transport->is_draining = TRUE;
  for (GList *at = transport->connections.head, *next; at != NULL; at = next) {
    AnnotConnection *connection = at->data;
    next = at->next;
    if (may_end (connection)) {
      close_now (connection);
    } else if (connection->state == STATE_HEAD) {
      set_deadline (connection, MIN (transport->header_timeout, LAST_REQUEST_MICROSECONDS));
    }
  }
}

void
annot_transport_close_all (AnnotTransport *transport)
{
  while (transport->connections.head != NULL) {
    close_now (transport->connections.head->data);
  }
}
