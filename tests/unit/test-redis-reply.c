/* SPDX-License-Identifier: Apache-2.0 */
/* What an error reply means to the caller, of each server that is supported, and replies of shapes that nobody expects.
 */
#include "redis-reply.h"

#include <string.h>

static const struct {
  const char *text;
  AnnotError code;
  const char *remedy;
} errors[] = {
  { "NOAUTH Authentication required.", ANNOT_ERROR_AUTH, "password-file" },
  { "WRONGPASS invalid username-password pair or user is disabled.", ANNOT_ERROR_AUTH, "password-file" },
  { "ERR invalid password", ANNOT_ERROR_AUTH, "password-file" },
  { "ERR AUTH <password> called without any password configured for the default user.", ANNOT_ERROR_AUTH, "remove" },
  { "NOPERM this user has no permissions to run the 'publish' command", ANNOT_ERROR_AUTH, "contracts.md" },
  { "ERR The user executing the script can't run this command or subcommand script: f", ANNOT_ERROR_AUTH,
    "contracts.md" },
  { "DENIED Redis is running in protected mode", ANNOT_ERROR_AUTH, "protected mode" },
  { "LOADING Redis is loading the dataset in memory", ANNOT_ERROR_TEMPORARY, "reads its data" },
  { "READONLY You can't write against a read only replica.", ANNOT_ERROR_TEMPORARY, "sentinel-master" },
  { "MASTERDOWN Link with MASTER is down", ANNOT_ERROR_TEMPORARY, "replica" },
  { "NOREPLICAS Not enough good replicas to write.", ANNOT_ERROR_TEMPORARY, "min-replicas-to-write" },
  { "MISCONF Redis is configured to save RDB snapshots", ANNOT_ERROR_NO_SPACE, "disk" },
  { "OOM command not allowed when used memory > 'maxmemory'.", ANNOT_ERROR_NO_SPACE, "maxmemory" },
  { "BUSY Redis is busy running a script.", ANNOT_ERROR_TEMPORARY, "SCRIPT KILL" },
  { "ERR max number of clients reached", ANNOT_ERROR_TEMPORARY, "maxclients" },
  { "MOVED 3999 127.0.0.1:6381", ANNOT_ERROR_CONFIG, "Cluster" },
  { "CLUSTERDOWN Hash slot not served", ANNOT_ERROR_CONFIG, "Cluster" },
  { "ERR DB index is out of range", ANNOT_ERROR_CONFIG, "[redis] database" },
  { "WRONGTYPE Operation against a key holding the wrong kind of value", ANNOT_ERROR_PERMANENT, "prefix" },
  { "ERR syntax error", ANNOT_ERROR_PERMANENT, "" },
  { "OOMPH is another word", ANNOT_ERROR_PERMANENT, "" },
  { "", ANNOT_ERROR_PERMANENT, "" },
  /* As Redis 6 wraps what a command inside a script answers. */
  { "ERR Error running script (call to f_1): @user_script:3: @user_script: 3: -OOM command not allowed",
    ANNOT_ERROR_NO_SPACE, "maxmemory" },
  { "ERR Error running script (call to f_1): @user_script:3: @user_script: 3: -READONLY You can't write",
    ANNOT_ERROR_TEMPORARY, "sentinel-master" },
};

static void
test_errors (void)
{
  for (gsize i = 0; i < G_N_ELEMENTS (errors); i++) {
    g_autoptr (GError) error = redis_reply_error_from_text (errors[i].text, strlen (errors[i].text));

    g_test_message ("%s", errors[i].text);
    g_assert_error (error, ANNOT_ERROR, (int) errors[i].code);
    g_assert_true (g_str_has_prefix (error->message, "redis: "));
    g_assert_nonnull (strstr (error->message, errors[i].remedy));
  }
}

static void
test_foreign_bytes (void)
{
  g_autoptr (GError) error = redis_reply_error_from_text ("ERR \xff\xfe", 6);

  g_assert_true (g_utf8_validate (error->message, -1, NULL));
}

