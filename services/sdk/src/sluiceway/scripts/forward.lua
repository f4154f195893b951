#!lua flags=allow-oom
-- Append the outputs of settled events in one step, where the commit itself cannot reach their stream.
-- KEYS  1 stream
-- ARGV  1 number of shapes (what many events have in common), per shape: number of fields, their names; then per event:
--       its shape, the values    Reply: entry IDs
-- allow-oom: a full server must be able to drain. Otherwise the same as publish.lua.
local shapes, at, reply = {}, 2, {}
for shape = 1, tonumber(ARGV[1]) do
  local length, strings = tonumber(ARGV[at]), {}
  for field = 1, length do strings[2 * field - 1], strings[2 * field] = ARGV[at + field], '' end
  shapes[tostring(shape)] = {length = length, strings = strings}
  at = at + 1 + length
end
local total = #ARGV
while at <= total do
  local shape = shapes[ARGV[at]]
  for field = 1, shape.length do shape.strings[2 * field] = ARGV[at + field] end
  reply[#reply + 1] = redis.call('XADD', KEYS[1], '*', unpack(shape.strings))
  at = at + 1 + shape.length
end
return reply
