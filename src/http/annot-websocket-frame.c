/* SPDX-License-Identifier: Apache-2.0 */
/* RFC 6455 frames: written plainly, read by wslay. */
#include "annot-websocket-frame.h"

#include <errno.h>
#include <string.h>
#include <wslay/wslay.h>

#define MAX_FRAGMENTS 256
#define MAX_BYTES_A_RUN (256 * 1024)
#define MASK_BYTES 4

struct _AnnotFrameReader {
  const AnnotFrameReaderFuncs *funcs;
  gpointer user_data;
  wslay_event_context_ptr context;
  gboolean has_ended;
  gboolean is_dry; /* this run has read all that there is, or may */
  gboolean too_many;
  gboolean is_in_frame;
  gboolean is_in_message;
  guint fragments;
  guint frames;
  gsize budget;     /* bytes that this run may still read */
  guint64 received; /* bytes taken from the socket */
  guint64 framed;   /* of these, bytes of frames whose header was read */
};

gsize
annot_frame_write_header (guint8 header[ANNOT_FRAME_MAX_HEADER], AnnotFrameOpcode opcode, gsize length)
{
  header[0] = 0x80 | (guint8)opcode;
  if (length < 126) {
    header[1] = (guint8)length;
    return 2;
  }
  guint bytes = length <= G_MAXUINT16 ? 2 : 8;
  header[1] = bytes == 2 ? 126 : 127;
  for (guint i = 0; i < bytes; i++) {
    header[2 + i] = (guint8)((guint64)length >> (8 * (bytes - 1 - i)));
  }
  return 2 + bytes;
}

gsize
annot_frame_get_size (const guint8 *frame)
{
  if (frame[1] < 126) {
    return 2 + (gsize)frame[1];
  }
  guint bytes = frame[1] == 126 ? 2 : 8;
  gsize length = 0;
  for (guint i = 0; i < bytes; i++) {
    length = length << 8 | frame[2 + i];
  }
  return 2 + bytes + length;
}

GBytes *
annot_frame_new (AnnotFrameOpcode opcode, const void *data, gsize length)
{
  guint8 header[ANNOT_FRAME_MAX_HEADER];
  gsize header_length = annot_frame_write_header (header, opcode, length);
  guint8 *frame = g_malloc (header_length + length);
  memcpy (frame, header, header_length);
  if (length > 0) {
    memcpy (frame + header_length, data, length);
  }
  return g_bytes_new_take (frame, header_length + length);
}

GBytes *
annot_frame_new_close (guint16 code, const char *reason)
{
  guint8 payload[2 + 123];
  gsize length = MIN (strlen (reason), sizeof payload - 2);
  payload[0] = (guint8)(code >> 8);
  payload[1] = (guint8)code;
  memcpy (payload + 2, reason, length);
  return annot_frame_new (ANNOT_FRAME_CLOSE, payload, 2 + length);
}

static ssize_t
on_recv (wslay_event_context_ptr context, uint8_t *buffer, size_t length, int flags, void *user_data)
{
  AnnotFrameReader *self = user_data;
  if (self->budget == 0) {
    self->is_dry = TRUE;
    wslay_event_set_error (context, WSLAY_ERR_WOULDBLOCK);
    return -1;
  }
  gssize count = self->funcs->read (buffer, length, self->user_data);
  if (count > 0) {
    self->received += (guint64)count;
    self->budget -= MIN (self->budget, (gsize)count);
    return count;
  }
  self->has_ended = count == 0 || errno != EAGAIN;
  self->is_dry = TRUE;
  wslay_event_set_error (context, self->has_ended ? WSLAY_ERR_CALLBACK_FAILURE : WSLAY_ERR_WOULDBLOCK);
  return -1;
}

static ssize_t
on_send (wslay_event_context_ptr context, const uint8_t *data, size_t length, int flags, void *user_data)
{
  static const guint8 bare_close[] = { 0x80 | WSLAY_CONNECTION_CLOSE, 0 };
  static const guint8 protocol_error[] = { 0x80 | WSLAY_CONNECTION_CLOSE, 2, 1002 >> 8, 1002 & 0xff };
  AnnotFrameReader *self = user_data;
  gboolean is_bare = length == sizeof bare_close && memcmp (data, bare_close, length) == 0;
  /* wslay gives no reason for a frame that it could not read. */
  if (is_bare && !wslay_event_get_close_received (context)) {
    self->funcs->send (protocol_error, sizeof protocol_error, self->user_data);
  } else {
    self->funcs->send (data, length, self->user_data);
  }
  return (ssize_t)length;
}

