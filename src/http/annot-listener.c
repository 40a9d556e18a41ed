/* SPDX-License-Identifier: Apache-2.0 */
/* Listening sockets: TCP, unix:, or systemd's; accepts within limits, and survives running out of descriptors. */
#include "annot-listener.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#ifdef HAVE_SYSTEMD
#include <systemd/sd-daemon.h>
#endif

/* Accepted in one go, before the sockets that are open already have their turn. */
#define ACCEPT_BATCH 64
/* How long accepting rests when the kernel has no memory for it. */
#define PAUSE_MICROSECONDS (100 * 1000)

static const char refusal[] = "HTTP/1.1 503 Service Unavailable\r\nRetry-After: 5\r\nContent-Length: 0\r\n"
                              "Connection: close\r\n\r\n";

typedef struct {
  AnnotWatch watch;
  AnnotListener *listener;
  gboolean is_local;
  char *path; /* of a socket file that we made */
} Port;

struct _AnnotListener {
  AnnotPoller *poller;
  GPtrArray *ports;
  AnnotTimer resume;
  int reserve;
  guint max_connections;
  guint max_per_address;
  int backlog;
  gboolean reuse_port;
  GPtrArray *trusted; /* of GInetAddressMask */
  AnnotAccepted accepted;
  gpointer user_data;

  GHashTable *peers; /* name to AnnotPeer */
  guint connections;
  guint64 n_accepted;
  guint64 n_refused;
};

static void
free_port (Port *port)
{
  annot_poller_remove (port->listener->poller, &port->watch);
  close (port->watch.fd);
  if (port->path != NULL) {
    unlink (port->path);
    g_free (port->path);
  }
  g_free (port);
}

static void
resume (AnnotTimer *timer)
{
  AnnotListener *self = (AnnotListener *)((char *)timer - G_STRUCT_OFFSET (AnnotListener, resume));
  for (guint i = 0; i < self->ports->len; i++) {
    Port *port = g_ptr_array_index (self->ports, i);
    annot_poller_modify (self->poller, &port->watch, EPOLLIN);
  }
}

static int
open_reserve (void)
{
  return open ("/dev/null", O_RDONLY | O_CLOEXEC);
}

AnnotListener *
annot_listener_new (AnnotPoller *poller, const AnnotListenerLimits *limits, AnnotAccepted accepted, gpointer user_data)
{
  AnnotListener *self = g_new0 (AnnotListener, 1);
  self->poller = annot_poller_ref (poller);
  self->ports = g_ptr_array_new_with_free_func ((GDestroyNotify)free_port);
  self->resume.func = resume;
  self->reserve = open_reserve ();
  self->max_connections = limits->max_connections;
  self->backlog = limits->backlog;
  self->reuse_port = limits->reuse_port;
  self->max_per_address = limits->max_per_address;
  self->trusted = g_ptr_array_new_with_free_func (g_object_unref);
  for (guint i = 0; limits->trusted_proxies != NULL && limits->trusted_proxies[i] != NULL; i++) {
    GInetAddressMask *mask = g_inet_address_mask_new_from_string (limits->trusted_proxies[i], NULL);
    if (mask != NULL) {
      g_ptr_array_add (self->trusted, mask);
    }
  }
  self->accepted = accepted;
  self->user_data = user_data;
  self->peers = g_hash_table_new_full (g_str_hash, g_str_equal, NULL, g_free);
  return self;
}

void
annot_listener_free (AnnotListener *self)
{
  annot_listener_close (self);
  if (self->reserve != -1) {
    close (self->reserve);
  }
  g_ptr_array_unref (self->ports);
  g_ptr_array_unref (self->trusted);
  g_hash_table_unref (self->peers);
  annot_poller_unref (self->poller);
  g_free (self);
}

gboolean
annot_listener_trusts (AnnotListener *self, const char *address)
{
  if (self->trusted->len == 0) {
    return FALSE;
  }
  g_autoptr (GInetAddress) parsed = g_inet_address_new_from_string (address);
  for (guint i = 0; parsed != NULL && i < self->trusted->len; i++) {
    if (g_inet_address_mask_matches (g_ptr_array_index (self->trusted, i), parsed)) {
      return TRUE;
    }
  }
  return FALSE;
}

