/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Annotators at work, each on a kept connection: takes the next examples, labels one after the other, takes the next.
 * stdin has a token a line, one for each annotator. Prints labels a second, then p50 and p99 of "next" and of "label".
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include "load-message.h"
#include "load-socket.h"

#define BUFFER (256 * 1024)
#define MOST_LEASES 20
#define WAIT_MILLISECONDS 10000

typedef struct {
  char event_id[64];
  char token[64];
} Lease;

typedef struct {
  int fd;
  char *secret;
  char *buffer;
  gsize length;
  Lease leases[MOST_LEASES];
  guint left;
  gint64 sent_at;
} Annotator;

typedef struct {
  guint port;
  guint count;
  guint idle;
  GArray *next_times;
  GArray *label_times;
} Shift;

static void
post (const Shift *shift, Annotator *self, const char *path, const char *body)
{
  g_autofree char *request
      = g_strdup_printf ("POST /api/v1/examples/%s HTTP/1.1\r\nHost: 127.0.0.1:%u\r\nAuthorization: Bearer %s\r\n"
                         "Content-Type: application/json\r\nContent-Length: %" G_GSIZE_FORMAT "\r\n\r\n%s",
                         path, shift->port, self->secret, strlen (body), body);

  self->sent_at = g_get_monotonic_time ();
  load_send (self->fd, request, strlen (request));
}

static void
ask_next (const Shift *shift, Annotator *self)
{
  g_autofree char *body = g_strdup_printf ("{\"count\":%u}", shift->count);

  post (shift, self, "next", body);
}

static void
send_label (const Shift *shift, Annotator *self)
{
  const Lease *lease = &self->leases[self->left - 1];
  g_autofree char *path = g_strdup_printf ("%s/label", lease->event_id);
  g_autofree char *body = g_strdup_printf (
      "{\"corrected_detections\":[{\"bbox\":{\"x1\":10,\"y1\":20,\"x2\":110,\"y2\":220},\"class_name\":\"person\","
      "\"confidence\":0.41,\"corrected_class\":\"child\",\"is_correct\":false}],\"quality_score\":0.9,"
      "\"notes\":\"partly hidden\",\"lease\":\"%s\"}",
      lease->token);

  post (shift, self, path, body);
}

/* Copies the string value that follows. Returns: where it ends */
static const char *
copy_value (const char *text, const char *name, char *into, gsize size)
{
  const char *start = strstr (text, name);
  gsize length;

  if (!start)
    g_error ("no %s in %s", name, text);
  start += strlen (name);
  length = strcspn (start, "\"");
  if (length >= size)
    g_error ("too long: %.*s", (int) length, start);
  memcpy (into, start, length);
  into[length] = '\0';
  return start + length;
}

static void
read_leases (Annotator *self, const char *body)
{
  static const char mark[] = "{\"lease\":{";

  self->left = 0;
  while ((body = strstr (body, mark)) && self->left < MOST_LEASES) {
    Lease *lease = &self->leases[self->left++];

    body = copy_value (body, "\"token\":\"", lease->token, sizeof lease->token);
    body = copy_value (body, "\"event_id\":\"", lease->event_id, sizeof lease->event_id);
  }
}

static void
handle_answer (Shift *shift, Annotator *self, const char *body)
{
  gint64 time = g_get_monotonic_time () - self->sent_at;

  if (g_str_has_prefix (self->buffer, "HTTP/1.1 204")) {
    shift->idle++;
    return;
  }
  if (!g_str_has_prefix (self->buffer, "HTTP/1.1 200"))
    g_error ("not 200: %s", self->buffer);
  if (self->left == 0) {
    g_array_append_val (shift->next_times, time);
    read_leases (self, body);
  } else {
    g_array_append_val (shift->label_times, time);
    self->left--;
  }
  if (self->left > 0)
    send_label (shift, self);
  else
    ask_next (shift, self);
}

static void
receive (Shift *shift, Annotator *self)
{
  gssize count = recv (self->fd, self->buffer + self->length, BUFFER - 1 - self->length, MSG_DONTWAIT);
  char *end;
  char *header;
  gsize whole;

  if (count <= 0)
    g_error ("the server closed a kept connection");
  self->length += (gsize) count;
  self->buffer[self->length] = '\0';
  end = strstr (self->buffer, "\r\n\r\n");
  if (!end)
    return;
  header = g_strstr_len (self->buffer, end - self->buffer, "Content-Length: ");
  whole = (gsize) (end + 4 - self->buffer) + (header ? g_ascii_strtoull (header + 16, NULL, 10) : 0);
  if (self->length < whole)
    return;
  self->length = 0;
  handle_answer (shift, self, end + 4);
}

static Annotator *
annotator_new (const Shift *shift, const char *secret, int poller)
{
  Annotator *self = g_new0 (Annotator, 1);
  struct epoll_event event = { .events = EPOLLIN, .data.ptr = self };

  self->secret = g_strdup (secret);
  self->buffer = g_malloc (BUFFER);
  self->fd = load_dial (shift->port, 0);
  epoll_ctl (poller, EPOLL_CTL_ADD, self->fd, &event);
  ask_next (shift, self);
  return self;
}

/* Until the time is over, or nothing is left for anybody. */
static void
work (Shift *shift, int poller, guint annotators, guint seconds)
{
  gint64 start = g_get_monotonic_time ();
  gint64 until = start + (gint64) seconds * G_USEC_PER_SEC;
  gint64 now = start;

  while (now < until && shift->idle < annotators) {
    struct epoll_event events[32];
    int ready = epoll_wait (poller, events, G_N_ELEMENTS (events), WAIT_MILLISECONDS);

    if (ready == 0)
      g_error ("no answer for %d ms", WAIT_MILLISECONDS);
    for (int i = 0; i < ready; i++)
      receive (shift, events[i].data.ptr);
    now = g_get_monotonic_time ();
  }
  g_print ("%.1f ", (double) shift->label_times->len * G_USEC_PER_SEC / (double) (now - start));
  load_print_times (shift->next_times);
  load_print_times (shift->label_times);
}

int
main (int argc, char **argv)
{
  Shift shift = { .idle = 0 };
  int poller = epoll_create1 (EPOLL_CLOEXEC);
  guint annotators = 0;
  char secret[4096];

  if (argc != 4) {
    g_printerr ("load-annotate PORT COUNT SECONDS, tokens on stdin\n");
    return 64;
  }
  shift.port = load_number (argv[1]);
  shift.count = CLAMP (load_number (argv[2]), 1, MOST_LEASES);
  shift.next_times = g_array_new (FALSE, FALSE, sizeof (gint64));
  shift.label_times = g_array_new (FALSE, FALSE, sizeof (gint64));
  while (fgets (secret, sizeof secret, stdin)) {
    annotator_new (&shift, g_strchomp (secret), poller);
    annotators++;
  }
  work (&shift, poller, annotators, load_number (argv[3]));
  return 0;
}
