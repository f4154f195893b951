#!lua flags=no-writes,allow-stale
-- Looks at many groups; changes nothing, and one bad key spoils only its own answer.
-- KEYS: for each group its stream, its replay stream and its dead letters (three keys).
-- ARGV: for each group its name and how far to count what is undelivered (0: only where the server tells no lag); then,
--   last, how far to count in that case.
-- Replies with a list a group: a line of numbers, then name, pending and idle milliseconds of each consumer.
local most = tonumber(ARGV[#ARGV])

local function field(reply, name)
  for at = 1, #reply, 2 do
    if reply[at] == name then
      return reply[at + 1]
    end
  end
end

-- Redis 7.0 does not say which command a user may not run.
local function ask(command, ...)
  local reply = redis.pcall(command, ...)
  if type(reply) == 'table' and reply.err then
    error({ err = command .. ' ' .. tostring((...)) .. ': ' .. reply.err }, 0)
  end
  return reply
end

local function group_of(stream, name)
  for _, group in ipairs(ask('XINFO', 'GROUPS', stream)) do
    if field(group, 'name') == name then
      return group
    end
  end
end

-- What a replay stream holds is not done: the engine deletes there what it has settled.
local function length_of(stream)
  if ask('TYPE', stream).ok ~= 'stream' then
    return 0
  end
  return ask('XLEN', stream)
end

local function look(stream, replay, dead, name, count)
  local kind = ask('TYPE', stream).ok
  if kind == 'none' then
    return { 'missing-stream' }
  end
  if kind ~= 'stream' then
    return { 'wrong-type ' .. kind }
  end
  local info = ask('XINFO', 'STREAM', stream)
  local length, last = field(info, 'length'), field(info, 'last-generated-id')
  local first_entry = field(info, 'first-entry')
  local first = first_entry and first_entry[1] or '-'
  local added = field(info, 'entries-added')
  local group = group_of(stream, name)
  if not group then
    return { table.concat({ 'missing-group', length, last, added }, ' ') }
  end
  local delivered, pending, lag = field(group, 'last-delivered-id'), field(group, 'pending'), field(group, 'lag')
  local after = '(' .. delivered
  local next_entry = ask('XRANGE', stream, after, '+', 'COUNT', 1)[1]
  local counted = -1
  local wanted = lag and count or most
  -- if the oldest entry of all is the next, everything is undelivered and needs no counting
  if wanted > 0 and next_entry and next_entry[1] ~= first then
    counted = #ask('XRANGE', stream, after, '+', 'COUNT', wanted)
  end
  local oldest = '-'
  if pending > 0 then
    oldest = ask('XPENDING', stream, name)[2]
  end
  local answer = {
    table.concat({
      'ok', length, first, last, added, delivered, lag or -1, pending, oldest, next_entry and next_entry[1] or '-',
      counted, wanted, length_of(replay), length_of(dead),
    }, ' '),
  }
  if field(group, 'consumers') > 0 then
    for _, consumer in ipairs(ask('XINFO', 'CONSUMERS', stream, name)) do
      answer[#answer + 1] = field(consumer, 'name')
      answer[#answer + 1] = field(consumer, 'pending')
      answer[#answer + 1] = field(consumer, 'idle')
    end
  end
  return answer
end

local answers = {}
for group = 1, #KEYS / 3 do
  local at = (group - 1) * 3
  local fine, answer = pcall(
    look, KEYS[at + 1], KEYS[at + 2], KEYS[at + 3], ARGV[group * 2 - 1], tonumber(ARGV[group * 2])
  )
  answers[group] = fine and answer or { 'error ' .. (type(answer) == 'table' and answer.err or tostring(answer)) }
end
return answers
