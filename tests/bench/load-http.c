/* SPDX-License-Identifier: Apache-2.0 */
/* A small epoll client that loads a server of this host: requests, idle WebSockets, connections that come and go. */
#include <errno.h>
#include <glib.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "load-socket.h"

#define BUFFER (64 * 1024)
#define MAX_TIMES 2000000

typedef struct {
  int fd;
  guint received;
  guint expected; /* bytes of one answer, learnt from the first */
  gint64 sent_at;
} Line;

/* Reads one answer, which has a Content-Length. Returns: its length */
static guint
read_answer (int fd)
{
  char buffer[BUFFER];
  gsize length = 0;
  for (;;) {
    gssize count = recv (fd, buffer + length, sizeof buffer - 1 - length, 0);
    if (count <= 0) {
      g_error ("the server closed: %s", count == 0 ? "end" : g_strerror (errno));
    }
    length += count;
    buffer[length] = '\0';
    char *end = strstr (buffer, "\r\n\r\n");
    char *header = end != NULL ? strcasestr (buffer, "\r\ncontent-length:") : NULL;
    if (header != NULL) {
      gsize whole = (gsize)(end + 4 - buffer) + g_ascii_strtoull (header + 17, NULL, 10);
      if (!g_str_has_prefix (buffer, "HTTP/1.1 200")) {
        g_error ("not 200: %s", buffer);
      }
      if (length >= whole) {
        return (guint)whole;
      }
    }
  }
}

static int
compare_times (gconstpointer a, gconstpointer b)
{
  guint32 x = *(const guint32 *)a;
  guint32 y = *(const guint32 *)b;
  return x < y ? -1 : x > y;
}

static void
load_requests (guint port, guint count, double seconds, const char *path)
{
  g_autofree char *request = g_strdup_printf ("GET %s HTTP/1.1\r\nHost: 127.0.0.1:%u\r\n\r\n", path, port);
  gsize length = strlen (request);
  g_autofree Line *lines = g_new0 (Line, count);
  g_autofree guint32 *times = g_new (guint32, MAX_TIMES);
  int poller = epoll_create1 (0);
  for (guint i = 0; i < count; i++) {
    lines[i].fd = load_dial (port, 0);
    load_send (lines[i].fd, request, length);
    lines[i].expected = read_answer (lines[i].fd);
    struct epoll_event event = { .events = EPOLLIN, .data.ptr = &lines[i] };
    epoll_ctl (poller, EPOLL_CTL_ADD, lines[i].fd, &event);
  }
  gint64 began = g_get_monotonic_time ();
  gint64 until = began + (gint64)(seconds * G_USEC_PER_SEC);
  for (guint i = 0; i < count; i++) {
    lines[i].sent_at = began;
    load_send (lines[i].fd, request, length);
  }
  guint64 done = 0;
  gint64 now = began;
  while (now < until) {
    struct epoll_event events[64];
    char buffer[BUFFER];
    int ready = epoll_wait (poller, events, G_N_ELEMENTS (events), 1000);
    now = g_get_monotonic_time ();
    for (int i = 0; i < ready; i++) {
      Line *line = events[i].data.ptr;
      gssize got = recv (line->fd, buffer, sizeof buffer, MSG_DONTWAIT);
      if (got <= 0) {
        g_error ("the server closed a kept connection");
      }
      line->received += (guint)got;
      if (line->received >= line->expected - 2) { /* a fraction of a second may have fewer digits */
        times[done++ % MAX_TIMES] = (guint32)(now - line->sent_at);
        line->received = 0;
        line->sent_at = now;
        load_send (line->fd, request, length);
      }
    }
  }
  guint64 kept = MIN (done, MAX_TIMES);
  qsort (times, kept, sizeof *times, compare_times);
  g_print ("%.0f %u\n", (double)done * G_USEC_PER_SEC / (double)(now - began), kept > 0 ? times[kept * 99 / 100] : 0);
}

