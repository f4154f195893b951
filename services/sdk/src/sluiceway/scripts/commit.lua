#!lua flags=allow-oom
-- Settle a batch of entries: for each one acknowledge it, remember its event ID and append its writes, or do nothing.
-- The acknowledgement is the fence: writes are made only for an entry whose XACK returned 1.
--
-- KEYS  1 stream, 2 group state, 3 retry records, 4-6 ring of marker sets, 7.. streams that are written to
-- ARGV  1 group, 2 consumer, 3 marker window in ms (0 = none), 4 delete settled entries (0/1), 5 number of items,
--       6 number of shapes, 7 number of notes, then
--       per shape (what many writes have in common): index in KEYS, number of fields, their names
--       per note (an item that is not started for the first time): index, delivery count, has a retry record (0/1)
--       if there is a window: the items' markers ('' = none)
--       per item: entry ID, plan, values. The plan names the shapes of its writes, as in '1' or '1 2 1', '' if there
--       are none, '!' if we may not make them; the values are those of all its writes.
-- Reply: one {item index, status, text} for each item that is not plainly done. Status:
--       duplicate  its event ID was settled before; acknowledged, nothing written
--       gone       no longer pending for this group: another consumer settled it
--       lost       no longer pending and no longer in the stream: trimmed away while it was being processed
--       error      nothing was changed; the text says why
-- allow-oom: a full server must be able to drain.
-- Each string in ARGV costs the server 0.2 us, more than all that is done here with it: hence shapes, plans and notes.
local stream, state, retry = KEYS[1], KEYS[2], KEYS[3]
local group, consumer, window, delete = ARGV[1], ARGV[2], tonumber(ARGV[3]), ARGV[4] == '1'
local total = tonumber(ARGV[5])

-- Scripts do not roll back, so whatever could fail after the first write is looked at before it.
local function wrong_type(key, wanted)
  local found = redis.call('TYPE', key).ok
  if found ~= 'none' and found ~= wanted then
    return 'WRONGTYPE ' .. key .. ' is a ' .. found .. ', not a ' .. wanted
  end
end
local fault = wrong_type(stream, 'stream') or wrong_type(state, 'hash') or wrong_type(retry, 'hash')
local bad_output = {}
for index = 7, #KEYS do bad_output[index] = wrong_type(KEYS[index], 'stream') end

-- Markers live in sets by time: one for the current window, one for the window before. The server's clock decides.
local now, current, previous, expires
if window > 0 then
  local time = redis.call('TIME')
  now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
  local bucket = math.floor(now / window)
  current, previous = KEYS[4 + bucket % 3], KEYS[4 + (bucket + 2) % 3]
  expires = (bucket + 2) * window
  fault = fault or wrong_type(current, 'set') or wrong_type(previous, 'set')
end
if fault then return redis.error_reply(fault) end

local at = 8
local shapes = {}
for shape = 1, tonumber(ARGV[6]) do
  local key, length, strings = tonumber(ARGV[at]), tonumber(ARGV[at + 1]), {}
  for field = 1, length do strings[2 * field - 1], strings[2 * field] = ARGV[at + 1 + field], '' end
  shapes[tostring(shape)] = {key = KEYS[key], fault = bad_output[key], length = length, strings = strings}
  at = at + 2 + length
end

