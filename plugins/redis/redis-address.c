/* SPDX-License-Identifier: Apache-2.0 */
/* Where a Redis is, and as whom to speak to it, read from a URL. */
#include "redis-address.h"

#include <gio/gunixsocketaddress.h>
#include <string.h>
#include <sys/un.h>

/* Redis itself numbers its databases by int. */
#define LARGEST_DATABASE G_MAXINT32
#define NEEDS_ENCODING "the characters / ? # @ of a password have to be percent-encoded"

static gboolean fail (GError **error, const char *format, ...) G_GNUC_PRINTF (2, 3);

static gboolean
fail (GError **error, const char *format, ...)
{
  va_list args;

  va_start (args, format);
  if (error)
    *error = g_error_new_valist (ANNOT_ERROR, ANNOT_ERROR_CONFIG, format, args);
  va_end (args);
  return FALSE;
}

static RedisAddress *
redis_address_new (void)
{
  RedisAddress *self = g_new0 (RedisAddress, 1);

  self->database = -1;
  return self;
}

void
redis_address_free (RedisAddress *self)
{
  g_free (self->host);
  g_free (self->path);
  g_free (self->user);
  g_free (self->password);
  g_free (self);
}

RedisAddress *
redis_address_copy (const RedisAddress *self)
{
  RedisAddress *copy = g_memdup2 (self, sizeof *self);

  copy->host = g_strdup (self->host);
  copy->path = g_strdup (self->path);
  copy->user = g_strdup (self->user);
  copy->password = g_strdup (self->password);
  return copy;
}

/* The text of a part whose odd characters are percent-encoded. Empty is as good as none. */
static gboolean
decode (char **value, const char *text, gsize length, const char *what, GError **error)
{
  g_autofree char *decoded = g_uri_unescape_segment (text, text + length, NULL);

  if (!decoded || strpbrk (decoded, "\r\n"))
    return fail (error, "the %s is not percent-encoded text", what);
  g_free (*value);
  *value = *decoded ? g_steal_pointer (&decoded) : NULL;
  return TRUE;
}

static gboolean
parse_database (RedisAddress *self, const char *text, gsize length, GError **error)
{
  g_autofree char *number = g_strndup (text, length);
  guint64 value = 0;

  if (!g_ascii_string_to_unsigned (number, 10, 0, LARGEST_DATABASE, &value, NULL))
    return fail (error, "the database is not a number");
  self->database = (int) value;
  return TRUE;
}

static gboolean
parse_user (RedisAddress *self, const char *text, gsize length, GError **error)
{
  const char *colon = memchr (text, ':', length);
  gsize user = colon ? (gsize) (colon - text) : length;

  return decode (&self->user, text, user, "user name", error)
         && (!colon || decode (&self->password, colon + 1, length - user - 1, "password", error));
}

static gboolean
is_host_character (char c)
{
  return g_ascii_isgraph (c) && !strchr ("/?#@[]\\\"<>^`{|}&=,;", c);
}

static gboolean
parse_host (RedisAddress *self, const char *text, gsize length, guint16 port, GError **error)
{
  gboolean bracketed = length > 0 && text[0] == '[';
  const char *begin = bracketed ? text + 1 : text;
  const char *end = bracketed ? memchr (text, ']', length) : memchr (text, ':', length);
  const char *rest = NULL;
  guint64 number = port;

  if (bracketed && (!end || end == begin))
    return fail (error, end ? "the IPv6 address is empty" : "the ] after the IPv6 address is missing");
  end = end ? end : text + length;
  for (const char *at = begin; at < end; at++) {
    if (!is_host_character (*at))
      return fail (error, "the host is not a host name or address");
  }
  rest = bracketed ? end + 1 : end;
  if (rest < text + length) {
    g_autofree char *digits = g_strndup (rest + 1, (gsize) (text + length - rest - 1));

    if (*rest == ':' && strchr (digits, ':'))
      return fail (error, "an IPv6 address has to stand in brackets");
    if (*rest != ':' || !g_ascii_isdigit (*digits)
        || !g_ascii_string_to_unsigned (digits, 10, 1, G_MAXUINT16, &number, NULL))
      return fail (error, "the port is not a number from 1 to 65535");
  }
  self->host = end > begin ? g_strndup (begin, (gsize) (end - begin)) : g_strdup ("localhost");
  self->port = (guint16) number;
  return TRUE;
}

