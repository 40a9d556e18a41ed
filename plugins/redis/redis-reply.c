/* SPDX-License-Identifier: Apache-2.0 */
/* Reads replies, and says what an error reply means to the caller. */
#include "redis-reply.h"

#include <string.h>

/* The first word of an error reply, and what to make of it. */
typedef struct {
  const char *word;
  AnnotError code;
  const char *remedy;
} Meaning;

#define CREDENTIALS "check [redis] url, username and password-file; for sentinels, sentinel-password-file"
#define RIGHTS "give the account the commands and the keys that docs/contracts.md lists"
#define CLUSTER "Redis Cluster is not supported: name a server of its own, or one that Sentinel watches"

static const Meaning meanings[] = {
  { "NOAUTH", ANNOT_ERROR_AUTH, "the server wants a password: " CREDENTIALS },
  { "WRONGPASS", ANNOT_ERROR_AUTH, CREDENTIALS },
  { "NOPERM", ANNOT_ERROR_AUTH, RIGHTS },
  { "DENIED", ANNOT_ERROR_AUTH, "the server is in protected mode: set a password there, or its bind address" },
  { "LOADING", ANNOT_ERROR_TEMPORARY, "it reads its data and is asked again" },
  { "READONLY", ANNOT_ERROR_TEMPORARY, "this is a replica: name the master in [redis] url, or set sentinel-master" },
  { "MASTERDOWN", ANNOT_ERROR_TEMPORARY, "this is a replica without its master" },
  { "NOREPLICAS", ANNOT_ERROR_TEMPORARY, "the server waits for its replicas (min-replicas-to-write)" },
  { "MISCONF", ANNOT_ERROR_NO_SPACE, "the server cannot write its snapshot: look at its log and its disk" },
  { "OOM", ANNOT_ERROR_NO_SPACE, "raise maxmemory of the server, or let it evict keys" },
  { "BUSY", ANNOT_ERROR_TEMPORARY, "the server runs a script of somebody else: SCRIPT KILL ends it" },
  { "TRYAGAIN", ANNOT_ERROR_TEMPORARY, NULL },
  { "MOVED", ANNOT_ERROR_CONFIG, CLUSTER },
  { "ASK", ANNOT_ERROR_CONFIG, CLUSTER },
  { "CROSSSLOT", ANNOT_ERROR_CONFIG, CLUSTER },
  { "CLUSTERDOWN", ANNOT_ERROR_CONFIG, CLUSTER },
  { "WRONGTYPE", ANNOT_ERROR_PERMANENT, "a key is somebody else's: set [redis] prefix or retry-queue-key" },
  { NULL },
};

/* Errors without a word of their own. */
static const Meaning phrases[] = {
  { "max number of clients reached", ANNOT_ERROR_TEMPORARY, "raise maxclients of the server" },
  { "invalid password", ANNOT_ERROR_AUTH, CREDENTIALS },
  { "without any password configured", ANNOT_ERROR_AUTH, "the server has no password: remove [redis] password" },
  { "no password is set", ANNOT_ERROR_AUTH, "the server has no password: remove [redis] password" },
  { "user executing the script", ANNOT_ERROR_AUTH, RIGHTS },
  { "DB index is out of range", ANNOT_ERROR_CONFIG, "[redis] database is more than the server has" },
  { "SELECT is not allowed in cluster mode", ANNOT_ERROR_CONFIG, CLUSTER },
  { "unknown command", ANNOT_ERROR_CONFIG, "Redis 6.0 or newer is needed, with its commands under their own names" },
  { NULL },
};

static gboolean
has_word (const char *text, const char *word)
{
  gsize length = strlen (word);

  return strncmp (text, word, length) == 0 && (text[length] == ' ' || text[length] == '\0');
}

/* What a command inside a script answered: Redis 6 puts it behind words of its own ("… @user_script: 3: -OOM …"). */
static const char *
skip_script (const char *text)
{
  const char *inner = g_str_has_prefix (text, "ERR Error running script") ? strstr (text, ": -") : NULL;

  return inner ? inner + strlen (": -") : text;
}

