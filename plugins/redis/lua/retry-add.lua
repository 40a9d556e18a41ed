-- SPDX-License-Identifier: Apache-2.0
-- Schedules a message, or reschedules it. KEYS: schedule, what is being processed.
-- ARGV: id, microseconds from now, most messages in the schedule. Answers 0 when it is full.
local known = redis.call ('ZSCORE', KEYS[1], ARGV[1]) or redis.call ('ZSCORE', KEYS[2], ARGV[1])
if not known and redis.call ('ZCARD', KEYS[1]) + redis.call ('ZCARD', KEYS[2]) >= tonumber (ARGV[3]) then
  return 0
end
redis.call ('ZREM', KEYS[2], ARGV[1])
redis.call ('ZADD', KEYS[1], string.format ('%.6f', (now () + ARGV[2]) / 1000000), ARGV[1])
return 1
