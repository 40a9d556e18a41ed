-- SPDX-License-Identifier: Apache-2.0
-- Microseconds since 1970 by the server's clock: a whole number, exact in a double for two centuries more.
local function now ()
  local time = redis.call ('TIME')
  return time[1] * 1000000 + time[2]
end

-- A whole number as text: the default format of Lua rounds.
local function whole (number)
  return string.format ('%.0f', number)
end
