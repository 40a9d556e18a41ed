/* SPDX-License-Identifier: Apache-2.0 */
/* RFC 6455 frames: written plainly, read by wslay. */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

#define ANNOT_FRAME_MAX_HEADER 10

typedef enum {
  ANNOT_FRAME_TEXT = 0x1,
  ANNOT_FRAME_CLOSE = 0x8,
  ANNOT_FRAME_PING = 0x9,
} AnnotFrameOpcode;

/* A server's frame: final, not masked. Returns: length of the header */
gsize annot_frame_write_header (guint8 header[ANNOT_FRAME_MAX_HEADER], AnnotFrameOpcode opcode, gsize length);
/* Header and payload of a frame that was written here. */
gsize annot_frame_get_size (const guint8 *frame);
/* Returns: (transfer full) */
GBytes *annot_frame_new (AnnotFrameOpcode opcode, const void *data, gsize length);
/* reason: at most 123 bytes. Returns: (transfer full) */
GBytes *annot_frame_new_close (guint16 code, const char *reason);

/**
 * AnnotFrameReader:
 *
 * Reads a client's frames, strictly: masked, no reserved bits, valid UTF-8, control frames whole and short, within the
 * limits on message size and fragments. Exists only while something is being read: an idle socket has none.
 */
typedef struct _AnnotFrameReader AnnotFrameReader;

typedef struct {
  gssize (*read) (void *buffer, gsize size, gpointer user_data); /* as recv(2) that does not block */
  void (*message) (const char *text, gsize length, gpointer user_data);
  void (*pong) (gpointer user_data);
  void (*send) (const void *frame, gsize length, gpointer user_data); /* an answer the protocol asks for */
} AnnotFrameReaderFuncs;

typedef enum {
  ANNOT_FRAMES_GO_ON,
  ANNOT_FRAMES_CLOSING,  /* the client has closed, or broken the protocol: the close frame was handed to send */
  ANNOT_FRAMES_TOO_MANY, /* too many fragments in one message: the caller closes */
  ANNOT_FRAMES_ENDED,    /* no more bytes will come */
} AnnotFramesState;

/* funcs outlives the reader. */
AnnotFrameReader *annot_frame_reader_new (const AnnotFrameReaderFuncs *funcs, gsize max_message, gpointer user_data);
void annot_frame_reader_free (AnnotFrameReader *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (AnnotFrameReader, annot_frame_reader_free)
/* Reads what is there, with a bound so that one socket does not keep the loop. */
AnnotFramesState annot_frame_reader_run (AnnotFrameReader *self);
/* Whether nothing is half read: the reader may be freed, and a new one made for the next bytes. */
gboolean annot_frame_reader_is_idle (AnnotFrameReader *self);
/* Frames read since the last call. */
guint annot_frame_reader_take_count (AnnotFrameReader *self);

G_END_DECLS