local plans = {['!'] = {length = 0, fault = 'NOPERM no right to write to one of its streams'}}
local function plan_of(text)
  local plan = {length = 0}
  for name in string.gmatch(text, '%d+') do
    local shape = shapes[name]
    plan[#plan + 1] = shape
    plan.length = plan.length + shape.length
    plan.fault = plan.fault or shape.fault
  end
  plans[text] = plan
  return plan
end

local counts, recorded = {}, {}
for _ = 1, tonumber(ARGV[7]) do
  local index = tonumber(ARGV[at])
  counts[index], recorded[index] = tonumber(ARGV[at + 1]), ARGV[at + 2] == '1'
  at = at + 3
end

local marker_before, here, before = at - 1, {}, {}
if window > 0 then
  at = at + total
  here = redis.call('SMISMEMBER', current, unpack(ARGV, marker_before + 1, at - 1))
  before = redis.call('SMISMEMBER', previous, unpack(ARGV, marker_before + 1, at - 1))
end

local reply, fresh, seen, group_checked = {}, {}, {}, false
local function answer(index, status, text) reply[#reply + 1] = {index - 1, status, text or ''} end

-- Leaves an item to be tried again: pending for us, its start not counted. Neither the event nor its handler is at
-- fault, so processes that end while their commits are refused must not add up to a dead letter.
local function put_back(id, index)
  local uncounted = math.max((counts[index] or 1) - 1, 0)
  redis.pcall('XCLAIM', stream, group, consumer, 0, id, 'FORCE', 'JUSTID', 'RETRYCOUNT', uncounted)
end

-- Appends an item's writes, whose values come after a place in ARGV; on an error takes back what was appended.
local function append(plan, place)
  local added = {}
  for number, shape in ipairs(plan) do
    local strings = shape.strings
    for field = 1, shape.length do strings[2 * field] = ARGV[place + field] end
    place = place + shape.length
    local id = redis.pcall('XADD', shape.key, '*', unpack(strings))
    if type(id) == 'table' then
      for _, done in ipairs(added) do redis.pcall('XDEL', done[1], done[2]) end
      return id.err
    end
    if number < #plan then added[number] = {shape.key, id} end
  end
end

for index = 1, total do
  local id, plan = ARGV[at], plans[ARGV[at + 1]] or plan_of(ARGV[at + 1])
  local marker = window > 0 and ARGV[marker_before + index] or ''
  local is_known = here[index] == 1 or before[index] == 1 or seen[marker]
  if plan.fault then
    -- Not an entry that is another consumer's by now; and claiming a trimmed one would drop its pending reference.
    if #redis.call('XPENDING', stream, group, id, id, 1, consumer) == 1
      and #redis.call('XRANGE', stream, id, id) == 1 then
      put_back(id, index)
    end
    answer(index, 'error', plan.fault)
  elseif redis.call('XACK', stream, group, id) == 1 then
    local failure
    if is_known then
      answer(index, 'duplicate')
    else
      failure = append(plan, at + 1)
      if failure then
        put_back(id, index)
        answer(index, 'error', failure)
      elseif marker ~= '' then
        seen[marker] = true
        fresh[#fresh + 1] = marker
      end
    end
    if not failure then
      if recorded[index] then redis.pcall('HDEL', retry, id) end
      if delete then redis.pcall('XDEL', stream, id) end
    end
  else
    -- XACK also answers 0 for a group that is not there; such an entry must not count as settled.
    if not group_checked then
      local summary = redis.pcall('XPENDING', stream, group)
      if summary.err then return redis.error_reply(summary.err) end
      group_checked = true
    end
    if is_known then
      answer(index, 'duplicate')
    elseif #redis.call('XRANGE', stream, id, id) == 1 then
      answer(index, 'gone')
    else
      answer(index, 'lost')
    end
  end
  at = at + 2 + plan.length
end

if #fresh > 0 then
  redis.pcall('SADD', current, unpack(fresh))
  local left = redis.call('PTTL', current)
  if left < 0 or left < expires - now - window / 2 then
    redis.pcall('PEXPIREAT', current, string.format('%.0f', expires))
  end
end

-- The low watermark: everything up to it is acknowledged. A group that is lost resumes from here.
local low
local first = redis.call('XPENDING', stream, group, '-', '+', 1)
if #first == 1 then
  local milliseconds, sequence = string.match(first[1][1], '^(%d+)-(%d+)$')
  if sequence ~= '0' and #sequence < 16 then
    low = milliseconds .. '-' .. string.format('%.0f', tonumber(sequence) - 1)
  else
    low = string.format('%.0f', math.max(tonumber(milliseconds) - 1, 0)) .. '-18446744073709551615'
  end
else
  for _, info in ipairs(redis.call('XINFO', 'GROUPS', stream)) do
    local fields = {}
    for position = 1, #info, 2 do fields[info[position]] = info[position + 1] end
    if fields['name'] == group then low = fields['last-delivered-id'] end
  end
end
if low then
  -- With it the first entry, once there is one: by that a repair knows this stream from a later one of its name.
  local known_first = redis.call('HGET', state, 'first')
  if known_first and known_first ~= '0-0' then
    redis.pcall('HSET', state, 'low', low)
  else
    local oldest = redis.call('XRANGE', stream, '-', '+', 'COUNT', 1)
    redis.pcall('HSET', state, 'low', low, 'first', oldest[1] and oldest[1][1] or '0-0')
  end
end
return reply
