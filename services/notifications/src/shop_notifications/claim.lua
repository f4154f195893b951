#!lua flags=allow-oom
-- Who tells the customer about this order? Sets the claim if there is none, and returns it.
-- A full server must be able to drain, so this small write is allowed to exceed its memory limit.
-- KEYS[1] claim   ARGV[1] claim of the caller   ARGV[2] how long it holds, in ms
local claim = redis.call('GET', KEYS[1])
if not claim then
  claim = ARGV[1]
  redis.call('SET', KEYS[1], claim, 'PX', ARGV[2])
end
return claim