static void
open_socket (guint port, guint number, const char *token, int poller)
{
  g_autofree char *request = g_strdup_printf (
      "GET /ws/v1/examples HTTP/1.1\r\nHost: 127.0.0.1:%u\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
      "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\nAuthorization: Bearer %s\r\n\r\n",
      port, token);
  int fd = load_dial (port, number / 20000);
  load_send (fd, request, strlen (request));
  char buffer[4096];
  gssize count = recv (fd, buffer, sizeof buffer - 1, 0);
  if (count < 12 || memcmp (buffer, "HTTP/1.1 101", 12) != 0) {
    g_error ("no 101: %.*s", (int)MAX (count, 0), buffer);
  }
  struct epoll_event event = { .events = EPOLLIN, .data.fd = fd };
  epoll_ctl (poller, EPOLL_CTL_ADD, fd, &event);
}

/* Opens WebSockets, says so, and answers pings until stdin ends. */
static void
hold_sockets (guint port, guint count, const char *token)
{
  static const char pong[] = { (char)0x8a, (char)0x80, 0, 0, 0, 0 };
  int poller = epoll_create1 (0);
  for (guint i = 0; i < count; i++) {
    open_socket (port, i, token, poller);
  }
  struct epoll_event event = { .events = EPOLLIN, .data.fd = STDIN_FILENO };
  epoll_ctl (poller, EPOLL_CTL_ADD, STDIN_FILENO, &event);
  g_print ("open\n");
  for (;;) {
    struct epoll_event events[64];
    char buffer[BUFFER];
    int ready = epoll_wait (poller, events, G_N_ELEMENTS (events), -1);
    for (int i = 0; i < ready; i++) {
      if (events[i].data.fd == STDIN_FILENO) {
        return;
      }
      gssize got = recv (events[i].data.fd, buffer, sizeof buffer, MSG_DONTWAIT);
      if (got <= 0) {
        g_error ("a WebSocket was closed");
      }
      if (got >= 2 && memcmp (buffer + got - 2, "\x89\x00", 2) == 0) {
        load_send (events[i].data.fd, pong, sizeof pong);
      }
    }
  }
}

/* One request on each of many connections, which the client closes. */
static void
come_and_go (guint port, guint count, const char *path)
{
  g_autofree char *request = g_strdup_printf ("GET %s HTTP/1.1\r\nHost: 127.0.0.1:%u\r\n\r\n", path, port);
  int open[64];
  for (guint i = 0; i < count; i += G_N_ELEMENTS (open)) {
    for (guint j = 0; j < G_N_ELEMENTS (open); j++) {
      open[j] = load_dial (port, (i + j) / 10000);
      load_send (open[j], request, strlen (request));
    }
    for (guint j = 0; j < G_N_ELEMENTS (open); j++) {
      read_answer (open[j]);
      close (open[j]);
    }
  }
  g_print ("done\n");
}

/* A port or a count of the command line. */
static int
number (const char *text)
{
  guint64 value;

  if (!g_ascii_string_to_unsigned (text, 10, 1, G_MAXINT, &value, NULL)) {
    g_printerr ("load-http: \"%s\" must be a whole number\n", text);
    exit (64);
  }
  return (int) value;
}

int
main (int argc, char **argv)
{
  signal (SIGPIPE, SIG_IGN);
  if (argc == 6 && g_str_equal (argv[1], "requests")) {
    load_requests (number (argv[2]), number (argv[3]), g_ascii_strtod (argv[4], NULL), argv[5]);
  } else if (argc == 5 && g_str_equal (argv[1], "hold")) {
    hold_sockets (number (argv[2]), number (argv[3]), argv[4]);
  } else if (argc == 5 && g_str_equal (argv[1], "come-and-go")) {
    come_and_go (number (argv[2]), number (argv[3]), argv[4]);
  } else {
    g_printerr ("load-http requests PORT CONNECTIONS SECONDS PATH | hold PORT COUNT TOKEN | come-and-go PORT COUNT PATH\n");
    return 64;
  }
  return 0;
}
