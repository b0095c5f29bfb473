
-- Counters -------------------------------------------------------------------------------------------------
-- A subject's marks are the fields of a hash; each holds its count and the instant at which it is forgotten.

local function tally(value)
  local number, expires = string.match(value, '^(%d+) (%d+)$')
  return tonumber(number), tonumber(expires)
end

local function set_tally(key, mark, number, expires)
  redis.call('HSET', key, mark, string.format('%d %d', number, expires))
  if redis.call('PEXPIRETIME', key) < expires then
    redis.call('PEXPIREAT', key, string.format('%d', expires))
  end
end

local function make_room(key)
  local all, first, ends = redis.call('HGETALL', key), nil, nil
  for at = 1, #all, 2 do
    local _, expires = tally(all[at + 1])
    if not ends or expires < ends then first, ends = all[at], expires end
  end
  redis.call('HDEL', key, first)
end

-- KEYS marks; ARGV mark, now, most, when a count is forgotten, when one that has reached most is, most marks.
-- Answers the count, or 0 when the mark had reached most before.
local function count(keys, args)
  local key, mark, now, most = keys[1], args[1], tonumber(args[2]), tonumber(args[3])
  local value, before, ends = redis.call('HGET', key, mark), 0, 0
  if value then
    local number, expires = tally(value)
    if expires > now then before, ends = number, expires end
  end
  if before >= most then return 0 end
  if not value and redis.call('HLEN', key) >= tonumber(args[6]) then make_room(key) end
  local after = before + 1
  set_tally(key, mark, after, math.max(ends, tonumber(after >= most and args[5] or args[4])))
  return after
end

-- KEYS marks; ARGV mark, now.
local function uncount(keys, args)
  local value = redis.call('HGET', keys[1], args[1])
  if not value then return 0 end
  local number, expires = tally(value)
  if expires <= tonumber(args[2]) then return 0 end
  set_tally(keys[1], args[1], math.max(0, number - 1), expires)
  return 1
end

-- KEYS marks; ARGV mark, now.
local function forget_mark(keys, args)
  local value = redis.call('HGET', keys[1], args[1])
  if not value then return 0 end
  redis.call('HDEL', keys[1], args[1])
  local _, expires = tally(value)
  return expires > tonumber(args[2]) and 1 or 0
end

-- KEYS bucket; ARGV now, most, interval in ms, what to take: 1, 0 to look, -1 to put one back. Answers 0, or when
-- there is one again; must stay the function `store::counters::Rate::draw`.
local function draw(keys, args)
  local now, interval, take = tonumber(args[1]), tonumber(args[3]), tonumber(args[4])
  local room = interval * tonumber(args[2])
  local full_at = math.max(tonumber(redis.call('GET', keys[1]) or '0'), now)
  if take >= 0 and full_at + interval > now + room then return full_at + interval - room end
  if take == 0 then return 0 end
  full_at = full_at + take * interval
  if full_at > now then
    local at = string.format('%d', full_at)
    redis.call('SET', keys[1], at, 'PXAT', at)
  else
    redis.call('DEL', keys[1])
  end
  return 0
end

verb('count', count)
verb('uncount', uncount)
verb('forget_mark', forget_mark)
verb('draw', draw)
