#!lua flags=allow-oom
-- Make sure that a group exists, starting where the stored policy says. A group that exists is never moved.
-- KEYS  1 stream, 2 group state, 3 retry records
-- ARGV  1 group, 2 start of a group that never existed (earliest|latest), 3 policy if none is stored,
--       4 the caller has seen the group (0/1): then it was lost even if no record of it survived
-- Reply: {exists|created|repaired|refused, ID the group starts after, policy}
local stream, state, group = KEYS[1], KEYS[2], ARGV[1]
redis.call('HSETNX', state, 'policy', ARGV[3])
local policy = redis.call('HGET', state, 'policy')

local last, first, whole, exists = nil, '0-0', true, false
if redis.call('EXISTS', stream) == 1 then
  local about, fields = redis.call('XINFO', 'STREAM', stream), {}
  for position = 1, #about, 2 do fields[about[position]] = about[position + 1] end
  last = fields['last-generated-id']
  first = fields['first-entry'] and fields['first-entry'][1] or first
  whole = fields['entries-added'] == fields['length']
  for _, info in ipairs(redis.call('XINFO', 'GROUPS', stream)) do
    if info[2] == group then exists = true end
  end
end

local function after(one, other)
  local a, b = {string.match(one, '^(%d+)-(%d+)$')}, {string.match(other, '^(%d+)-(%d+)$')}
  for part = 1, 2 do
    if #a[part] ~= #b[part] then return #a[part] > #b[part] end
    if a[part] ~= b[part] then return a[part] > b[part] end
  end
  return false
end

-- Is the watermark that of an earlier stream of this name? Resuming there would skip entries of this one. A stream that
-- was deleted may begin anew in the same millisecond, or earlier if a clock was set back, so the watermark's place tells
-- too little. The first entry tells more: it only ever moves on, and not at all while nothing is removed.
local low, was_first = redis.call('HGET', state, 'low'), redis.call('HGET', state, 'first')
local outlived = low and last and after(low, last)
if was_first and first ~= was_first then
  outlived = outlived or whole or (first ~= '0-0' and after(was_first, first))
end
if exists then
  -- Somebody else made it, on a stream that what we recorded says nothing about.
  if outlived then redis.call('HSET', state, 'low', '0-0', 'first', first) end
  return {'exists', '', policy}
end

local known = ARGV[4] == '1' or redis.call('HEXISTS', state, 'created') == 1
local start = '0-0'
if not known then
  if ARGV[2] == 'latest' then start = last or '0-0' end
elseif policy == 'fail' then
  return {'refused', '', policy}
elseif policy == 'latest' then
  start = last or '0-0'
elseif policy == 'resume' then
  if low and last and not outlived then start = low end
end
redis.call('XGROUP', 'CREATE', stream, group, start, 'MKSTREAM')
-- All up to its start counts as settled; what was recorded of an earlier stream must not outlive it.
redis.call('HSET', state, 'created', '1', 'low', start, 'first', first)
redis.call('DEL', KEYS[3])
return {known and 'repaired' or 'created', start, policy}
