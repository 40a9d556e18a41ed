/* SPDX-License-Identifier: Apache-2.0 */
/* The scripts that the server runs for us, each all or nothing. */
#include "redis-scripts.h"

#include <gio/gio.h>

#define FOLDER "/annotationd/redis/lua/"
#define MOST_PARTS 4

struct RedisScripts {
  RedisScript scripts[REDIS_SCRIPT_COUNT];
};

/* The files that a script is made of: what they share comes first. */
static const char *const parts[REDIS_SCRIPT_COUNT][MOST_PARTS] = {
  [REDIS_SCRIPT_ANNOUNCE] = { "now", "recount", "announce" },
  [REDIS_SCRIPT_WITHDRAW] = { "now", "recount", "withdraw" },
  [REDIS_SCRIPT_LIST] = { "now", "list" },
  [REDIS_SCRIPT_RETRY_ADD] = { "now", "retry-add" },
  [REDIS_SCRIPT_RETRY_TAKE] = { "now", "retry-take" },
  [REDIS_SCRIPT_RETRY_CONFIRM] = { "retry-confirm" },
  [REDIS_SCRIPT_RATE_TAKE] = { "now", "rate-take" },
};

static void
append_part (GString *text, const char *name)
{
  g_autofree char *path = g_strconcat (FOLDER, name, ".lua", NULL);
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) bytes = g_resources_lookup_data (path, G_RESOURCE_LOOKUP_FLAGS_NONE, &error);
  gsize size = 0;
  const char *data = bytes ? g_bytes_get_data (bytes, &size) : NULL;

  if (!data)
    g_error ("redis: %s", error->message);
  g_string_append_len (text, data, (gssize) size);
}

RedisScripts *
redis_scripts_new (void)
{
  RedisScripts *self = g_new0 (RedisScripts, 1);

  for (guint id = 0; id < REDIS_SCRIPT_COUNT; id++) {
    GString *text = g_string_new (NULL);

    for (guint i = 0; i < MOST_PARTS && parts[id][i]; i++)
      append_part (text, parts[id][i]);
    self->scripts[id].digest = g_compute_checksum_for_string (G_CHECKSUM_SHA1, text->str, (gssize) text->len);
    self->scripts[id].text = g_string_free (text, FALSE);
  }
  return self;
}

const RedisScript *
redis_scripts_get (const RedisScripts *self, RedisScriptId id)
{
  return &self->scripts[id];
}

void
redis_scripts_free (RedisScripts *self)
{
  for (guint id = 0; id < REDIS_SCRIPT_COUNT; id++) {
    g_free (self->scripts[id].text);
    g_free (self->scripts[id].digest);
  }
  g_free (self);
}