/* Returns: (transfer full): what the protocol's text says */
static redisReply *
read_reply (const char *text)
{
  redisReader *reader = redisReaderCreate ();
  void *reply = NULL;

  g_assert_cmpint (redisReaderFeed (reader, text, strlen (text)), ==, REDIS_OK);
  g_assert_cmpint (redisReaderGetReply (reader, &reply), ==, REDIS_OK);
  g_assert_nonnull (reply);
  redisReaderFree (reader);
  return reply;
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (redisReply, freeReplyObject)

/* What servers answer to AUTH: a renamed command, one with a long password, a proxy's own words. */
static void
test_account (void)
{
  static const struct {
    const char *text;
    AnnotError code;
    const char *remedy;
  } refusals[] = {
    { "-WRONGPASS invalid username-password pair: secret\r\n", ANNOT_ERROR_AUTH, "WRONGPASS (check" },
    { "-ERR unknown command 'AUTH', with args beginning with: 'secret' \r\n", ANNOT_ERROR_CONFIG, "their own names" },
    { "-ERR unknown command `AUTH`, with args beginning with: `secret`, \r\n", ANNOT_ERROR_CONFIG, "their own names" },
    { "-ERR wrong number of arguments for 'auth' command\r\n", ANNOT_ERROR_AUTH, "password-file" },
    { "-ERR secret is not known here\r\n", ANNOT_ERROR_AUTH, "password-file" },
    { "-ERR Client sent AUTH, but no password is set\r\n", ANNOT_ERROR_AUTH, "remove" },
    { "-LOADING secret\r\n", ANNOT_ERROR_TEMPORARY, "reads its data" },
    { "-TRYAGAIN secret\r\n", ANNOT_ERROR_AUTH, "password-file" },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (refusals); i++) {
    g_autoptr (redisReply) reply = read_reply (refusals[i].text);
    g_autoptr (GError) error = NULL;

    g_assert_false (redis_reply_check_account (reply, &error));
    g_test_message ("%s", error->message);
    g_assert_error (error, ANNOT_ERROR, (int) refusals[i].code);
    g_assert_nonnull (strstr (error->message, refusals[i].remedy));
    g_assert_null (strstr (error->message, "secret"));
  }
}

/* Of any command: what is in an example, or an account's name, is not for the log. */
static void
test_arguments (void)
{
  static const char text[] = "ERR unknown command 'SET', with args beginning with: 'key' 'secret' ";
  g_autoptr (GError) error = redis_reply_error_from_text (text, strlen (text));

  g_assert_nonnull (strstr (error->message, "unknown command 'SET'"));
  g_assert_null (strstr (error->message, "secret"));
}

static void
test_elements (void)
{
  g_autoptr (redisReply) reply = read_reply ("*5\r\n$7\r\nmessage\r\n:7\r\n$-1\r\n$2\r\n12\r\n$2\r\n\xff\xfe\r\n");
  g_autofree char *text = redis_reply_text (reply, 0);

  g_assert_true (redis_reply_element_is (reply, 0, "MESSAGE"));
  g_assert_false (redis_reply_element_is (reply, 1, "7"));
  g_assert_false (redis_reply_element_is (reply, 9, "message"));
  g_assert_cmpstr (text, ==, "message");
  g_assert_cmpint (redis_reply_number (reply, 1), ==, 7);
  g_assert_cmpint (redis_reply_number (reply, 2), ==, 0);
  g_assert_cmpint (redis_reply_number (reply, 3), ==, 12);
  g_assert_cmpint (redis_reply_number (reply, 0), ==, 0);
  g_assert_null (redis_reply_text (reply, 1));
  g_assert_null (redis_reply_text (reply, 2));
  g_assert_null (redis_reply_text (reply, 4));
  g_assert_null (redis_reply_element (reply, 5));
}

/* A reply that is no array has no elements, and is no error by its text. */
static void
test_shapes (void)
{
  static const char *const texts[] = { "+READONLY x\r\n", ":1\r\n", "$-1\r\n", "*-1\r\n", "*0\r\n", "$0\r\n\r\n" };

  for (gsize i = 0; i < G_N_ELEMENTS (texts); i++) {
    g_autoptr (redisReply) reply = read_reply (texts[i]);

    g_assert_null (redis_reply_element (reply, 0));
    g_assert_false (redis_reply_element_is (reply, 0, ""));
    g_assert_cmpint (redis_reply_number (reply, 0), ==, 0);
    g_assert_false (redis_reply_is_read_only (reply));
    g_assert_true (redis_reply_check (reply, NULL));
  }
}

static void
test_error_replies (void)
{
  g_autoptr (redisReply) read_only = read_reply ("-READONLY You can't write against a read only replica.\r\n");
  g_autoptr (redisReply) unknown = read_reply ("-NOSCRIPT No matching script. Please use EVAL.\r\n");
  g_autoptr (GError) error = NULL;

  g_assert_true (redis_reply_is_read_only (read_only));
  g_assert_false (redis_reply_is_error (read_only, "READ"));
  g_assert_true (redis_reply_is_error (unknown, "NOSCRIPT"));
  g_assert_false (redis_reply_check (read_only, &error));
  g_assert_error (error, ANNOT_ERROR, ANNOT_ERROR_TEMPORARY);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/redis-reply/errors", test_errors);
  g_test_add_func ("/redis-reply/foreign-bytes", test_foreign_bytes);
  g_test_add_func ("/redis-reply/account", test_account);
  g_test_add_func ("/redis-reply/arguments", test_arguments);
  g_test_add_func ("/redis-reply/elements", test_elements);
  g_test_add_func ("/redis-reply/shapes", test_shapes);
  g_test_add_func ("/redis-reply/error-replies", test_error_replies);
  return g_test_run ();
}
