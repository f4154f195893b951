#!lua flags=allow-oom
-- Removes old entries. The floor, the oldest entry that any group still needs, is found here and now from the groups as
-- they are: one that was made a moment ago counts.
-- KEYS: stream.
-- ARGV: entries to keep (-1: no matter how many), milliseconds up to which entries are kept (-1: no matter how old),
--   hard cap of the length (0: none), most entries to remove, milliseconds after which a group that nobody reads holds
--   nothing older any more (0: never), number of groups that must exist, which are always waited for, their names, then
--   names of groups that have had no consumer for as long.
-- Replies {removed, of these still needed, length, floor, the group that holds it, why nothing was removed, groups that
--   were not waited for since nobody reads them, groups that have no consumer}.
local stream = KEYS[1]
local keep, keep_ms, cap, most, stale_ms, declared =
  tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4]), tonumber(ARGV[5]), tonumber(ARGV[6])
if redis.call('TYPE', stream).ok ~= 'stream' then
  return { 0, 0, 0, '', '', 'NoStream', {}, {} }
end

-- Numbers of 20 digits do not fit Lua's, so IDs are compared as texts, the longer being the greater.
local function before(one, other)
  local one_ms, one_seq = one:match('^(%d+)-(%d+)$')
  local other_ms, other_seq = other:match('^(%d+)-(%d+)$')
  if one_ms ~= other_ms then
    return #one_ms < #other_ms or #one_ms == #other_ms and one_ms < other_ms
  end
  return #one_seq < #other_seq or #one_seq == #other_seq and one_seq < other_seq
end

-- The least ID after this one. A sequence number that Lua cannot count up stays as it is, which keeps an entry too many.
local function following(id)
  local ms, seq = id:match('^(%d+)-(%d+)$')
  return #seq < 16 and string.format('%s-%.0f', ms, tonumber(seq) + 1) or id
end

local required, wanted, deserted = {}, {}, {}
for at = 7, 6 + declared do
  required[ARGV[at]], wanted[ARGV[at]] = true, true
end
for at = 7 + declared, #ARGV do
  deserted[ARGV[at]] = true
end

-- The ID that an entry of so many milliseconds ago would have.
local function aged(milliseconds)
  local time = redis.call('TIME')
  return string.format('%.0f-0', tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000) - milliseconds)
end

local unread, empty = {}, {}
-- Whether nobody has read a group for too long. A group without a consumer does not tell since when it has none.
local function is_unread(group)
  if stale_ms == 0 or wanted[group] then
    return false
  end
  local consumers = redis.call('XINFO', 'CONSUMERS', stream, group)
  if #consumers == 0 then
    empty[#empty + 1] = group
    return deserted[group]
  end
  for _, info in ipairs(consumers) do
    for at = 1, #info, 2 do
      if info[at] == 'idle' and info[at + 1] < stale_ms then
        return false
      end
    end
  end
  return true
end

-- What is younger stays for such a group too: Redis 7.0 takes a consumer that waits on a silent stream for one that does
-- not read, and it gets what comes next.
local function still_needed(group, needed)
  if not is_unread(group) then
    return needed
  end
  local recent = aged(stale_ms)
  if not before(needed, recent) or #redis.call('XRANGE', stream, needed, '(' .. recent, 'COUNT', 1) == 0 then
    return needed
  end
  unread[#unread + 1] = group
  return recent
end

local floor, holder
local groups = redis.call('XINFO', 'GROUPS', stream)
for _, info in ipairs(groups) do
  local fields = {}
  for at = 1, #info, 2 do
    fields[info[at]] = info[at + 1]
  end
  required[fields.name] = nil
  local pending = fields.pending > 0 and redis.call('XPENDING', stream, fields.name)[2]
  local needed = still_needed(fields.name, pending or following(fields['last-delivered-id']))
  if not floor or before(needed, floor) then
    floor, holder = needed, fields.name
  end
end
local missing = next(required)
local why = ''
if missing then
  why, holder = 'GroupMissing', missing
elseif #groups == 0 then
  why = 'NoGroup'
end

local removed, lost = 0, 0
local length = redis.call('XLEN', stream)

-- IDs of the oldest entries, one more than may go: the last of them is the first that stays.
local function oldest(count, below)
  return redis.call('XRANGE', stream, '-', below and '(' .. below or '+', 'COUNT', count + 1)
end

if why == '' then
  local excess = keep < 0 and length or length - keep
  local may_go = math.min(excess, most)
  if may_go > 0 then
    local bound = floor
    if keep_ms >= 0 then
      local youngest = aged(keep_ms)
      if not bound or before(youngest, bound) then
        bound = youngest
      end
    end
    local entries = oldest(may_go, bound)
    if #entries > may_go then
      removed = redis.call('XTRIM', stream, 'MINID', entries[may_go + 1][1])
    elseif #entries > 0 and bound then
      removed = redis.call('XTRIM', stream, 'MINID', bound)
    elseif #entries > 0 then
      removed = redis.call('XTRIM', stream, 'MAXLEN', length - #entries)
    end
    length = length - removed
  end
end

if cap > 0 and length > cap then
  local count = math.min(length - cap, most)
  local entries = oldest(count)
  for at = 1, count do
    if why ~= 'NoGroup' and (not floor or missing or not before(entries[at][1], floor)) then
      lost = lost + 1
    end
  end
  local gone = redis.call('XTRIM', stream, 'MAXLEN', length - count)
  removed, length = removed + gone, length - gone
end
return { removed, lost, length, floor or '', holder or '', why, unread, empty }
