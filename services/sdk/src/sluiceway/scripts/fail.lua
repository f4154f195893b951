#!lua flags=allow-oom
-- Record failed attempts, with the time before which nobody may start the entry again.
-- KEYS  1 stream, 2 retry records    ARGV  1 group, 2 consumer, then per entry: ID, wait in ms, error text
-- Record: due ms, first failure ms, last failure ms, failures, error text.  Reply: IDs that are not ours any more
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
local lost = {}
for index = 3, #ARGV, 3 do
  local id = ARGV[index]
  if #redis.call('XPENDING', KEYS[1], ARGV[1], id, id, 1, ARGV[2]) == 0 then
    lost[#lost + 1] = id
  else
    local first, failures = now, 0
    local record = redis.call('HGET', KEYS[2], id)
    if record then
      local old = cmsgpack.unpack(record)
      first, failures = old[2], old[4]
    end
    redis.call('HSET', KEYS[2], id, cmsgpack.pack({now + tonumber(ARGV[index + 1]), first, now, failures + 1, ARGV[index + 2]}))
  end
end
return lost