static gboolean
parse_parameter (RedisAddress *self, const char *name, gsize length, const char *value, gsize size, GError **error)
{
  if (length == 2 && strncmp (name, "db", length) == 0)
    return parse_database (self, value, size, error);
  if (length == 8 && strncmp (name, "username", length) == 0)
    return decode (&self->user, value, size, "user name", error);
  if (length == 8 && strncmp (name, "password", length) == 0)
    return decode (&self->password, value, size, "password", error);
  return fail (error, "the parameters are db, username and password");
}

static gboolean
parse_query (RedisAddress *self, const char *query, GError **error)
{
  while (*query) {
    gsize size = strcspn (query, "&");
    gsize name = strcspn (query, "=&");
    gsize value = MIN (name + 1, size);

    if (!parse_parameter (self, query, name, query + value, size - value, error))
      return FALSE;
    query += size;
    if (*query == '&')
      query++;
  }
  return TRUE;
}

/* [user[:password]@]host[:port][/database][?parameters] */
static gboolean
parse_network (RedisAddress *self, const char *text, GError **error)
{
  gsize authority = strcspn (text, "/?#");
  const char *at = memrchr (text, '@', authority);
  gsize user = at ? (gsize) (at - text) : 0;
  const char *host = at ? at + 1 : text;
  const char *path = text + authority;
  gsize length = strcspn (path, "?#");

  if (path[length] == '#' || strchr (path, '@'))
    return fail (error, NEEDS_ENCODING);
  if (at && !parse_user (self, text, user, error))
    return FALSE;
  if (!parse_host (self, host, (gsize) (path - host), REDIS_PORT, error))
    return FALSE;
  if (length > 1 && !parse_database (self, path + 1, length - 1, error))
    return FALSE;
  return path[length] == '\0' || parse_query (self, path + length + 1, error);
}

/* /path[?parameters] */
static gboolean
parse_socket (RedisAddress *self, const char *text, GError **error)
{
  gsize length = strcspn (text, "?");

  if (text[0] != '/')
    return fail (error, "the socket is not an absolute file name");
  if (strcspn (text, "&#") < length)
    return fail (error, "parameters begin with ?; an & or # of the file name has to be percent-encoded");
  if (!decode (&self->path, text, length, "file name", error))
    return FALSE;
  if (strlen (self->path) >= sizeof (((struct sockaddr_un *) NULL)->sun_path))
    return fail (error, "the file name is longer than that of a socket can be");
  return text[length] == '\0' || parse_query (self, text + length + 1, error);
}

/* [//[user[:password]@]]/path[?parameters] */
static gboolean
parse_unix (RedisAddress *self, const char *text, GError **error)
{
  const char *at = NULL;

  if (!g_str_has_prefix (text, "//") || text[2] == '/')
    return parse_socket (self, g_str_has_prefix (text, "//") ? text + 2 : text, error);
  text += 2;
  at = strchr (text, '@');
  if (!at || at[1] != '/' || strpbrk (text, "?#/") < at)
    return parse_socket (self, "", error);
  if (strpbrk (at + 1, "@#"))
    return fail (error, NEEDS_ENCODING);
  return parse_user (self, text, (gsize) (at - text), error) && parse_socket (self, at + 1, error);
}

RedisAddress *
redis_address_parse (const char *text, GError **error)
{
  g_autoptr (RedisAddress) self = redis_address_new ();
  gboolean good = FALSE;

  self->tls = g_str_has_prefix (text, "rediss://");
  if (self->tls || g_str_has_prefix (text, "redis://"))
    good = parse_network (self, strstr (text, "://") + strlen ("://"), error);
  else if (g_str_has_prefix (text, "unix:"))
    good = parse_unix (self, text + strlen ("unix:"), error);
  else
    fail (error, "write redis://[user[:password]@]host[:port][/database], rediss:// for TLS, or unix:/path");
  return good ? g_steal_pointer (&self) : NULL;
}

RedisAddress *
redis_address_parse_host (const char *text, guint16 port, GError **error)
{
  g_autoptr (RedisAddress) self = redis_address_new ();

  return parse_host (self, text, strlen (text), port, error) ? g_steal_pointer (&self) : NULL;
}

char *
redis_address_describe (const RedisAddress *self)
{
  if (self->path)
    return g_strconcat ("unix:", self->path, NULL);
  return g_strdup_printf (strchr (self->host, ':') ? "[%s]:%u" : "%s:%u", self->host, self->port);
}

GSocketConnectable *
redis_address_to_connectable (const RedisAddress *self)
{
  if (self->path)
    return G_SOCKET_CONNECTABLE (g_unix_socket_address_new (self->path));
  return g_network_address_new (self->host, self->port);
}
