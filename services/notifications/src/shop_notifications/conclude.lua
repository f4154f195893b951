#!lua flags=allow-oom
-- The message is out: nobody else sends one.
-- KEYS[1] claim   ARGV[1] conclusion   ARGV[2] how long to remember it, in ms
return redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
