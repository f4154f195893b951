#!lua flags=allow-oom
-- Which commands may this user not run? Each is tried in a form that changes nothing: an ID or a number of arguments
-- that the command refuses once the rights were looked at, or on a scratch key that is gone at the end.
-- KEYS  1 stream, 2 scratch    ARGV  1 group, 2 consumer, 3 is the stream trimmed (0/1)
-- Reply: names of the commands. Called with one key, it only shows whether that key may be touched.
local stream, scratch, group, consumer = KEYS[1], KEYS[2], ARGV[1], ARGV[2]
local missing = {}
if not scratch then return missing end
local function try(name, ...)
  local reply = redis.pcall(...)
  -- Redis 7.0 does not name the command; Valkey and newer ones do.
  if type(reply) == 'table' and reply.err
    and (string.find(reply.err, "can't run this command", 1, true) or string.find(reply.err, 'ACL failure', 1, true)) then
    missing[#missing + 1] = name
  end
end
try('time', 'TIME')
try('type', 'TYPE', stream)
try('exists', 'EXISTS', stream)
try('xrange', 'XRANGE', stream, '0-1', '0-1')
try('xinfo|groups', 'XINFO', 'GROUPS', stream)
try('xinfo|stream', 'XINFO', 'STREAM', stream)
try('xpending', 'XPENDING', stream, group, '0-1', '0-1', 1)
try('xack', 'XACK', stream, group, '0-1')
try('xdel', 'XDEL', stream, '0-1')
try('xclaim', 'XCLAIM', stream, group, consumer, 0, 'none', 'JUSTID')
try('xautoclaim', 'XAUTOCLAIM', stream, group, consumer, 0, 'none', 'JUSTID')
try('xreadgroup', 'XREADGROUP', 'GROUP', group, consumer, 'STREAMS', stream, 'none')
try('xgroup|create', 'XGROUP', 'CREATE', stream, group, 'none')
try('xgroup|delconsumer', 'XGROUP', 'DELCONSUMER', stream, group, '~nobody')
if ARGV[3] == '1' then
  try('xlen', 'XLEN', stream)
  try('xtrim', 'XTRIM', stream, 'MINID', '0-0')
end
try('sadd', 'SADD', scratch, '')
try('smismember', 'SMISMEMBER', scratch, '')
try('pttl', 'PTTL', scratch)
try('pexpireat', 'PEXPIREAT', scratch, 1)
try('hsetnx', 'HSETNX', scratch, '', '')
try('hset', 'HSET', scratch, '', '')
try('hget', 'HGET', scratch, '')
try('hexists', 'HEXISTS', scratch, '')
try('hdel', 'HDEL', scratch, '')
try('del', 'DEL', scratch)
return missing
