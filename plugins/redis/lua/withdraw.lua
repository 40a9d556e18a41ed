-- SPDX-License-Identifier: Apache-2.0
-- Takes an instance out. KEYS: index of deadlines, the instance, total. ARGV: id, prefix of all instances' keys.
redis.call ('ZREM', KEYS[1], ARGV[1])
redis.call ('DEL', KEYS[2])
recount (KEYS[1], ARGV[2], KEYS[3], now ())
return 1
