/* SPDX-License-Identifier: Apache-2.0 */
/* Blocking sockets: connect, send all. */
#include "load-socket.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

int
load_dial (guint port, guint source)
{
  struct sockaddr_in from = { .sin_family = AF_INET, .sin_addr.s_addr = htonl (INADDR_LOOPBACK + source) };
  struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons (port), .sin_addr.s_addr = htonl (INADDR_LOOPBACK) };
  int fd = socket (AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  int yes = 1;

  setsockopt (fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &yes, sizeof yes);
  if (fd == -1 || bind (fd, (struct sockaddr *) &from, sizeof from) == -1
      || connect (fd, (struct sockaddr *) &to, sizeof to) == -1)
    g_error ("connect: %s", g_strerror (errno));
  setsockopt (fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
  return fd;
}

void
load_send (int fd, const char *data, gsize length)
{
  while (length > 0) {
    gssize count = send (fd, data, length, MSG_NOSIGNAL);

    if (count <= 0)
      g_error ("send: %s", g_strerror (errno));
    data += count;
    length -= (gsize) count;
  }
}