static void
name_peer (const struct sockaddr_storage *address, char *name, socklen_t size)
{
  const void *bytes = &((const struct sockaddr_in *)address)->sin_addr;
  int family = address->ss_family;
  if (family == AF_INET6) {
    const struct in6_addr *in6 = &((const struct sockaddr_in6 *)address)->sin6_addr;
    bytes = in6;
    if (IN6_IS_ADDR_V4MAPPED (in6)) {
      family = AF_INET;
      bytes = &in6->s6_addr[12];
    }
  } else if (family != AF_INET) {
    g_strlcpy (name, "unix", size);
    return;
  }
  inet_ntop (family, bytes, name, size);
}

static AnnotPeer *
get_peer (AnnotListener *self, const char *name, gboolean is_local)
{
  AnnotPeer *peer = g_hash_table_lookup (self->peers, name);
  if (peer == NULL) {
    gsize size = strlen (name) + 1;
    peer = g_malloc0 (sizeof *peer + size);
    memcpy (peer->name, name, size);
    peer->is_trusted = is_local || annot_listener_trusts (self, name);
    g_hash_table_insert (self->peers, peer->name, peer);
  }
  return peer;
}

static void
channel_released (AnnotChannel *channel, gpointer user_data)
{
  AnnotListener *self = user_data;
  self->connections--;
  if (--channel->peer->connections == 0) {
    g_hash_table_remove (self->peers, channel->peer->name);
  }
}

