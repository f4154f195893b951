#!lua flags=allow-oom
-- Keeps the newest entries of a stream of dead letters. One with groups is left alone: somebody processes what is in it.
-- KEYS: stream. ARGV: entries to keep, most entries to remove.
-- Replies how many were removed.
local stream, keep, most = KEYS[1], tonumber(ARGV[1]), tonumber(ARGV[2])
if redis.call('TYPE', stream).ok ~= 'stream' or #redis.call('XINFO', 'GROUPS', stream) > 0 then
  return 0
end
local length = redis.call('XLEN', stream)
local excess = math.min(length - keep, most)
if excess <= 0 then
  return 0
end
return redis.call('XTRIM', stream, 'MAXLEN', length - excess)
