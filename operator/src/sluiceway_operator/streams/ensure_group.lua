#!lua flags=allow-oom
-- Makes a group that is missing, and says how it was. The policy for a lost group is written for the SDK to read.
-- KEYS: stream, state of the group, its retry records. ARGV: group, where a new one starts (earliest|latest), policy for
--   a lost one (resume|earliest|latest|fail), 1 if the caller has seen the group: then it was lost, even if no record of
--   it survived.
-- Replies {exists|created|repaired|refused, ID after which the group starts}.
local stream, state, group, policy = KEYS[1], KEYS[2], ARGV[1], ARGV[3]
if redis.call('HGET', state, 'policy') ~= policy then
  redis.call('HSET', state, 'policy', policy)
end

local last, first, whole = nil, '0-0', true
local kind = redis.call('TYPE', stream).ok
if kind == 'stream' then
  for _, info in ipairs(redis.call('XINFO', 'GROUPS', stream)) do
    if info[2] == group then
      return { 'exists', '' }
    end
  end
  local about, fields = redis.call('XINFO', 'STREAM', stream), {}
  for at = 1, #about, 2 do
    fields[about[at]] = about[at + 1]
  end
  last = fields['last-generated-id']
  first = fields['first-entry'] and fields['first-entry'][1] or first
  whole = fields['entries-added'] == fields['length']
end

-- Numbers of 20 digits do not fit Lua's, so IDs are compared as texts, the longer being the greater.
local function greater(one, other)
  for part in ('12'):gmatch('.') do
    local a = select(tonumber(part), one:match('^(%d+)-(%d+)$'))
    local b = select(tonumber(part), other:match('^(%d+)-(%d+)$'))
    if #a ~= #b then
      return #a > #b
    end
    if a ~= b then
      return a > b
    end
  end
  return false
end

local lost = ARGV[4] == '1' or redis.call('HEXISTS', state, 'created') == 1
local start = '0-0'
if not lost then
  start = ARGV[2] == 'latest' and last or start
elseif policy == 'fail' then
  return { 'refused', '' }
elseif policy == 'latest' then
  start = last or start
elseif policy == 'resume' then
  local low, was_first = redis.call('HGET', state, 'low'), redis.call('HGET', state, 'first')
  -- The watermark of an earlier stream of this name would skip entries. It may be ahead of this one; else the first
  -- entry tells, which only ever moves on, and not at all while nothing is removed.
  local outlived = low and last and greater(low, last)
  if was_first and first ~= was_first then
    outlived = outlived or whole or (first ~= '0-0' and greater(was_first, first))
  end
  if low and last and not outlived then
    start = low
  end
end
redis.call('XGROUP', 'CREATE', stream, group, start, 'MKSTREAM')
redis.call('HSET', state, 'created', '1', 'low', start, 'first', first)
redis.call('DEL', KEYS[3])
return { lost and 'repaired' or 'created', start }
