#!lua
-- Append events and cut the stream to a length, unread entries included, counting what each group lost by it.
-- KEYS  1 stream, 2 lost counts
-- ARGV  1 length, 2 number of shapes (what many events have in common), per shape: number of fields, their names; then
--       per event: its shape, the values    Reply: {entry IDs, entries lost over all groups}
local stream, most = KEYS[1], tonumber(ARGV[1])
local shapes, at, ids = {}, 3, {}
for shape = 1, tonumber(ARGV[2]) do
  local length, strings = tonumber(ARGV[at]), {}
  for field = 1, length do strings[2 * field - 1], strings[2 * field] = ARGV[at + field], '' end
  shapes[tostring(shape)] = {length = length, strings = strings}
  at = at + 1 + length
end
local total = #ARGV
while at <= total do
  local shape = shapes[ARGV[at]]
  for field = 1, shape.length do shape.strings[2 * field] = ARGV[at + field] end
  ids[#ids + 1] = redis.call('XADD', stream, '*', unpack(shape.strings))
  at = at + 1 + shape.length
end

local function after(one, other)
  local a, b = {string.match(one, '^(%d+)-(%d+)$')}, {string.match(other, '^(%d+)-(%d+)$')}
  for part = 1, 2 do
    if #a[part] ~= #b[part] then return #a[part] > #b[part] end
    if a[part] ~= b[part] then return a[part] > b[part] end
  end
  return false
end

local excess, lost = redis.call('XLEN', stream) - most, 0
if excess > 0 then
  local doomed = redis.call('XRANGE', stream, '-', '+', 'COUNT', excess)
  for _, info in ipairs(redis.call('XINFO', 'GROUPS', stream)) do
    local fields = {}
    for position = 1, #info, 2 do fields[info[position]] = info[position + 1] end
    local count = 0
    for _, entry in ipairs(doomed) do
      -- Lost to a group is what it has not read, and what it read and has not acknowledged.
      if after(entry[1], fields['last-delivered-id'])
        or #redis.call('XPENDING', stream, fields['name'], entry[1], entry[1], 1) == 1 then
        count = count + 1
      end
    end
    if count > 0 then
      redis.call('HINCRBY', KEYS[2], fields['name'], count)
      lost = lost + count
    end
  end
  redis.call('XTRIM', stream, 'MAXLEN', most)
end
return {ids, lost}
