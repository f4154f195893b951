#!lua flags=no-writes
-- Which of these event IDs were settled within the window? Lets a duplicate skip its handler; the commit decides.
-- KEYS  1-3 ring of marker sets    ARGV  1 window in ms, then markers    Reply: 0-based positions of known ones
local window = tonumber(ARGV[1])
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
local bucket = math.floor(now / window)
local here = redis.call('SMISMEMBER', KEYS[1 + bucket % 3], unpack(ARGV, 2))
local before = redis.call('SMISMEMBER', KEYS[1 + (bucket + 2) % 3], unpack(ARGV, 2))
local reply = {}
for index = 1, #ARGV - 1 do
  if here[index] == 1 or before[index] == 1 then reply[#reply + 1] = index - 1 end
end
return reply
