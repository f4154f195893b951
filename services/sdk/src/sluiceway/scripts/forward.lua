#!lua flags=allow-oom
-- Append the outputs of settled events in one step, where the commit itself cannot reach their stream.
-- KEYS  1 stream    ARGV  per event: number of strings, the strings (field, value, …)    Reply: entry IDs
-- allow-oom: a full server must be able to drain. Otherwise the same as publish.lua.
local reply, at = {}, 1
while at <= #ARGV do
  local length = tonumber(ARGV[at])
  reply[#reply + 1] = redis.call('XADD', KEYS[1], '*', unpack(ARGV, at + 1, at + length))
  at = at + 1 + length
end
return reply
