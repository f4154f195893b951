#!lua flags=allow-oom
-- Writes parts of orders' states, each if it is newer than what is there.
-- A full server must be able to drain, so these small writes are allowed to exceed its memory limit.
-- KEYS orders   ARGV[1] time to live in ms, then for each order: part, version (compared as text), value
for index, key in ipairs(KEYS) do
  local part, version, value = ARGV[3 * index - 1], ARGV[3 * index], ARGV[3 * index + 1]
  local known = redis.call('HGET', key, part .. ':version')
  if not known or known < version then
    redis.call('HSET', key, part, value, part .. ':version', version)
    redis.call('PEXPIRE', key, ARGV[1])
  end
end
