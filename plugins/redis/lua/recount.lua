-- SPDX-License-Identifier: Apache-2.0
-- Forgets the instances whose deadline has passed, and writes the total of what the living serve. The total has the
-- latest deadline: when all have died nobody is left to correct it.
local function recount (index, prefix, count, at)
  redis.call ('ZREMRANGEBYSCORE', index, '-inf', whole (at))
  local living = redis.call ('ZRANGE', index, 0, -1, 'WITHSCORES')
  local total = 0
  for i = 1, #living, 2 do
    total = total + tonumber (redis.call ('HGET', prefix .. living[i], 'connections') or 0)
  end
  if #living == 0 then
    redis.call ('SET', count, 0)
  else
    local left = math.ceil ((living[#living] - at) / 1000)
    redis.call ('SET', count, whole (total), 'PX', math.max (left, 1))
  end
end
