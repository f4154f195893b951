-- Append an entry and cut the stream to a length, unread entries included, counting what each group lost by it.
-- KEYS  1 stream, 2 lost counts    ARGV  1 length, then fields    Reply: {entry ID, entries lost, over all groups}
local id = redis.call('XADD', KEYS[1], '*', unpack(ARGV, 2))
local excess = redis.call('XLEN', KEYS[1]) - tonumber(ARGV[1])
local lost = 0
if excess > 0 then
  local doomed = redis.call('XRANGE', KEYS[1], '-', '+', 'COUNT', excess)
  local function after(one, other)
    local a, b = {string.match(one, '^(%d+)-(%d+)$')}, {string.match(other, '^(%d+)-(%d+)$')}
    for part = 1, 2 do
      if #a[part] ~= #b[part] then return #a[part] > #b[part] end
      if a[part] ~= b[part] then return a[part] > b[part] end
    end
    return false
  end
  for _, info in ipairs(redis.call('XINFO', 'GROUPS', KEYS[1])) do
    local fields = {}
    for position = 1, #info, 2 do fields[info[position]] = info[position + 1] end
    local count = 0
    for _, entry in ipairs(doomed) do
      if after(entry[1], fields['last-delivered-id']) then
        count = count + 1
      elseif #redis.call('XPENDING', KEYS[1], fields['name'], entry[1], entry[1], 1) == 1 then
        count = count + 1
      end
    end
    if count > 0 then
      redis.call('HINCRBY', KEYS[2], fields['name'], count)
      lost = lost + count
    end
  end
  redis.call('XTRIM', KEYS[1], 'MAXLEN', ARGV[1])
end
return {id, lost}
