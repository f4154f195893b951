#!lua flags=allow-oom
-- Writes parts of orders' states, each if it is newer than what is there: values compare as text, and the later one wins.
-- A full server must be able to drain, so these small writes are allowed to exceed its memory limit.
-- KEYS orders   ARGV[1] time to live in ms, then for each order: part, value
for index, key in ipairs(KEYS) do
  local part, value = ARGV[2 * index], ARGV[2 * index + 1]
  local known = redis.call('HGET', key, part)
  if not known or known < value then
    redis.call('HSET', key, part, value)
    redis.call('PEXPIRE', key, ARGV[1])
  end
end
