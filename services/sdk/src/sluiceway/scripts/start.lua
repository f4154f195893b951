#!lua flags=allow-oom
-- Start entries we hold without their bodies: count one delivery each and return the bodies.
-- KEYS  1 stream, 2 retry records    ARGV  1 group, 2 consumer, then entry IDs
-- Reply, one per ID: {ID, delivery count, fields, record}, or {ID, 'lost'} (not ours), {ID, 'trimmed'} (no body);
-- record is {} or {due ms, first failure ms, last failure ms, failures, error text}
local stream, group, consumer = KEYS[1], ARGV[1], ARGV[2]
local reply = {}
for index = 3, #ARGV do
  local id = ARGV[index]
  local mine = redis.call('XPENDING', stream, group, id, id, 1, consumer)
  if #mine == 0 then
    reply[#reply + 1] = {id, 'lost'}
  else
    local claimed = redis.call('XCLAIM', stream, group, consumer, 0, id)
    if #claimed == 1 and claimed[1] then
      local record = redis.call('HGET', KEYS[2], id)
      reply[#reply + 1] = {id, mine[1][4] + 1, claimed[1][2], record and cmsgpack.unpack(record) or {}}
    else
      redis.call('XACK', stream, group, id)
      redis.call('HDEL', KEYS[2], id)
      reply[#reply + 1] = {id, 'trimmed'}
    end
  end
end
return reply
