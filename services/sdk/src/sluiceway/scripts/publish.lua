#!lua
-- Append events in one step: all of them, or none.
-- KEYS  1 stream    ARGV  per event: number of strings, the strings (field, value, …)    Reply: entry IDs
-- No flags: a full server refuses it before the first event. All events go to one key, so whatever refuses one of
-- them (wrong type, missing right) refuses the first.
local reply, at = {}, 1
while at <= #ARGV do
  local length = tonumber(ARGV[at])
  reply[#reply + 1] = redis.call('XADD', KEYS[1], '*', unpack(ARGV, at + 1, at + length))
  at = at + 1 + length
end
return reply
