/* SPDX-License-Identifier: Apache-2.0 */
/* Where a Redis is, and as whom to speak to it, read from a URL. */
#pragma once

#include <annotationd/annotationd.h>

G_BEGIN_DECLS

#define REDIS_PORT 6379
#define REDIS_SENTINEL_PORT 26379

/**
 * RedisAddress:
 * @host: (nullable): host name or IP address; %NULL: a socket of this host
 * @port: TCP port, 0 with @path
 * @path: (nullable): the Unix socket
 * @tls: whether the connection is encrypted
 * @user: (nullable): name of the account
 * @password: (nullable): its password
 * @database: number of the database, -1 when the address names none
 */
typedef struct {
  char *host;
  guint16 port;
  char *path;
  gboolean tls;
  char *user;
  char *password;
  int database;
} RedisAddress;

/**
 * redis_address_parse:
 * @text: `redis://[user[:password]@]host[:port][/database]`, `rediss://…` for TLS, `unix:/path`, `unix:///path?db=1`;
 *  the parameters `db`, `username` and `password` are taken after a question mark
 * @error: %ANNOT_ERROR_CONFIG; never says a password
 *
 * Returns: (transfer full) (nullable): the address
 */
RedisAddress *redis_address_parse (const char *text, GError **error);

/**
 * redis_address_parse_host:
 * @text: `host`, `host:port`, `[ipv6]:port`
 * @port: the port when it names none
 * @error: %ANNOT_ERROR_CONFIG
 *
 * Returns: (transfer full) (nullable): the address, without an account
 */
RedisAddress *redis_address_parse_host (const char *text, guint16 port, GError **error);

/* Returns: (transfer full): "host:port", "[ipv6]:port" or "unix:/path": what may stand in a log */
char *redis_address_describe (const RedisAddress *self);
/* Returns: (transfer full): for GSocketClient */
GSocketConnectable *redis_address_to_connectable (const RedisAddress *self);
RedisAddress *redis_address_copy (const RedisAddress *self);
void redis_address_free (RedisAddress *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (RedisAddress, redis_address_free)

G_END_DECLS
