#!lua flags=allow-oom
-- Who tells the customers about these orders? Sets the claims that nobody holds, and returns all.
-- A full server must be able to drain, so these small writes are allowed to exceed its memory limit.
-- KEYS claims   ARGV[1] how long they hold, in ms, then for each: claim of the caller
local held = {}
for index, key in ipairs(KEYS) do
  held[index] = redis.call('SET', key, ARGV[index + 1], 'NX', 'GET', 'PX', ARGV[1]) or ARGV[index + 1]
end
return held
