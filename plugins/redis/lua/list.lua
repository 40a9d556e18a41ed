-- SPDX-License-Identifier: Apache-2.0
-- The living instances. KEYS: index of deadlines. ARGV: prefix of all instances' keys.
-- Answers a row for each: id, host, version, started_at, connections, partitions.
local rows = {}
for _, id in ipairs (redis.call ('ZRANGEBYSCORE', KEYS[1], '(' .. whole (now ()), '+inf')) do
  local fields =
    redis.call ('HMGET', ARGV[1] .. id, 'host', 'version', 'started_at', 'connections', 'partitions')
  -- Evicted or removed by hand: it is back with its next announce.
  if fields[3] then
    table.insert (fields, 1, id)
    table.insert (rows, fields)
  end
end
return rows
