#!lua flags=allow-oom
-- Remove old entries that no group needs: never at or above the floor, the lowest entry any group has not settled.
-- KEYS  1 stream    ARGV  1 entries to keep, 2 most entries to look at, then groups that must exist
-- Reply: {removed, floor ('' = trimming is pinned), more to do (0/1), why it is pinned}
local stream, keep, most = KEYS[1], tonumber(ARGV[1]), tonumber(ARGV[2])
if redis.call('EXISTS', stream) == 0 then return {0, '', 0, 'no stream'} end
local groups = redis.call('XINFO', 'GROUPS', stream)
local present, floor = {}, nil
local function before(one, other)
  local a, b = {string.match(one, '^(%d+)-(%d+)$')}, {string.match(other, '^(%d+)-(%d+)$')}
  for part = 1, 2 do
    if #a[part] ~= #b[part] then return #a[part] < #b[part] end
    if a[part] ~= b[part] then return a[part] < b[part] end
  end
  return false
end
for _, info in ipairs(groups) do
  local fields = {}
  for position = 1, #info, 2 do fields[info[position]] = info[position + 1] end
  present[fields['name']] = true
  local first = redis.call('XPENDING', stream, fields['name'], '-', '+', 1)
  -- With nothing pending all up to the last delivered entry is settled; that entry itself may stay.
  local needed = #first == 1 and first[1][1] or fields['last-delivered-id']
  if not floor or before(needed, floor) then floor = needed end
end
for index = 3, #ARGV do
  if not present[ARGV[index]] then return {0, '', 0, 'group ' .. ARGV[index] .. ' is missing'} end
end
if not floor then return {0, '', 0, 'no group'} end
if floor == '0-0' then return {0, floor, 0, ''} end
local excess = redis.call('XLEN', stream) - keep
if excess <= 0 then return {0, floor, 0, ''} end
local looked = math.min(excess, most)
local oldest = redis.call('XRANGE', stream, '-', '(' .. floor, 'COUNT', looked + 1)
if #oldest == 0 then return {0, floor, 0, ''} end
local threshold = floor
if #oldest > looked then threshold = oldest[looked + 1][1] end
local removed = redis.call('XTRIM', stream, 'MINID', threshold)
return {removed, floor, excess > removed and removed == most and 1 or 0, ''}
