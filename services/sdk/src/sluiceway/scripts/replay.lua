#!lua flags=allow-oom
-- Move one dead letter to the group's private replay stream with its original fields.
-- KEYS  1 dead letters, 2 replay stream    ARGV  1 ID of the dead letter, 2 original entry ID, 3 nonce
-- A dead letter whose first field says that its fields are packed stays packed.
-- Reply: ID in the replay stream, or false if there is no such dead letter
local found = redis.call('XRANGE', KEYS[1], ARGV[1], ARGV[1])
if #found == 0 then return false end
local fields = found[1][2]
local first = fields[1] == 'deadLetterPacked' and 'replayOfPacked' or 'replayOf'
local id = redis.call('XADD', KEYS[2], '*', first, ARGV[2], 'replayNonce', ARGV[3], unpack(fields, 3))
redis.call('XDEL', KEYS[1], ARGV[1])
return id
