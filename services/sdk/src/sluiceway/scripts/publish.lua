#!lua
-- Append events in one step: all of them, or none.
-- KEYS  1 stream
-- ARGV  1 number of shapes (what many events have in common), per shape: number of fields, their names; then per event:
--       its shape, the values    Reply: entry IDs
-- No flags: a full server refuses it before the first event. All events go to one key, so whatever refuses one of
-- them (wrong type, missing right) refuses the first.
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
