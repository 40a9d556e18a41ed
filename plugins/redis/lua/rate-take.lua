-- SPDX-License-Identifier: Apache-2.0
-- Takes from a bucket by the generic cell rate algorithm, in its virtual-scheduling form (ITU-T I.371): the bucket is
-- one number, the time at which it will be full again. KEYS: the bucket. ARGV: burst, microseconds in which all of it
-- is refilled, how many to take. Answers: allowed, remaining, microseconds to retry after, microseconds to reset.
local at = now ()
local burst, period, count = tonumber (ARGV[1]), tonumber (ARGV[2]), tonumber (ARGV[3])
local cost = math.floor (period / burst * count)
-- It can never be further ahead than empty, whatever the clock has done since.
local full = math.min (math.max (tonumber (redis.call ('GET', KEYS[1]) or at), at), at + period)
local ahead = full - at + cost
local allowed = ahead <= period
if allowed and count > 0 then
  full = at + ahead
  redis.call ('SET', KEYS[1], whole (full), 'PX', math.max (math.ceil ((full - at) / 1000), 1))
end
-- More than the burst never fits; then say when as much as fits would.
if count > burst then
  ahead = full - at + period
end
local reset = full - at
local remaining = math.floor (math.max (period - reset, 0) * burst / math.max (period, 1))
return { allowed and 1 or 0, remaining, allowed and 0 or math.max (ahead - period, 1), reset }
