/* SPDX-License-Identifier: Apache-2.0 */
/* A client's frames, in pieces of any size: the messages are the same however they were cut, and the limits hold. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "http/annot-websocket-frame.h"

#define MAX_MESSAGE 4096

int LLVMFuzzerTestOneInput (const guint8 *data, size_t size);

typedef struct {
  const guint8 *data;
  gsize size;
  gsize at;
  gsize piece; /* at most so many bytes a read */
  guint messages;
  gsize bytes;
  guint sent;
} Client;

static gssize
read_piece (void *buffer, gsize size, gpointer user_data)
{
  Client *client = user_data;
  gsize count = MIN (MIN (size, client->piece), client->size - client->at);

  if (count == 0) {
    errno = EAGAIN;
    return -1;
  }
  memcpy (buffer, client->data + client->at, count);
  client->at += count;
  return (gssize) count;
}

static void
got_message (const char *text, gsize length, gpointer user_data)
{
  Client *client = user_data;

  if (length > MAX_MESSAGE || (!g_utf8_validate_len (text, length, NULL) && !memchr (text, '\0', length)))
    abort ();
  client->messages++;
  client->bytes += length;
}

static void
got_pong (gpointer user_data)
{
  (void) user_data;
}

static void
send_frame (const void *frame, gsize length, gpointer user_data)
{
  Client *client = user_data;

  (void) frame;
  (void) length;
  client->sent++;
}

static const AnnotFrameReaderFuncs funcs = {
    .read = read_piece, .message = got_message, .pong = got_pong, .send = send_frame};

/* As the socket does it: a reader with nothing half read is thrown away. */
static AnnotFramesState
run (Client *client)
{
  AnnotFramesState state = ANNOT_FRAMES_GO_ON;
  AnnotFrameReader *reader = NULL;

  while (state == ANNOT_FRAMES_GO_ON && client->at < client->size) {
    if (!reader)
      reader = annot_frame_reader_new (&funcs, MAX_MESSAGE, client);
    state = annot_frame_reader_run (reader);
    if (annot_frame_reader_is_idle (reader))
      g_clear_pointer (&reader, annot_frame_reader_free);
  }
  g_clear_pointer (&reader, annot_frame_reader_free);
  return state;
}

int
LLVMFuzzerTestOneInput (const guint8 *data, size_t size)
{
  Client whole = {.data = data, .size = size, .piece = G_MAXSIZE};
  Client cut = {.data = data, .size = size, .piece = size > 0 ? 1 + data[0] % 7 : 1};

  /* A bad frame may be refused before it is whole: the states may differ. */
  (void) run (&whole);
  (void) run (&cut);
  if (whole.messages != cut.messages || whole.bytes != cut.bytes)
    abort ();
  return 0;
}
