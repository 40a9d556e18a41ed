/* SPDX-License-Identifier: Apache-2.0 */
/* A call of the core as one command or script: sends it, and answers the task from the reply. */
#pragma once

#include "redis-link.h"
#include "redis-scripts.h"

G_BEGIN_DECLS

/* Answers the task, which is not its to release, from a reply that is not an error. */
typedef void (*RedisAnswer) (GTask *task, const redisReply *reply);

/* Answers TRUE. */
void redis_answer_done (GTask *task, const redisReply *reply);

/**
 * redis_command_run:
 * @link: by which
 * @task: (transfer full): answered once
 * @answer: makes the answer from the reply
 * @count: number of words
 * @words: (array length=count): the command
 * @sizes: (array length=count) (nullable): bytes of the words; %NULL: they are strings
 *
 * Sends a command. A server that has become a replica is given up for the master.
 */
void redis_command_run (RedisLink *link, GTask *task, RedisAnswer answer, guint count, const char *const *words,
                        const gsize *sizes);

/**
 * redis_command_run_script:
 * @link: by which
 * @task: (transfer full): answered once
 * @answer: makes the answer from the reply
 * @script: (transfer none): what to run; outlives @link
 * @keys: how many of the words are keys
 * @words: (array zero-terminated=1) (transfer full): the keys, then the arguments
 *
 * Runs a script by its digest, and by its text when the server has not got it (any more).
 */
void redis_command_run_script (RedisLink *link, GTask *task, RedisAnswer answer, const RedisScript *script, guint keys,
                               GStrv words);

G_END_DECLS
