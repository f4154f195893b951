#!lua flags=allow-oom
-- The messages are out: nobody else sends one.
-- KEYS claims   ARGV[1] how long to remember them, in ms, then for each: conclusion
for index, key in ipairs(KEYS) do
  redis.call('SET', key, ARGV[index + 1], 'PX', ARGV[1])
end
