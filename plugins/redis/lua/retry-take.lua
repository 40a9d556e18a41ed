-- SPDX-License-Identifier: Apache-2.0
-- Takes what is due. KEYS: schedule, what is being processed. ARGV: most messages, microseconds until what is taken and
-- not confirmed is due again. Answers a row for each: id, for how many microseconds it has been due.
local at = now ()
local upto = string.format ('%.6f', at / 1000000)
local lost = redis.call ('ZRANGEBYSCORE', KEYS[2], '-inf', upto, 'WITHSCORES', 'LIMIT', 0, ARGV[1])
for i = 1, #lost, 2 do
  redis.call ('ZREM', KEYS[2], lost[i])
  redis.call ('ZADD', KEYS[1], lost[i + 1], lost[i])
end
local due = redis.call ('ZRANGEBYSCORE', KEYS[1], '-inf', upto, 'WITHSCORES', 'LIMIT', 0, ARGV[1])
local visible = string.format ('%.6f', (at + ARGV[2]) / 1000000)
local rows = {}
for i = 1, #due, 2 do
  redis.call ('ZREM', KEYS[1], due[i])
  redis.call ('ZADD', KEYS[2], visible, due[i])
  table.insert (rows, { due[i], whole (at - due[i + 1] * 1000000) })
end
return rows
