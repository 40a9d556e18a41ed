/* SPDX-License-Identifier: Apache-2.0 */
/* Redis' own way from publisher to subscriber, one message of 1 KB at a time. The password is the first line of stdin.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "load-message.h"
#include "load-socket.h"

#define CHANNEL "bare"
#define SUBSCRIBE "SUBSCRIBE " CHANNEL "\r\n"
#define MESSAGE_BYTES 1000

/* Reads until the end of what is expected has come. */
static void
expect (int fd, const char *end)
{
  char buffer[8192];
  gsize length = 0;

  do {
    gssize count = recv (fd, buffer + length, sizeof buffer - 1 - length, 0);

    if (count <= 0)
      g_error ("the server closed");
    length += (gsize) count;
    buffer[length] = '\0';
    if (buffer[0] == '-')
      g_error ("redis: %s", buffer);
  } while (!g_str_has_suffix (buffer, end));
}

static int
open_line (guint port, const char *password)
{
  g_autofree char *text = g_strdup_printf ("AUTH %s\r\n", password);
  int fd = load_dial (port, 0);

  if (*password) {
    load_send (fd, text, strlen (text));
    expect (fd, "+OK\r\n");
  }
  return fd;
}

int
main (int argc, char **argv)
{
  g_autoptr (GArray) times = g_array_new (FALSE, FALSE, sizeof (gint64));
  g_autofree char *filling = g_strnfill (MESSAGE_BYTES, 'x');
  g_autofree char *text = g_strdup_printf ("PUBLISH " CHANNEL " %s\r\n", filling);
  g_autofree char *end = g_strdup_printf ("%s\r\n", filling);
  char password[1024] = "";
  int publisher;
  int subscriber;

  if (argc != 3 || !fgets (password, sizeof password, stdin)) {
    g_printerr ("bare-redis PORT COUNT, the password on stdin\n");
    return 64;
  }
  g_strchomp (password);
  publisher = open_line (load_number (argv[1]), password);
  subscriber = open_line (load_number (argv[1]), password);
  load_send (subscriber, SUBSCRIBE, strlen (SUBSCRIBE));
  expect (subscriber, ":1\r\n");
  for (guint i = 0; i < load_number (argv[2]); i++) {
    gint64 start = g_get_monotonic_time ();
    gint64 time;

    load_send (publisher, text, strlen (text));
    expect (subscriber, end);
    time = g_get_monotonic_time () - start;
    g_array_append_val (times, time);
    expect (publisher, ":1\r\n");
  }
  load_print_times (times);
  return 0;
}