static void
on_frame_start (wslay_event_context_ptr context, const struct wslay_event_on_frame_recv_start_arg *arg, void *user_data)
{
  AnnotFrameReader *self = user_data;
  guint extended = arg->payload_length < 126 ? 0 : arg->payload_length <= G_MAXUINT16 ? 2 : 8;
  self->framed += 2 + extended + MASK_BYTES + arg->payload_length;
  self->is_in_frame = TRUE;
  self->frames++;
  if (!wslay_is_ctrl_frame (arg->opcode)) {
    self->is_in_message = !arg->fin;
    self->fragments = arg->fin ? 0 : self->fragments + 1;
    if (self->fragments > MAX_FRAGMENTS) {
      self->too_many = TRUE;
      wslay_event_shutdown_read (context);
    }
  }
}

static void
on_frame_end (wslay_event_context_ptr context, void *user_data)
{
  AnnotFrameReader *self = user_data;
  self->is_in_frame = FALSE;
}

static void
on_message (wslay_event_context_ptr context, const struct wslay_event_on_msg_recv_arg *arg, void *user_data)
{
  AnnotFrameReader *self = user_data;
  if (arg->opcode == WSLAY_PONG) {
    self->funcs->pong (self->user_data);
  } else if (arg->opcode == WSLAY_TEXT_FRAME) {
    self->funcs->message ((const char *)arg->msg, arg->msg_length, self->user_data);
  } else if (arg->opcode == WSLAY_BINARY_FRAME) {
    wslay_event_queue_close (context, WSLAY_CODE_UNSUPPORTED_DATA, NULL, 0);
    wslay_event_shutdown_read (context);
  }
}

AnnotFrameReader *
annot_frame_reader_new (const AnnotFrameReaderFuncs *funcs, gsize max_message, gpointer user_data)
{
  static const struct wslay_event_callbacks callbacks = {
    .recv_callback = on_recv,
    .send_callback = on_send,
    .on_frame_recv_start_callback = on_frame_start,
    .on_frame_recv_end_callback = on_frame_end,
    .on_msg_recv_callback = on_message,
  };
  AnnotFrameReader *self = g_new0 (AnnotFrameReader, 1);
  self->funcs = funcs;
  self->user_data = user_data;
  if (wslay_event_context_server_init (&self->context, &callbacks, self) != 0) {
    g_error ("out of memory");
  }
  wslay_event_config_set_max_recv_msg_length (self->context, max_message);
  return self;
}

void
annot_frame_reader_free (AnnotFrameReader *self)
{
  wslay_event_context_free (self->context);
  g_free (self);
}

AnnotFramesState
annot_frame_reader_run (AnnotFrameReader *self)
{
  self->budget = MAX_BYTES_A_RUN;
  self->is_dry = FALSE;
  /* wslay gives up after a short read, but TLS may hold more that no event will tell of. */
  while (!self->is_dry && wslay_event_get_read_enabled (self->context)) {
    (void)wslay_event_recv (self->context);
  }
  if (wslay_event_want_write (self->context)) {
    (void)wslay_event_send (self->context);
  }
  if (self->too_many) {
    return ANNOT_FRAMES_TOO_MANY;
  }
  if (wslay_event_get_close_sent (self->context)) {
    return ANNOT_FRAMES_CLOSING;
  }
  return self->has_ended || !wslay_event_get_read_enabled (self->context) ? ANNOT_FRAMES_ENDED : ANNOT_FRAMES_GO_ON;
}

gboolean
annot_frame_reader_is_idle (AnnotFrameReader *self)
{
  return !self->is_in_frame && !self->is_in_message && self->received == self->framed;
}

guint
annot_frame_reader_take_count (AnnotFrameReader *self)
{
  guint count = self->frames;
  self->frames = 0;
  return count;
}
