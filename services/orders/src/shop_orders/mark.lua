#!lua
-- Replaces what keys stand for.
-- KEYS keys   ARGV[1] time to live in ms, then for each key: what it stands for
for index, key in ipairs(KEYS) do
  redis.call('SET', key, ARGV[index + 1], 'PX', ARGV[1])
end
