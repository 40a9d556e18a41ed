-- SPDX-License-Identifier: Apache-2.0
-- Removes a message, taken or not. KEYS: schedule, what is being processed. ARGV: id.
redis.call ('ZREM', KEYS[1], ARGV[1])
redis.call ('ZREM', KEYS[2], ARGV[1])
return 1
