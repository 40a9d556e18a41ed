/* SPDX-License-Identifier: Apache-2.0 */
/* The state that all instances share, in a Redis server. */
#pragma once

#include "redis-command.h"
#include "redis-subscriber.h"

G_BEGIN_DECLS

#define REDIS_TYPE_STATE (redis_state_get_type ())
G_DECLARE_FINAL_TYPE (RedisState, redis_state, REDIS, STATE, AnnotState)

/* Inside the plugin */

struct _RedisState {
  AnnotState parent_instance;

  RedisSettings *settings;
  RedisScripts *scripts;
  RedisLink *commands;         /* set while open, or being opened */
  RedisSubscriber *subscriber; /* with it */
  GTask *opening;
  GSource *cancelled; /* of the opening */
  GSource *patience;  /* likewise */
  gint64 told_at[2];  /* when a failure was last logged; by whether it was a transient one */
  gboolean told;      /* that it is away */
  gint64 well_since;  /* when both connections were last heard again; 0: they are not */
};

/* redis-open.c */
void redis_state_open (AnnotState *state, GTask *task);
void redis_state_close (AnnotState *state, GTask *task);
/* Ends both connections. */
void redis_state_stop (RedisState *self);

/* redis-health.c */
void redis_state_health (AnnotState *state, GTask *task);

/* redis-presence.c */
void redis_state_announce (AnnotState *state, const AnnotInstance *instance, guint deadline_seconds, GTask *task);
void redis_state_withdraw (AnnotState *state, const char *instance_id, GTask *task);
void redis_state_list_instances (AnnotState *state, GTask *task);

/* redis-retry.c */
void redis_state_add_retry (AnnotState *state, const char *id, gint64 due_at, GTask *task);
void redis_state_take_retries (AnnotState *state, guint limit, guint visibility_seconds, GTask *task);
void redis_state_confirm_retry (AnnotState *state, const char *id, GTask *task);

/* redis-rate.c */
void redis_state_take_rate (AnnotState *state, const char *key, AnnotRate rate, guint count, GTask *task);
void redis_state_revoke (AnnotState *state, const char *jti, gint64 until, GTask *task);

/* What the methods share. words: (transfer full), keys first. task: (transfer full) */
void redis_state_run (RedisState *self, RedisScriptId script, guint keys, GStrv words, RedisAnswer answer, GTask *task);
/* Returns: (transfer full): the key of one thing: prefix, kind, id */
char *redis_state_key (RedisState *self, const char *kind, const char *id);

G_END_DECLS
