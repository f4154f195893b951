#!lua flags=allow-oom
-- Renew the lease of entries that are still ours. A plain XCLAIM would steal entries back from a rightful new owner,
-- and on Redis 7.0 claiming a trimmed entry drops its pending reference, so both are looked at first.
-- KEYS  1 stream    ARGV  1 group, 2 consumer, then entry IDs    Reply: IDs that are not ours any more
local lost = {}
for index = 3, #ARGV do
  local id = ARGV[index]
  local mine = redis.call('XPENDING', KEYS[1], ARGV[1], id, id, 1, ARGV[2])
  if #mine == 0 then
    lost[#lost + 1] = id
  elseif #redis.call('XRANGE', KEYS[1], id, id) == 1 then
    redis.call('XCLAIM', KEYS[1], ARGV[1], ARGV[2], 0, id, 'JUSTID')
  end
end
return lost
