/* SPDX-License-Identifier: Apache-2.0 */
/* What `[redis]` says, checked and ready for use. */
#pragma once

#include "redis-address.h"

G_BEGIN_DECLS

/**
 * RedisSettings:
 * @address: of the server; in front of Sentinel only its account, database and encryption count
 * @service: `[service] name`
 * @instance: id of this instance; of the host until it is known
 * @user: (nullable): account
 * @password: (nullable): its password
 * @database: number of the database
 * @prefix: of the keys and channels
 * @retry_key: the retry schedule
 * @retry_bound: most messages in it
 * @master: (nullable): name of the master that Sentinel knows; %NULL: no Sentinel
 * @sentinels: (element-type RedisAddress): who to ask
 * @sentinel_password: (nullable): theirs
 * @trusted: (nullable): authorities of the servers' certificates; %NULL: the system's
 * @certificate: (nullable): to show to the server
 * @connect_timeout: for connecting and greeting, microseconds
 * @command_timeout: for an answer, microseconds
 * @open_timeout: after which a start goes on without the server, microseconds
 * @output_limit: most bytes of commands that are not answered yet
 * @message_limit: largest answer or message, bytes
 */
typedef struct {
  RedisAddress *address;
  char *service;
  char *instance;
  char *user;
  char *password;
  int database;
  char *prefix;
  char *retry_key;
  guint retry_bound;
  char *master;
  GPtrArray *sentinels;
  char *sentinel_password;
  GTlsDatabase *trusted;
  GTlsCertificate *certificate;
  gint64 connect_timeout;
  gint64 command_timeout;
  gint64 open_timeout;
  gsize output_limit;
  gsize message_limit;
} RedisSettings;

extern const AnnotOption redis_options[];

/* Returns: (transfer full) (nullable): NULL with ANNOT_ERROR_CONFIG */
RedisSettings *redis_settings_load (AnnotConfig *config, GError **error);
void redis_settings_free (RedisSettings *self);
/* Returns: (transfer full): `<service>-<instance>`, as CLIENT SETNAME takes it */
char *redis_settings_client_name (const RedisSettings *self);
/* Returns: (transfer full): the key with the prefix before it, unless it is one that other programs know */
char *redis_settings_key (const RedisSettings *self, const char *key);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (RedisSettings, redis_settings_free)

G_END_DECLS
