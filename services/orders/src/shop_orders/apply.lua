#!lua flags=allow-oom
-- Writes parts of orders' states, each if it is newer than what is there: values compare as text, and the later one wins.
-- A full server must be able to drain, so these small writes are allowed to exceed its memory limit.
-- KEYS orders   ARGV[1] least time to live in ms, ARGV[2] a longer one, then for each order: part, value
-- The longer one is set, and only where less than the least is left: setting it costs as much as the part (it is a line
-- of the append-only file, too), and the parts of an order come soon after each other.
local least = tonumber(ARGV[1])
for index, key in ipairs(KEYS) do
  local part, value = ARGV[2 * index + 1], ARGV[2 * index + 2]
  -- A part is nearly always the first of its kind, and then this is all.
  local is_newer = redis.call('HSETNX', key, part, value) == 1
  if not is_newer and redis.call('HGET', key, part) < value then
    redis.call('HSET', key, part, value)
    is_newer = true
  end
  if is_newer and redis.call('PTTL', key) < least then redis.call('PEXPIRE', key, ARGV[2]) end
end
