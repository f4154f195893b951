#!lua flags=allow-oom
-- Make sure that a group exists, starting where the stored policy says. Does nothing if it exists.
-- KEYS  1 stream, 2 group state, 3 retry records
-- ARGV  1 group, 2 start of a group that never existed (earliest|latest), 3 policy if none is stored,
--       4 the caller has seen the group (0/1): then it was lost even if no record of it survived
-- Reply: {exists|created|repaired|refused, ID the group starts after, policy}
local stream, state, group = KEYS[1], KEYS[2], ARGV[1]
redis.call('HSETNX', state, 'policy', ARGV[3])
local policy = redis.call('HGET', state, 'policy')
local last
if redis.call('EXISTS', stream) == 1 then
  for _, info in ipairs(redis.call('XINFO', 'GROUPS', stream)) do
    if info[2] == group then return {'exists', '', policy} end
  end
  local about = redis.call('XINFO', 'STREAM', stream)
  for position = 1, #about, 2 do
    if about[position] == 'last-generated-id' then last = about[position + 1] end
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

local known = ARGV[4] == '1' or redis.call('HEXISTS', state, 'created') == 1
local start = '0-0'
if not known then
  if ARGV[2] == 'latest' then start = last or '0-0' end
elseif policy == 'fail' then
  return {'refused', '', policy}
elseif policy == 'latest' then
  start = last or '0-0'
elseif policy == 'resume' then
  local low = redis.call('HGET', state, 'low')
  -- A watermark ahead of the stream belongs to an earlier stream of that name: resuming there would skip entries.
  if low and last and not after(low, last) then start = low end
end
redis.call('XGROUP', 'CREATE', stream, group, start, 'MKSTREAM')
-- All up to its start counts as settled; a watermark of an earlier stream must not outlive it.
redis.call('HSET', state, 'created', '1', 'low', start)
redis.call('DEL', KEYS[3])
return {known and 'repaired' or 'created', start, policy}
