/* SPDX-License-Identifier: Apache-2.0 */
/* The URLs of a Redis server: what each part is, and what is refused without saying a password. */
#include "redis-address.h"

#include <string.h>

#define MUCH "a-very-long-folder-name-that-no-socket-can-be-in/"

typedef struct {
  const char *text;
  const char *where;
  gboolean tls;
  const char *user;
  const char *password;
  int database;
} Good;

static const Good good[] = {
  { "redis://", "localhost:6379", FALSE, NULL, NULL, -1 },
  { "redis://h", "h:6379", FALSE, NULL, NULL, -1 },
  { "redis://h:1/", "h:1", FALSE, NULL, NULL, -1 },
  { "redis://h:65535/0", "h:65535", FALSE, NULL, NULL, 0 },
  { "redis://h/15", "h:6379", FALSE, NULL, NULL, 15 },
  { "redis://:hush@h", "h:6379", FALSE, NULL, "hush", -1 },
  { "redis://me@h", "h:6379", FALSE, "me", NULL, -1 },
  { "redis://me:a%40%2F%3A%25b:c@h/2", "h:6379", FALSE, "me", "a@/:%b:c", 2 },
  { "redis://:@h", "h:6379", FALSE, NULL, NULL, -1 },
  { "redis://me:hush@[::1]:7000/1", "[::1]:7000", FALSE, "me", "hush", 1 },
  { "rediss://h:6380", "h:6380", TRUE, NULL, NULL, -1 },
  { "redis://h?db=3&username=me&password=hu%26sh", "h:6379", FALSE, "me", "hu&sh", 3 },
  { "unix:/run/redis.sock", "unix:/run/redis.sock", FALSE, NULL, NULL, -1 },
  { "unix:///run/redis.sock?db=1", "unix:/run/redis.sock", FALSE, NULL, NULL, 1 },
  { "unix://me:hush@/run/redis.sock", "unix:/run/redis.sock", FALSE, "me", "hush", -1 },
  { "unix:/run/a%20b?password=hush", "unix:/run/a b", FALSE, NULL, "hush", -1 },
};

static void
test_good (void)
{
  for (gsize i = 0; i < G_N_ELEMENTS (good); i++) {
    g_autoptr (GError) error = NULL;
    g_autoptr (RedisAddress) address = redis_address_parse (good[i].text, &error);
    g_autoptr (RedisAddress) copy = NULL;
    g_autoptr (GSocketConnectable) connectable = NULL;
    g_autofree char *where = NULL;

    g_test_message ("%s", good[i].text);
    g_assert_no_error (error);
    copy = redis_address_copy (address);
    where = redis_address_describe (copy);
    g_assert_cmpstr (where, ==, good[i].where);
    g_assert_true (copy->tls == good[i].tls);
    g_assert_cmpstr (copy->user, ==, good[i].user);
    g_assert_cmpstr (copy->password, ==, good[i].password);
    g_assert_cmpint (copy->database, ==, good[i].database);
    connectable = redis_address_to_connectable (address);
    g_assert_true (G_IS_SOCKET_CONNECTABLE (connectable));
  }
}

static const struct {
  const char *text;
  const char *message;
} bad[] = {
  { "", "write redis://[user[:password]@]host[:port][/database], rediss:// for TLS, or unix:/path" },
  { "host:6379", "write redis://[user[:password]@]host[:port][/database], rediss:// for TLS, or unix:/path" },
  { "http://:hush@h", "write redis://[user[:password]@]host[:port][/database], rediss:// for TLS, or unix:/path" },
  { "redis://h:0", "the port is not a number from 1 to 65535" },
  { "redis://h:65536", "the port is not a number from 1 to 65535" },
  { "redis://h:", "the port is not a number from 1 to 65535" },
  { "redis://h:1x", "the port is not a number from 1 to 65535" },
  { "redis://::1", "an IPv6 address has to stand in brackets" },
  { "redis://[::1", "the ] after the IPv6 address is missing" },
  { "redis://[::1]x", "the port is not a number from 1 to 65535" },
  { "redis://a b", "the host is not a host name or address" },
  { "redis://h/x", "the database is not a number" },
  { "redis://h/-1", "the database is not a number" },
  { "redis://h/2147483648", "the database is not a number" },
  { "redis://h/1/2", "the database is not a number" },
  { "redis://h?x=1", "the parameters are db, username and password" },
  { "redis://h?db", "the database is not a number" },
  { "redis://:hu/sh@h", "the characters / ? # @ of a password have to be percent-encoded" },
  { "redis://:hu?sh@h", "the characters / ? # @ of a password have to be percent-encoded" },
  { "redis://:hu#sh@h", "the characters / ? # @ of a password have to be percent-encoded" },
  { "redis://:hush%zz@h", "the password is not percent-encoded text" },
  { "redis://:hush%00@h", "the password is not percent-encoded text" },
  { "redis://:hush%0a@h", "the password is not percent-encoded text" },
  { "unix:redis.sock", "the socket is not an absolute file name" },
  { "unix://redis.sock", "the socket is not an absolute file name" },
  { "unix:/" MUCH MUCH MUCH, "the file name is longer than that of a socket can be" },
};

static void
test_bad (void)
{
  for (gsize i = 0; i < G_N_ELEMENTS (bad); i++) {
    g_autoptr (GError) error = NULL;
    g_autoptr (RedisAddress) address = redis_address_parse (bad[i].text, &error);

    g_test_message ("%s", bad[i].text);
    g_assert_null (address);
    g_assert_error (error, ANNOT_ERROR, ANNOT_ERROR_CONFIG);
    g_assert_cmpstr (error->message, ==, bad[i].message);
  }
}

static void
test_host (void)
{
  static const char *const refused[] = { "h:x", "::1", "a/b", "a@b", "[::1" };
  g_autoptr (RedisAddress) plain = redis_address_parse_host ("h", REDIS_SENTINEL_PORT, NULL);
  g_autoptr (RedisAddress) bracketed = redis_address_parse_host ("[fe80::1%eth0]:1", REDIS_SENTINEL_PORT, NULL);

  g_assert_cmpuint (plain->port, ==, REDIS_SENTINEL_PORT);
  g_assert_cmpstr (bracketed->host, ==, "fe80::1%eth0");
  g_assert_cmpuint (bracketed->port, ==, 1);
  for (gsize i = 0; i < G_N_ELEMENTS (refused); i++)
    g_assert_null (redis_address_parse_host (refused[i], 1, NULL));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/redis-address/good", test_good);
  g_test_add_func ("/redis-address/bad", test_bad);
  g_test_add_func ("/redis-address/host", test_host);
  return g_test_run ();
}
