#!lua
-- Remembers what keys stand for, where that is not known yet, and returns what was known.
-- KEYS keys   ARGV[1] time to live in ms, then for each key: what it is wanted to stand for
-- Reply: for each key what it stood for before; false for nothing
-- No flags: a full server refuses it, as it refuses the order that would follow.
local known = {}
for index, key in ipairs(KEYS) do
  known[index] = redis.call('SET', key, ARGV[index + 1], 'NX', 'GET', 'PX', ARGV[1])
end
return known
