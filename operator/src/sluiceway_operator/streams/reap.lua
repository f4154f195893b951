#!lua flags=allow-oom
-- Gives a dead consumer's entries to the reserved consumer that the living take from, and removes its name once it owns
-- nothing. Both in one step: between a check and a deletion it could own something again, which deleting would lose.
-- KEYS: stream. ARGV: group, dead consumer, reserved consumer, most entries.
-- Replies {entries given away, 1 if the name is gone}.
local stream, group, dead, reserved = KEYS[1], ARGV[1], ARGV[2], ARGV[3]
if redis.call('TYPE', stream).ok ~= 'stream' then
  return { 0, 1 }
end
local known = false
for _, info in ipairs(redis.call('XINFO', 'GROUPS', stream)) do
  known = known or info[2] == group
end
if not known then
  return { 0, 1 }
end

local given = 0
for _, entry in ipairs(redis.call('XPENDING', stream, group, '-', '+', ARGV[4], dead)) do
  local id, deliveries = entry[1], entry[4]
  -- an idle time that no lease outlasts, so that whoever lives takes it at once; deliveries are not counted by this
  local claimed =
    redis.call('XCLAIM', stream, group, reserved, 0, id, 'IDLE', 3600000, 'RETRYCOUNT', deliveries, 'JUSTID')
  if #claimed == 1 then
    given = given + 1
  else
    redis.call('XACK', stream, group, id) -- trimmed away: nobody can ever read it
  end
end
if #redis.call('XPENDING', stream, group, '-', '+', 1, dead) > 0 then
  return { given, 0 }
end
redis.call('XGROUP', 'DELCONSUMER', stream, group, dead)
return { given, 1 }
