/* SPDX-License-Identifier: Apache-2.0 */
/* Broadcasts of the hub against a plain send(2) loop over as many sockets, and the memory of an idle WebSocket. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <locale.h>
#include <malloc.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "http/annot-hub-private.h"
#include "http/annot-websocket-frame.h"

#define MESSAGE 300
#define SINGLE_PAGES 5000
#define SINGLE_ROUNDS 10
#define BURST_PAGES 1000
#define BURST_MESSAGES 1000

typedef struct {
  int poller;
  gint stop;
  gint64 received;
} Readers;

static gboolean missed;
static AnnotPeer *peer;

static void
report (const char *name, double value, double needed, gboolean at_least, const char *unit)
{
  gboolean reached = at_least ? value >= needed : value <= needed;
  missed |= !reached;
  g_print ("%s  %s: %.3g%s (needed %s %g%s)\n", reached ? "reached" : "MISSED ", name, value, unit, at_least ? "≥" : "≤",
           needed, unit);
}

/* Of this thread: the machine and the readers do not count. */
static double
cpu_seconds (void)
{
  struct timespec now;
  clock_gettime (CLOCK_THREAD_CPUTIME_ID, &now);
  return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* The pages' ends: a thread that reads and throws away. */
static gpointer
read_on (gpointer data)
{
  Readers *readers = data;
  g_autofree char *buffer = g_malloc (256 * 1024);
  while (!g_atomic_int_get (&readers->stop)) {
    struct epoll_event events[256];
    int ready = epoll_wait (readers->poller, events, G_N_ELEMENTS (events), 50);
    for (int i = 0; i < ready; i++) {
      gssize count = recv (events[i].data.fd, buffer, 256 * 1024, MSG_DONTWAIT);
      if (count > 0) {
        __atomic_fetch_add (&readers->received, count, __ATOMIC_RELAXED);
      }
    }
  }
  return NULL;
}

static void
wait_received (Readers *readers, gint64 expected)
{
  for (guint i = 0; i < 30000 && __atomic_load_n (&readers->received, __ATOMIC_RELAXED) < expected; i++) {
    g_usleep (1000);
  }
}

static int
listen_here (struct sockaddr_in *address)
{
  int fd = socket (AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  socklen_t size = sizeof *address;
  *address = (struct sockaddr_in){ .sin_family = AF_INET, .sin_addr.s_addr = htonl (INADDR_LOOPBACK) };
  g_assert_cmpint (bind (fd, (struct sockaddr *)address, size), ==, 0);
  g_assert_cmpint (listen (fd, 1024), ==, 0);
  getsockname (fd, (struct sockaddr *)address, &size);
  return fd;
}

static void
connect_pages (guint count, int *server, Readers *readers)
{
  struct sockaddr_in address;
  int listener = listen_here (&address);
  for (guint i = 0; i < count; i++) {
    int page = socket (AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    g_assert_cmpint (connect (page, (struct sockaddr *)&address, sizeof address), ==, 0);
    server[i] = accept4 (listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    g_assert_cmpint (server[i], !=, -1);
    struct epoll_event event = { .events = EPOLLIN, .data.fd = page };
    epoll_ctl (readers->poller, EPOLL_CTL_ADD, page, &event);
  }
  close (listener);
}

static AnnotCaller *
make_caller (void)
{
  AnnotCaller *caller = g_new0 (AnnotCaller, 1);
  caller->account = g_strdup ("annotator-1234");
  caller->session = g_uuid_string_random ();
  return caller;
}

static void
adopt_all (AnnotHub *hub, const int *server, guint count)
{
  for (guint i = 0; i < count; i++) {
    peer->connections++;
    annot_hub_adopt (hub, annot_channel_new (server[i], peer, NULL, NULL), make_caller (), NULL);
  }
}

static void
send_plainly (int fd, const char *frame, gsize length)
{
  while (send (fd, frame, length, MSG_NOSIGNAL | MSG_DONTWAIT) == -1 && errno == EAGAIN) {
    struct pollfd waits = { fd, POLLOUT, 0 };
    poll (&waits, 1, 1000);
  }
}

static gboolean
has_backlog (AnnotHub *hub, gint64 sent_bytes)
{
  return hub->flush_left > 0 || (gint64)hub->shared.sent_bytes < sent_bytes;
}

/* Returns: CPU seconds of sending `messages` to `count` pages */
static double
time_hub (AnnotHub *hub, guint count, guint messages, GBytes *text, Readers *readers)
{
  gint64 frame = (gint64)(g_bytes_get_size (text) + 4);
  gint64 bytes = frame * messages * count;
  gint64 received = readers->received;
  gint64 sent = (gint64)hub->shared.sent_bytes;
  double began = cpu_seconds ();
  for (guint i = 0; i < messages; i++) {
    annot_hub_broadcast (hub, text);
  }
  while (has_backlog (hub, sent + bytes) && hub->sockets->len == count) {
    g_main_context_iteration (NULL, TRUE);
  }
  double took = cpu_seconds () - began;
  g_assert_cmpuint (hub->sockets->len, ==, count);
  wait_received (readers, received + bytes);
  return took;
}

static double
time_loop (const int *server, guint count, guint messages, GBytes *text, Readers *readers)
{
  g_autoptr (GBytes) frame = annot_frame_new (ANNOT_FRAME_TEXT, g_bytes_get_data (text, NULL), g_bytes_get_size (text));
  gint64 received = readers->received;
  gsize length;
  const char *data = g_bytes_get_data (frame, &length);
  double began = cpu_seconds ();
  for (guint i = 0; i < messages; i++) {
    for (guint j = 0; j < count; j++) {
      send_plainly (server[j], data, length);
    }
  }
  double took = cpu_seconds () - began;
  wait_received (readers, received + (gint64)length * messages * count);
  return took;
}

static void
measure (guint count, guint messages, guint rounds, const char *name, double needed, gboolean with_memory)
{
  Readers readers = { .poller = epoll_create1 (EPOLL_CLOEXEC) };
  g_autofree int *server = g_new (int, count);
  g_autofree char *message = g_strnfill (MESSAGE, 'x');
  g_autoptr (GBytes) text = g_bytes_new (message, MESSAGE);
  connect_pages (count, server, &readers);
  GThread *thread = g_thread_new ("pages", read_on, &readers);
  g_autoptr (AnnotPoller) poller = annot_poller_new (NULL, NULL);
  g_autoptr (AnnotHub) hub = annot_hub_new (NULL, NULL, poller);
  size_t before = mallinfo2 ().uordblks;
  adopt_all (hub, server, count);
  size_t each = (mallinfo2 ().uordblks - before) / count;
  double in_hub = 0;
  double in_loop = 0;
  (void)time_loop (server, count, 1, text, &readers); /* warms both up */
  (void)time_hub (hub, count, 1, text, &readers);
  for (guint i = 0; i < rounds; i++) {
    in_loop += time_loop (server, count, messages, text, &readers);
    in_hub += time_hub (hub, count, messages, text, &readers);
  }
  double deliveries = (double)rounds * messages * count;
  g_print ("         %s: %.2f µs each; send(2) loop %.2f µs\n", name, in_hub / deliveries * 1e6,
           in_loop / deliveries * 1e6);
  report (name, in_loop / in_hub, needed, TRUE, "");
  if (with_memory) {
    report ("memory of an idle WebSocket", (double)each, 2048, FALSE, " bytes");
  }
  annot_hub_close_all (hub);
  g_atomic_int_set (&readers.stop, 1);
  g_thread_join (thread);
  close (readers.poller);
}

int
main (void)
{
  struct rlimit limit;
  setlocale (LC_ALL, "C.UTF-8");
  getrlimit (RLIMIT_NOFILE, &limit);
  limit.rlim_cur = limit.rlim_max;
  setrlimit (RLIMIT_NOFILE, &limit);
  if (limit.rlim_max < 2 * (SINGLE_PAGES + BURST_PAGES) + 100) {
    g_printerr ("the limit of open files is too low: raise it to %d\n", 2 * (SINGLE_PAGES + BURST_PAGES) + 100);
    return 77;
  }
  peer = g_malloc0 (sizeof *peer + 1);
  measure (SINGLE_PAGES, 1, SINGLE_ROUNDS, "one message to 5,000 pages, send(2) loop ÷ hub", 0.8, TRUE);
  measure (BURST_PAGES, BURST_MESSAGES, 1, "1,000 messages to 1,000 pages, send(2) loop ÷ hub", 4, FALSE);
  g_free (peer);
  return missed ? 1 : 0;
}
