-- KEYS: the line of one key, the stream of all lines. ARGV: line (JSON), milliseconds to remember it, most lines kept.
-- Replies with the line that stands.
local known = redis.call('GET', KEYS[1])
if known then
  return known
end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
redis.call('XADD', KEYS[2], 'MAXLEN', '~', ARGV[3], '*', 'line', ARGV[1])
return ARGV[1]
