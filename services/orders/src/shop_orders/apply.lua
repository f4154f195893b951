#!lua flags=allow-oom
-- Writes one part of an order's state, if it is newer than what is there.
-- A full server must be able to drain, so this small write is allowed to exceed its memory limit.
-- KEYS[1] order   ARGV[1] part   ARGV[2] version, compared as text   ARGV[3] value   ARGV[4] time to live in ms
local known = redis.call('HGET', KEYS[1], ARGV[1] .. ':version')
if known and known >= ARGV[2] then
  return 0
end
redis.call('HSET', KEYS[1], ARGV[1], ARGV[3], ARGV[1] .. ':version', ARGV[2])
redis.call('PEXPIRE', KEYS[1], ARGV[4])
return 1
