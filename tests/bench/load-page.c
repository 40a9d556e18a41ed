/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A page that watches: one WebSocket that counts the new examples it is told of and how old each is. The token is the
 * first line of stdin. Says "open" once it is there, and at the end: how many different ones, when the first and the
 * last came (monotonic, microseconds), how often it was told to fetch anew, and p50 and p99 of their age.
 */
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "load-message.h"
#include "load-socket.h"

#define BUFFER (1024 * 1024)
#define TEXT 1
#define CLOSE 8
#define PING 9

typedef struct {
  int fd;
  char *buffer;
  gsize length;
  GHashTable *seen;
  GArray *ages;
  gint64 first;
  gint64 last;
  guint wanted;
  guint resyncs;
} Page;

/* Waits until @until for more. Returns: FALSE: in vain */
static gboolean
receive (Page *self, gint64 until)
{
  gint64 wait = (until - g_get_monotonic_time ()) / 1000;
  struct pollfd poller = { .fd = self->fd, .events = POLLIN };
  gssize count;

  if (wait <= 0 || poll (&poller, 1, (int) wait) <= 0)
    return FALSE;
  count = recv (self->fd, self->buffer + self->length, BUFFER - self->length, 0);
  if (count <= 0)
    g_error ("the server closed the page's line");
  self->length += (gsize) count;
  return TRUE;
}

static void
drop (Page *self, gsize count)
{
  memmove (self->buffer, self->buffer + count, self->length - count);
  self->length -= count;
}

static void
shake_hands (Page *self, guint port, const char *token, gint64 until)
{
  g_autofree char *request = g_strdup_printf (
      "GET /ws/v1/examples HTTP/1.1\r\nHost: 127.0.0.1:%u\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
      "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\nAuthorization: Bearer %s\r\n\r\n",
      port, token);
  char *end;

  load_send (self->fd, request, strlen (request));
  while (!(end = g_strstr_len (self->buffer, (gssize) self->length, "\r\n\r\n"))) {
    if (!receive (self, until))
      g_error ("no answer to the handshake");
  }
  if (!g_str_has_prefix (self->buffer, "HTTP/1.1 101"))
    g_error ("no 101: %.*s", (int) (end - self->buffer), self->buffer);
  drop (self, (gsize) (end + 4 - self->buffer));
}

/* Returns: the whole number after @name, -1 when it is not there */
static gint64
find_number (const char *text, gsize length, const char *name)
{
  const char *at = g_strstr_len (text, (gssize) length, name);

  return at ? g_ascii_strtoll (at + strlen (name), NULL, 10) : -1;
}

static void
take_text (Page *self, const char *text, gsize length)
{
  if (g_str_has_prefix (text, "{\"type\":\"new_example\"")) {
    gint64 seq = find_number (text, length, "\"seq\":");
    gint64 sent = find_number (text, length, "\"sent_us\":");
    gint64 age;

    self->last = g_get_monotonic_time ();
    if (self->first == 0)
      self->first = self->last;
    age = self->last - sent;
    if (g_hash_table_add (self->seen, GSIZE_TO_POINTER (seq)))
      g_array_append_val (self->ages, age);
  } else if (g_str_has_prefix (text, "{\"type\":\"resync\"")) {
    self->resyncs++;
  } else if (g_str_has_prefix (text, "{\"type\":\"hello\"")) {
    puts ("open");
    fflush (stdout);
  }
}

/* Takes one whole frame at @at; servers do not mask. Returns: its length, 0: it is not all there */
static gsize
take_frame (Page *self, gsize at)
{
  static const char pong[] = { (char) 0x8a, (char) 0x80, 0, 0, 0, 0 };
  const guint8 *head = (const guint8 *) self->buffer + at;
  gsize have = self->length - at;
  gsize size = have >= 2 ? head[1] & 0x7f : 0;
  gsize skip = size == 127 ? 10 : size == 126 ? 4 : 2;

  if (have < skip)
    return 0;
  if (size >= 126) {
    size = 0;
    for (gsize i = 2; i < skip; i++)
      size = size << 8 | head[i];
  }
  if (size > BUFFER - skip)
    g_error ("a message of %" G_GSIZE_FORMAT " bytes", size);
  if (have < skip + size)
    return 0;
  if ((head[0] & 0x0f) == TEXT)
    take_text (self, (const char *) head + skip, size);
  else if ((head[0] & 0x0f) == PING)
    load_send (self->fd, pong, sizeof pong);
  else if ((head[0] & 0x0f) == CLOSE)
    g_error ("the server closed the page: %.*s", (int) size - 2, head + skip + 2);
  return skip + size;
}

static void
watch (Page *self, gint64 until)
{
  do {
    gsize at = 0;
    gsize taken;

    while ((taken = take_frame (self, at)) > 0)
      at += taken;
    drop (self, at);
  } while (g_hash_table_size (self->seen) < self->wanted && receive (self, until));
}

int
main (int argc, char **argv)
{
  Page page = { .last = 0 };
  char token[4096];
  gint64 until;

  if (argc != 4 || !fgets (token, sizeof token, stdin)) {
    g_printerr ("load-page PORT COUNT SECONDS, the token on stdin\n");
    return 64;
  }
  until = g_get_monotonic_time () + (gint64) load_number (argv[3]) * G_USEC_PER_SEC;
  page.wanted = load_number (argv[2]);
  page.fd = load_dial (load_number (argv[1]), 0);
  page.buffer = g_malloc (BUFFER);
  page.seen = g_hash_table_new (NULL, NULL);
  page.ages = g_array_new (FALSE, FALSE, sizeof (gint64));
  shake_hands (&page, load_number (argv[1]), g_strchomp (token), until);
  watch (&page, until);
  g_print ("%u %" G_GINT64_FORMAT " %" G_GINT64_FORMAT " %u ", g_hash_table_size (page.seen), page.first, page.last,
           page.resyncs);
  load_print_times (page.ages);
  return 0;
}
