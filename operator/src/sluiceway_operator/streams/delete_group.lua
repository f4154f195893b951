#!lua flags=allow-oom
-- Deletes a group and what the SDK remembers of it, unless somebody still reads it, and says what went with it.
-- KEYS: stream, state of the group, its retry records. ARGV: group, milliseconds of silence after which a consumer is
--   taken to be gone, most entries to count.
-- Replies {deleted|missing|in-use, pending entries, undelivered entries, a consumer that reads}.
local stream, group, silence, most = KEYS[1], ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3])

local function forget(how, pending, undelivered)
  redis.call('DEL', KEYS[2], KEYS[3])
  return { how, pending, undelivered, '' }
end

if redis.call('TYPE', stream).ok ~= 'stream' then
  return forget('missing', 0, 0)
end
local found
for _, info in ipairs(redis.call('XINFO', 'GROUPS', stream)) do
  local fields = {}
  for at = 1, #info, 2 do
    fields[info[at]] = info[at + 1]
  end
  if fields.name == group then
    found = fields
  end
end
if not found then
  return forget('missing', 0, 0)
end
for _, info in ipairs(redis.call('XINFO', 'CONSUMERS', stream, group)) do
  local fields = {}
  for at = 1, #info, 2 do
    fields[info[at]] = info[at + 1]
  end
  if fields.idle < silence then
    return { 'in-use', 0, 0, fields.name }
  end
end
local undelivered = #redis.call('XRANGE', stream, '(' .. found['last-delivered-id'], '+', 'COUNT', most)
redis.call('XGROUP', 'DESTROY', stream, group)
return forget('deleted', found.pending, undelivered)
