/* SPDX-License-Identifier: Apache-2.0 */
/* The names of what is kept in Redis; `[redis] prefix` stands before all but the first two. */
#pragma once

/* Known to other programs, and never moved: the WebSockets of all instances, and the channel of new examples. */
#define REDIS_KEY_TOTAL "websocket:connection_count"
#define REDIS_CHANNEL_NEW_EXAMPLE "websocket:new_example"

#define REDIS_KEY_INSTANCES "annotation:instances" /* sorted set of ids by deadline, microseconds */
#define REDIS_KEY_INSTANCE "annotation:instance:"  /* hash of one instance */
#define REDIS_KEY_RATE "annotation:ratelimit:"
#define REDIS_KEY_REVOKED "annotation:revoked:"
#define REDIS_KEY_HEALTH "annotation:health"
#define REDIS_PROCESSING_SUFFIX ":processing"
