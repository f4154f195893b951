#!lua flags=allow-oom
-- Hand back what this consumer owns, so that others take it at once, and drop its name when it owns nothing.
-- An entry that was delivered but never started gets that delivery undone: a rolling deployment must not push
-- anything towards the dead letters.
-- KEYS  1 stream
-- ARGV  1 group, 2 consumer, 3 reserved consumer, 4 most entries, then the IDs that were delivered but never started
-- Reply: {handed back, trimmed away, 1 if the name is gone}
local stream, group, consumer, reserved = KEYS[1], ARGV[1], ARGV[2], ARGV[3]
local unstarted = {}
for index = 5, #ARGV do unstarted[ARGV[index]] = true end
local released, trimmed = 0, 0
for _, entry in ipairs(redis.call('XPENDING', stream, group, '-', '+', ARGV[4], consumer)) do
  local id, count = entry[1], entry[4]
  if unstarted[id] and count > 0 then count = count - 1 end
  local claimed = redis.call('XCLAIM', stream, group, reserved, 0, id, 'IDLE', 3600000, 'RETRYCOUNT', count, 'JUSTID')
  if #claimed == 1 then
    released = released + 1
  else
    redis.call('XACK', stream, group, id)
    trimmed = trimmed + 1
  end
end
local left = redis.call('XPENDING', stream, group, '-', '+', 1, consumer)
if #left == 0 then
  redis.call('XGROUP', 'DELCONSUMER', stream, group, consumer)
  return {released, trimmed, 1}
end
return {released, trimmed, 0}