static void
take (AnnotListener *self, int fd, const struct sockaddr_storage *address, gboolean is_local)
{
  char name[INET6_ADDRSTRLEN];
  name_peer (address, name, sizeof name);
  AnnotPeer *peer = get_peer (self, name, is_local);
  peer->connections++;
  self->connections++;
  if (self->connections > self->max_connections
      || (!peer->is_trusted && peer->connections > self->max_per_address)) {
    self->n_refused++;
    (void)!send (fd, refusal, sizeof refusal - 1, MSG_NOSIGNAL | MSG_DONTWAIT);
    annot_channel_free (annot_channel_new (fd, peer, channel_released, self));
    return;
  }
  if (!is_local) {
    int yes = 1;
    (void)setsockopt (fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
  }
  self->n_accepted++;
  self->accepted (annot_channel_new (fd, peer, channel_released, self), self->user_data);
}

/* No descriptor is left: the reserved one is spent on telling the peer, else it would wait, and epoll would report it again
 * at once. FALSE: rest for a moment. */
static gboolean
shed (AnnotListener *self, int listening)
{
  if (self->reserve == -1) {
    self->reserve = open_reserve ();
    return FALSE;
  }
  close (self->reserve);
  int fd = accept4 (listening, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
  if (fd != -1) {
    (void)!send (fd, refusal, sizeof refusal - 1, MSG_NOSIGNAL);
    close (fd);
    self->n_refused++;
  }
  self->reserve = open_reserve ();
  return fd != -1 && self->reserve != -1;
}

static void
pause_accepting (AnnotListener *self)
{
  for (guint i = 0; i < self->ports->len; i++) {
    Port *port = g_ptr_array_index (self->ports, i);
    annot_poller_modify (self->poller, &port->watch, 0);
  }
  annot_poller_arm (self->poller, &self->resume, g_get_monotonic_time () + PAUSE_MICROSECONDS);
}

/* Returns: whether one has waited; else errno says why not */
static gboolean
accept_one (Port *port)
{
  struct sockaddr_storage address = { 0 };
  socklen_t size = sizeof address;
  int fd = accept4 (port->watch.fd, (struct sockaddr *)&address, &size, SOCK_NONBLOCK | SOCK_CLOEXEC);
  if (fd != -1) {
    take (port->listener, fd, &address, port->is_local);
  }
  return fd != -1;
}

static void
readable (AnnotWatch *watch, guint32 events)
{
  Port *port = (Port *)watch;
  AnnotListener *self = port->listener;
  for (guint i = 0; i < ACCEPT_BATCH && self->ports->len > 0; i++) {
    if (accept_one (port)) {
      continue;
    }
    switch (errno) {
    case EAGAIN:
      return;
    case EMFILE:
    case ENFILE:
      if (shed (self, watch->fd)) {
        break;
      }
      pause_accepting (self);
      return;
    case ENOBUFS:
    case ENOMEM:
      pause_accepting (self);
      return;
    default:
      break; /* this one is gone already (ECONNABORTED and the network's errors): the next */
    }
  }
}

static gboolean
add_port (AnnotListener *self, int fd, gboolean is_local, const char *path)
{
  Port *port = g_new0 (Port, 1);
  port->watch.func = readable;
  port->watch.fd = fd;
  port->listener = self;
  port->is_local = is_local;
  port->path = g_strdup (path);
  g_ptr_array_add (self->ports, port);
  return annot_poller_add (self->poller, &port->watch, EPOLLIN);
}

static gboolean
fail (GError **error, const char *address, const char *what, int code)
{
  g_set_error (error, ANNOT_ERROR, ANNOT_ERROR_CONFIG, "[http] listen: %s: %s: %s", address, what, g_strerror (code));
  return FALSE;
}

static const char *
remedy (gboolean is_local, int code)
{
  if (code == EADDRINUSE) {
    return is_local ? "; another program listens there: stop it, or choose another path"
                    : "; another program listens there: stop it, or choose another address; instances that are to share "
                      "the port all set [http] reuse-port=true";
  }
  if (code == EACCES || code == EPERM) {
    return is_local ? "; the user that runs annotationd must be able to write to the directory"
                    : "; choose a port above 1023, or let systemd pass the socket";
  }
  return "";
}

static gboolean
fail_to_bind (GError **error, const char *address, gboolean is_local, int code)
{
  AnnotError kind = code == EACCES || code == EPERM ? ANNOT_ERROR_AUTH : ANNOT_ERROR_CONFIG;
  g_set_error (error, ANNOT_ERROR, (int)kind, "[http] listen: cannot listen on %s: %s%s", address, g_strerror (code),
               remedy (is_local, code));
  return FALSE;
}

static gboolean
listen_on (AnnotListener *self, const char *name, const struct sockaddr *address, socklen_t size, GError **error)
{
  gboolean is_local = address->sa_family == AF_UNIX;
  int fd = socket (address->sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd == -1) {
    return fail (error, name, "socket", errno);
  }
  int yes = 1;
  if (!is_local) {
    (void)setsockopt (fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
  }
  if (!is_local && self->reuse_port) {
    (void)setsockopt (fd, SOL_SOCKET, SO_REUSEPORT, &yes, sizeof yes);
  }
  if (address->sa_family == AF_INET6) {
    (void)setsockopt (fd, IPPROTO_IPV6, IPV6_V6ONLY, &yes, sizeof yes);
  }
  if (bind (fd, address, size) == -1 || listen (fd, self->backlog) == -1) {
    int code = errno;
    close (fd);
    return fail_to_bind (error, name, is_local, code);
  }
  return add_port (self, fd, is_local, is_local ? ((const struct sockaddr_un *)address)->sun_path : NULL);
}

/* A socket file that nobody listens on is left from a crash. */
static void
remove_stale (const struct sockaddr_un *address)
{
  int fd = socket (AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  struct stat status;
  if (fd != -1 && lstat (address->sun_path, &status) == 0 && S_ISSOCK (status.st_mode)
      && connect (fd, (const struct sockaddr *)address, sizeof *address) == -1 && errno == ECONNREFUSED) {
    unlink (address->sun_path);
  }
  if (fd != -1) {
    close (fd);
  }
}

static gboolean
bind_local (AnnotListener *self, const char *path, GError **error)
{
  struct sockaddr_un address = { .sun_family = AF_UNIX };
  if (path[0] != '/' || strlen (path) >= sizeof address.sun_path) {
    return fail (error, path, "a unix: address is an absolute path of at most 107 bytes", EINVAL);
  }
  g_strlcpy (address.sun_path, path, sizeof address.sun_path);
  remove_stale (&address);
  return listen_on (self, path, (const struct sockaddr *)&address, sizeof address, error);
}

gboolean
annot_listener_bind (AnnotListener *self, const char *address, GError **error)
{
  if (g_str_has_prefix (address, "unix:")) {
    return bind_local (self, address + strlen ("unix:"), error);
  }
  const char *colon = strrchr (address, ':');
  if (colon == NULL) {
    return fail (error, address, "must be host:port or unix:/path", EINVAL);
  }
  g_autofree char *host = g_strndup (address, colon - address);
  gsize length = strlen (host);
  if (length >= 2 && host[0] == '[' && host[length - 1] == ']') {
    host[length - 1] = '\0';
    memmove (host, host + 1, length - 1);
  }
  struct addrinfo hints = { .ai_flags = AI_PASSIVE | AI_NUMERICSERV, .ai_socktype = SOCK_STREAM };
  struct addrinfo *found = NULL;
  gboolean any = host[0] == '\0' || g_str_equal (host, "*");
  int code = getaddrinfo (any ? NULL : host, colon + 1, &hints, &found);
  if (code != 0) {
    g_set_error (error, ANNOT_ERROR, ANNOT_ERROR_CONFIG, "[http] listen: %s: %s", address, gai_strerror (code));
    return FALSE;
  }
  gboolean done = TRUE;
  for (struct addrinfo *at = found; at != NULL && done; at = at->ai_next) {
    done = listen_on (self, address, at->ai_addr, at->ai_addrlen, error);
  }
  freeaddrinfo (found);
  return done;
}

#ifdef HAVE_SYSTEMD
int
annot_listener_adopt_systemd (AnnotListener *self, GError **error)
{
  int count = sd_listen_fds (1);
  for (int i = 0; i < count; i++) {
    int fd = SD_LISTEN_FDS_START + i;
    if (sd_is_socket (fd, AF_UNSPEC, SOCK_STREAM, 1) <= 0) {
      g_set_error_literal (error, ANNOT_ERROR, ANNOT_ERROR_CONFIG,
                           "a socket that systemd passed is no listening stream socket: use ListenStream=");
      return -1;
    }
    int flags = fcntl (fd, F_GETFL);
    (void)fcntl (fd, F_SETFL, flags | O_NONBLOCK);
    add_port (self, fd, sd_is_socket (fd, AF_UNIX, SOCK_STREAM, 1) > 0, NULL);
  }
  return MAX (count, 0);
}
#else
int
annot_listener_adopt_systemd (AnnotListener *self, GError **error)
{
  return 0;
}
#endif

void
annot_listener_take_waiting (AnnotListener *self)
{
  for (guint i = 0; i < self->ports->len; i++) {
    while (accept_one (g_ptr_array_index (self->ports, i))) {
    }
  }
}

void
annot_listener_close (AnnotListener *self)
{
  annot_poller_disarm (self->poller, &self->resume);
  g_ptr_array_set_size (self->ports, 0);
}

guint16
annot_listener_get_port (AnnotListener *self)
{
  for (guint i = 0; i < self->ports->len; i++) {
    Port *port = g_ptr_array_index (self->ports, i);
    struct sockaddr_storage address = { 0 };
    socklen_t size = sizeof address;
    if (!port->is_local && getsockname (port->watch.fd, (struct sockaddr *)&address, &size) == 0) {
      return ntohs (address.ss_family == AF_INET6 ? ((struct sockaddr_in6 *)&address)->sin6_port
                                                  : ((struct sockaddr_in *)&address)->sin_port);
    }
  }
  return 0;
}

guint
annot_listener_get_connections (AnnotListener *self)
{
  return self->connections;
}

guint64
annot_listener_get_accepted (AnnotListener *self)
{
  return self->n_accepted;
}

guint64
annot_listener_get_refused (AnnotListener *self)
{
  return self->n_refused;
}
