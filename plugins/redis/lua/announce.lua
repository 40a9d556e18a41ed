-- SPDX-License-Identifier: Apache-2.0
-- Registers an instance, or refreshes its numbers. KEYS: index of deadlines, the instance, total.
-- ARGV: id, seconds until the deadline, prefix of all instances' keys, then field and value by turns.
local at = now ()
local deadline = at + ARGV[2] * 1000000
redis.call ('DEL', KEYS[2])
redis.call ('HSET', KEYS[2], 'deadline', whole (deadline), unpack (ARGV, 4))
redis.call ('PEXPIRE', KEYS[2], ARGV[2] * 1000)
redis.call ('ZADD', KEYS[1], whole (deadline), ARGV[1])
recount (KEYS[1], ARGV[3], KEYS[3], at)
return 1
