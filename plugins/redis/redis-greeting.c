/* SPDX-License-Identifier: Apache-2.0 */
/* What comes before everything else on a connection: account, name, database, and which server this is. */
#include "redis-connection.h"

#include <string.h>

static void
send_words (RedisConnection *self, guint count, const char *const *words, RedisReplyFunc handler)
{
  g_autoptr (GError) error = NULL;

  if (!redis_connection_send (self, count, words, NULL, handler, self, &error))
    redis_connection_fail (self, error);
}

/* The first refusal ends it: what comes after it would only blur the reason. */
static void
on_required (const redisReply *reply, const GError *error, gpointer user_data)
{
  g_autoptr (GError) refused = NULL;

  if (reply && !redis_reply_check (reply, &refused))
    redis_connection_fail (user_data, refused);
}

static void
on_account (const redisReply *reply, const GError *error, gpointer user_data)
{
  g_autoptr (GError) refused = NULL;

  if (reply && !redis_reply_check_account (reply, &refused))
    redis_connection_fail (user_data, refused);
}

/* An account that may only do what is needed has no right to a name of its own. */
static void
on_named (const redisReply *reply, const GError *error, gpointer user_data)
{
  if (reply && !redis_reply_is_error (reply, "NOPERM"))
    on_required (reply, error, user_data);
}

/* Nor to ask for the role: then the first write tells. */
static void
on_role (const redisReply *reply, const GError *error, gpointer user_data)
{
  RedisConnection *self = user_data;
  g_autofree char *where = NULL;
  g_autoptr (GError) wrong = NULL;

  if (!reply || redis_reply_is_error (reply, "NOPERM") || redis_reply_element_is (reply, 0, "master"))
    return;
  if (reply->type == REDIS_REPLY_ERROR) {
    on_required (reply, error, user_data);
    return;
  }
  where = redis_address_describe (redis_connection_get_address (self));
  wrong
      = g_error_new (ANNOT_ERROR, ANNOT_ERROR_TEMPORARY,
                     "redis: %s is a read-only replica: name the master in [redis] url, or set sentinel-master", where);
  redis_connection_fail (self, wrong);
}

/* Nor to ask who answers: then two connections are compared by their addresses. */
static void
on_info (const redisReply *reply, const GError *error, gpointer user_data)
{
  static const char label[] = "run_id:";
  const char *id = reply && reply->type == REDIS_REPLY_STRING ? strstr (reply->str, label) : NULL;
  g_autofree char *word = NULL;

  if (!id)
    return;
  id += strlen (label);
  word = g_strndup (id, strcspn (id, "\r\n"));
  redis_connection_set_server_id (user_data, word);
}

/* Refused while the server still reads its data, when it wants a password, and when it is of no use otherwise. */
static void
on_pong (const redisReply *reply, const GError *error, gpointer user_data)
{
  RedisConnection *self = user_data;

  on_required (reply, error, user_data);
  if (reply)
    redis_connection_set_ready (self);
}

static void
send_account (RedisConnection *self, const char *user, const char *password)
{
  const char *words[] = { "AUTH", user ? user : password, password };

  if (password)
    send_words (self, user ? 3 : 2, words, on_account);
}

void
redis_connection_greet (RedisConnection *self)
{
  static const char *const role[] = { "ROLE" };
  static const char *const info[] = { "INFO", "server" };
  static const char *const ping[] = { "PING" };
  const RedisSettings *settings = redis_connection_get_settings (self);
  g_autofree char *client = redis_settings_client_name (settings);
  g_autofree char *database = g_strdup_printf ("%d", settings->database);
  const char *name[] = { "CLIENT", "SETNAME", client };
  const char *choice[] = { "SELECT", database };
  gboolean is_sentinel = redis_connection_get_kind (self) == REDIS_CONNECTION_SENTINEL;

  if (is_sentinel)
    send_account (self, NULL, settings->sentinel_password);
  else
    send_account (self, settings->user, settings->password);
  send_words (self, G_N_ELEMENTS (name), name, on_named);
  if (!is_sentinel && settings->database != 0)
    send_words (self, G_N_ELEMENTS (choice), choice, on_required);
  if (!is_sentinel) {
    send_words (self, G_N_ELEMENTS (role), role, on_role);
    send_words (self, G_N_ELEMENTS (info), info, on_info);
  }
  send_words (self, G_N_ELEMENTS (ping), ping, on_pong);
}