static const Meaning *
find_meaning (const char *text)
{
  for (const Meaning *meaning = meanings; meaning->word; meaning++) {
    if (has_word (text, meaning->word))
      return meaning;
  }
  for (const Meaning *phrase = phrases; phrase->word; phrase++) {
    if (strstr (text, phrase->word))
      return phrase;
  }
  return NULL;
}

/* Returns: (transfer full): what the server says, without the arguments of a command that it does not know */
static char *
read_text (const char *text, gsize length)
{
  char *copy = g_utf8_make_valid (text, (gssize) MIN (length, 500));
  char *arguments = strstr (copy, ", with args");

  if (arguments)
    *arguments = '\0';
  return copy;
}

GError *
redis_reply_error_from_text (const char *text, gsize length)
{
  g_autofree char *copy = read_text (text, length);
  const char *inner = skip_script (copy);
  const Meaning *meaning = find_meaning (inner);

  if (!meaning)
    return g_error_new (ANNOT_ERROR, ANNOT_ERROR_PERMANENT, "redis: %s", inner);
  if (!meaning->remedy)
    return g_error_new (ANNOT_ERROR, (int) meaning->code, "redis: %s", inner);
  return g_error_new (ANNOT_ERROR, (int) meaning->code, "redis: %s (%s)", inner, meaning->remedy);
}

gboolean
redis_reply_check (const redisReply *reply, GError **error)
{
  if (reply->type != REDIS_REPLY_ERROR)
    return TRUE;
  g_propagate_error (error, redis_reply_error_from_text (reply->str, (gsize) reply->len));
  return FALSE;
}

gboolean
redis_reply_check_account (const redisReply *reply, GError **error)
{
  static const Meaning unknown
      = { "the reason is not shown, as it may repeat the password", ANNOT_ERROR_AUTH, CREDENTIALS };
  const Meaning *meaning = NULL;

  if (reply->type != REDIS_REPLY_ERROR)
    return TRUE;
  meaning = find_meaning (reply->str);
  if (!meaning || !meaning->remedy)
    meaning = &unknown;
  g_set_error (error, ANNOT_ERROR, (int) meaning->code, "redis: AUTH was refused: %s (%s)", meaning->word,
               meaning->remedy);
  return FALSE;
}

gboolean
redis_reply_is_error (const redisReply *reply, const char *word)
{
  return reply->type == REDIS_REPLY_ERROR && has_word (skip_script (reply->str), word);
}

gboolean
redis_reply_is_read_only (const redisReply *reply)
{
  return redis_reply_is_error (reply, "READONLY") || redis_reply_is_error (reply, "MASTERDOWN");
}

const redisReply *
redis_reply_element (const redisReply *reply, gsize index)
{
  return reply->type == REDIS_REPLY_ARRAY && index < (gsize) reply->elements ? reply->element[index] : NULL;
}

static gboolean
is_text (const redisReply *reply)
{
  return reply && (reply->type == REDIS_REPLY_STRING || reply->type == REDIS_REPLY_STATUS);
}

gboolean
redis_reply_element_is (const redisReply *reply, gsize index, const char *text)
{
  const redisReply *element = redis_reply_element (reply, index);

  return is_text (element) && g_ascii_strcasecmp (element->str, text) == 0;
}

char *
redis_reply_text (const redisReply *reply, gsize index)
{
  const redisReply *element = redis_reply_element (reply, index);

  if (!is_text (element) || !g_utf8_validate (element->str, (gssize) element->len, NULL))
    return NULL;
  return g_strndup (element->str, (gsize) element->len);
}

gint64
redis_reply_number (const redisReply *reply, gsize index)
{
  const redisReply *element = redis_reply_element (reply, index);
  gint64 number = 0;

  if (element && element->type == REDIS_REPLY_INTEGER)
    return element->integer;
  if (!is_text (element) || !g_ascii_string_to_signed (element->str, 10, G_MININT64, G_MAXINT64, &number, NULL))
    return 0;
  return number;
}

GError *
redis_reply_unexpected (const char *what)
{
  return g_error_new (ANNOT_ERROR, ANNOT_ERROR_TEMPORARY, "redis: %s was answered as no Redis does", what);
}
