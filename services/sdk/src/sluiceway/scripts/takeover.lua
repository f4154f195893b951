#!lua flags=allow-oom
-- Take over entries that were handed back or whose lease has run out, without counting a delivery: they are
-- counted when they are started.
-- KEYS  1 stream, 2 retry records
-- ARGV  1 group, 2 consumer, 3 lease in ms, 4 cursor, 5 most entries, 6 the reserved consumer of handed-back entries
-- Reply: {next cursor, {{ID, delivery count, ms until it is due, recorded failures}, …}, number of entries found trimmed away}
local stream, group, consumer = KEYS[1], ARGV[1], ARGV[2]
local room = tonumber(ARGV[5])
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
local taken, trimmed = {}, 0
local function take(id)
  local pending = redis.call('XPENDING', stream, group, id, id, 1)
  local due, failures, record = 0, 0, redis.call('HGET', KEYS[2], id)
  if record then
    record = cmsgpack.unpack(record)
    due, failures = math.max(0, record[1] - now), record[4]
  end
  taken[#taken + 1] = {id, pending[1][4], due, failures}
end
for _, entry in ipairs(redis.call('XPENDING', stream, group, '-', '+', room, ARGV[6])) do
  if #redis.call('XCLAIM', stream, group, consumer, 0, entry[1], 'JUSTID') == 1 then
    take(entry[1])
  else
    trimmed = trimmed + 1
    redis.call('XACK', stream, group, entry[1])
    redis.call('HDEL', KEYS[2], entry[1])
  end
end
local cursor = ARGV[4]
if #taken < room then
  local found = redis.call('XAUTOCLAIM', stream, group, consumer, ARGV[3], cursor, 'COUNT', room - #taken, 'JUSTID')
  cursor = found[1]
  for _, id in ipairs(found[2]) do take(id) end
  for _, id in ipairs(found[3] or {}) do
    trimmed = trimmed + 1
    redis.call('HDEL', KEYS[2], id)
  end
end
return {cursor, taken, trimmed}
