/* SPDX-License-Identifier: Apache-2.0 */
/* The scripts that the server runs for us, each all or nothing. */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef enum {
  REDIS_SCRIPT_ANNOUNCE,
  REDIS_SCRIPT_WITHDRAW,
  REDIS_SCRIPT_LIST,
  REDIS_SCRIPT_RETRY_ADD,
  REDIS_SCRIPT_RETRY_TAKE,
  REDIS_SCRIPT_RETRY_CONFIRM,
  REDIS_SCRIPT_RATE_TAKE,
  REDIS_SCRIPT_COUNT,
} RedisScriptId;

/**
 * RedisScript:
 * @text: for EVAL, when the server does not know it
 * @digest: SHA-1 of the text in hexadecimal, for EVALSHA
 */
typedef struct {
  char *text;
  char *digest;
} RedisScript;

typedef struct RedisScripts RedisScripts;

/* Returns: (transfer full): all of them, from the module's resources */
RedisScripts *redis_scripts_new (void);
const RedisScript *redis_scripts_get (const RedisScripts *self, RedisScriptId id);
void redis_scripts_free (RedisScripts *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (RedisScripts, redis_scripts_free)

G_END_DECLS
