#!lua flags=allow-oom
-- Settle a batch of entries: for each one acknowledge it, remember its event ID and append its writes, or do nothing.
-- The acknowledgement is the fence: writes are made only for an entry whose XACK returned 1.
--
-- KEYS  1 stream, 2 group state, 3 retry records, 4-6 ring of marker sets, 7.. streams that are written to
-- ARGV  1 group, 2 consumer, 3 marker window in ms (0 = none), 4 delete settled entries (0/1), 5 number of items,
--       then per item: entry ID, marker ('' = none), delivery count, has a retry record (0/1), number of writes
--       (-1 = we may not make them), and per write: index in KEYS, number of strings, the strings (field, value, …)
-- Reply: one {item index, status, text} for each item that is not plainly done. Status:
--       duplicate  its event ID was settled before; acknowledged, nothing written
--       gone       no longer pending for this group: another consumer settled it
--       lost       no longer pending and no longer in the stream: trimmed away while it was being processed
--       error      nothing was changed; the text says why
-- allow-oom: a full server must be able to drain.
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

local items, markers = {}, {}
local at = 6
for index = 1, total do
  local item = {
    id = ARGV[at], marker = ARGV[at + 1], count = ARGV[at + 2], recorded = ARGV[at + 3] == '1',
    writes = tonumber(ARGV[at + 4]), at = at + 5,
  }
  items[index] = item
  at = at + 5
  if item.writes < 0 then item.fault = 'NOPERM no right to write to one of its streams' end
  for _ = 1, item.writes do
    item.fault = item.fault or bad_output[tonumber(ARGV[at])]
    at = at + 2 + tonumber(ARGV[at + 1])
  end
  if window > 0 and item.marker ~= '' then markers[#markers + 1] = item.marker end
end

local known = {}
if #markers > 0 then
  local here = redis.call('SMISMEMBER', current, unpack(markers))
  local before = redis.call('SMISMEMBER', previous, unpack(markers))
  for index, marker in ipairs(markers) do
    if here[index] == 1 or before[index] == 1 then known[marker] = true end
  end
end

local reply, fresh, group_checked = {}, {}, false
local function answer(index, status, text) reply[#reply + 1] = {index - 1, status, text or ''} end

-- Leaves an item to be tried again: pending for us, its start not counted. Neither the event nor its handler is at
-- fault, so processes that end while their commits are refused must not add up to a dead letter.
local function put_back(item)
  redis.pcall('XCLAIM', stream, group, consumer, 0, item.id, 'FORCE', 'JUSTID', 'RETRYCOUNT', math.max(item.count - 1, 0))
end

-- Appends an item's writes; on an error takes back what was appended and puts the item back.
local function append(item)
  local added, position = {}, item.at
  for _ = 1, item.writes do
    local key, length = KEYS[tonumber(ARGV[position])], tonumber(ARGV[position + 1])
    local id = redis.pcall('XADD', key, '*', unpack(ARGV, position + 2, position + 1 + length))
    if type(id) == 'table' then
      for _, done in ipairs(added) do redis.pcall('XDEL', done[1], done[2]) end
      put_back(item)
      return id.err
    end
    added[#added + 1] = {key, id}
    position = position + 2 + length
  end
end

for index, item in ipairs(items) do
  if item.fault then
    -- Not an entry that is another consumer's by now; and claiming a trimmed one would drop its pending reference.
    if #redis.call('XPENDING', stream, group, item.id, item.id, 1, consumer) == 1
      and #redis.call('XRANGE', stream, item.id, item.id) == 1 then
      put_back(item)
    end
    answer(index, 'error', item.fault)
  elseif redis.call('XACK', stream, group, item.id) == 1 then
    local failure
    if known[item.marker] then
      answer(index, 'duplicate')
    else
      failure = append(item)
      if failure then
        answer(index, 'error', failure)
      elseif window > 0 and item.marker ~= '' then
        known[item.marker] = true
        fresh[#fresh + 1] = item.marker
      end
    end
    if not failure then
      if item.recorded then redis.pcall('HDEL', retry, item.id) end
      if delete then redis.pcall('XDEL', stream, item.id) end
    end
  else
    -- XACK also answers 0 for a group that is not there; such an entry must not count as settled.
    if not group_checked then
      local summary = redis.pcall('XPENDING', stream, group)
      if summary.err then return redis.error_reply(summary.err) end
      group_checked = true
    end
    if known[item.marker] then
      answer(index, 'duplicate')
    elseif #redis.call('XRANGE', stream, item.id, item.id) == 1 then
      answer(index, 'gone')
    else
      answer(index, 'lost')
    end
  end
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
if low then redis.pcall('HSET', state, 'low', low) end
return reply
