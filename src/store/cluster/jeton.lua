#!lua name=jeton_@VERSION@
-- The atomic verbs of the Redis Cluster store: each touches the keys of one slot.
-- Instants are Unix milliseconds. "Never" is NEVER_MS, and NEVER_SECS inside a user's index of sessions.

local NEVER_MS = 281474976710655 -- 2^48 - 1
local NEVER_SECS = 4294967295 -- 2^32 - 1

local function expire_at(key, ms)
  if ms >= NEVER_MS then
    redis.call('PERSIST', key)
  else
    redis.call('PEXPIREAT', key, string.format('%d', ms))
  end
end

-- Sessions and families ------------------------------------------------------------------------------------
-- A session is: format (1 byte), expiry in ms (6), number of families (2), families (29 each), bytes of clients (2),
-- clients (each its length and its id), facts.
-- A family is: key (10 bytes), 1 when it survives a logout (1), generation (6), since when that is current (6), expiry
-- (6), which is never later than the session's.

local OVER = '\3' -- the format of a session that was logged out of, for the families that survived that
local FAMILIES_AT, ENTRY = 10, 29
local SURVIVES, STATE, ROTATED_AT, EXPIRES = 10, 11, 17, 23 -- from where a family begins

local function after_families(value)
  return FAMILIES_AT + ENTRY * struct.unpack('>I2', value, 8)
end

local function unpacked(value)
  local clients_at = after_families(value)
  local facts_at = clients_at + 2 + struct.unpack('>I2', value, clients_at)
  return {
    format = string.sub(value, 1, 1),
    expires = struct.unpack('>I6', value, 2),
    families = string.sub(value, FAMILIES_AT, clients_at - 1),
    clients = string.sub(value, clients_at + 2, facts_at - 1),
    facts = string.sub(value, facts_at),
  }
end

local function save(key, session)
  local head = session.format .. struct.pack('>I6I2', session.expires, #session.families / ENTRY)
  local clients = struct.pack('>I2', #session.clients) .. session.clients
  local value = head .. session.families .. clients .. session.facts
  if session.expires >= NEVER_MS then
    redis.call('SET', key, value)
  else
    redis.call('SET', key, value, 'PXAT', string.format('%d', session.expires))
  end
end

-- Where the family is among those of `value` from `first` on and before `last`.
local function position(value, family, first, last)
  local at = string.find(value, family, first, true)
  while at and at < last do
    -- Any bytes may look like a key.
    if (at - first) % ENTRY == 0 then return at end
    at = string.find(value, family, at + 1, true)
  end
end

local function family_value(generation, rotated_at, expires)
  return struct.pack('>I6I6I6', generation, rotated_at, expires)
end

-- Takes the family at `at` out of a session that is stored as `value`.
local function drop_family(key, value, at)
  local count = struct.pack('>I2', struct.unpack('>I2', value, 8) - 1)
  local before, after = string.sub(value, FAMILIES_AT, at - 1), string.sub(value, at + ENTRY)
  redis.call('SET', key, string.sub(value, 1, 7) .. count .. before .. after, 'KEEPTTL')
end

-- Answers 8 * generation + outcome; must stay the function `model::family::Family::rotate`.
local UNKNOWN, REUSED, ROTATED, REPEATED, RECOVERED = 0, 1, 2, 3, 4

-- KEYS session; ARGV family, generation, now, leeway, idle expiry, 1 when it advances, as one string.
local function rotate(keys, args)
  local key = keys[1]
  local value = redis.call('GET', key)
  if not value then return UNKNOWN end
  local family, asked, now, leeway, expires, step = struct.unpack('>c10I6I6I6I6B', args[1])
  local at = position(value, family, FAMILIES_AT, after_families(value))
  if not at then return UNKNOWN end
  local generation, rotated_at, ends = struct.unpack('>I6I6I6', value, at + STATE)
  if now >= ends then return UNKNOWN end

  if asked == generation then
    if step == 1 then rotated_at = now end
    redis.call('SETRANGE', key, at - 1 + STATE, family_value(generation + step, rotated_at, expires))
    return 8 * (generation + step) + ROTATED
  end
  if asked > generation then
    redis.call('SETRANGE', key, at - 1 + STATE, family_value(asked + step, now, expires))
    return 8 * (asked + step) + RECOVERED
  end
  if asked + 1 == generation and leeway > 0 and now - rotated_at <= leeway then
    return 8 * generation + REPEATED
  end
  drop_family(key, value, at)
  return REUSED
end

-- The families that live at `now`, each a string.
local function living(families, now)
  local entries = {}
  for at = 1, #families, ENTRY do
    if struct.unpack('>I6', families, at + EXPIRES) > now then
      entries[#entries + 1] = string.sub(families, at, at + ENTRY - 1)
    end
  end
  return entries
end

-- The living families, without those that were refreshed longest ago when there are `most` or more.
local function with_room(families, now, most)
  local entries = living(families, now)
  while #entries >= most do
    local oldest, since = nil, math.huge
    for at, entry in ipairs(entries) do
      local rotated_at = struct.unpack('>I6', entry, 1 + ROTATED_AT)
      if rotated_at < since then oldest, since = at, rotated_at end
    end
    table.remove(entries, oldest)
  end
  return table.concat(entries)
end

-- What is said of a new family in one string.
local function told_of(family)
  local key, now, idle, expires, session_until, most, announced, survives = struct.unpack('>c10I6I6I6I6I2BB', family)
  return {
    key = key,
    now = now, -- when it starts
    idle = idle, -- its expiry if nobody refreshes
    expires = expires, -- its expiry in any case
    session_until = session_until, -- until when the session is kept if it ends before the family
    most = most, -- the most families of the session
    announced = announced == 1, -- whether the index of the user's sessions already says so
    survives = survives, -- 1 when it survives a logout
  }
end

-- Adds a family to an unsaved session; one that stands already is left as it is. Now and then, and when they are
-- `most`, those that are not any more are forgotten.
local function add_family(session, new)
  if position(session.families, new.key, 1, #session.families) then return end
  local count = #session.families / ENTRY
  if count > 0 and (count % 8 == 0 or count >= new.most) then
    session.families = with_room(session.families, new.now, new.most)
  end
  local state = string.char(new.survives) .. family_value(1, new.now, new.idle)
  session.families = session.families .. new.key .. state
end

-- KEYS session; ARGV session [family].
local function open(keys, args)
  local session, before = unpacked(args[1]), redis.call('GET', keys[1])
  if before then
    before = unpacked(before)
    session.families = before.families
    session.expires = math.max(session.expires, before.expires)
  end
  if args[2] then add_family(session, told_of(args[2])) end
  save(keys[1], session)
  return 1
end

-- KEYS session; ARGV session, and '' or what the session must be still. Its families and clients stay, its expiry
-- only moves later.
local function update(keys, args)
  local before = redis.call('GET', keys[1])
  if not before then return 0 end
  local session = unpacked(args[1])
  before = unpacked(before)
  if before.format == OVER then return 0 end
  if args[2] ~= '' and unpacked(args[2]).facts ~= before.facts then return 0 end
  session.families, session.clients = before.families, before.clients
  session.expires = math.max(session.expires, before.expires)
  save(keys[1], session)
  return 1
end

-- KEYS session; ARGV client, the most clients. Answers 0 without a session or room.
local function remember(keys, args)
  local value = redis.call('GET', keys[1])
  if not value then return 0 end
  local session = unpacked(value)
  if session.format == OVER then return 0 end
  local entry = string.char(#args[1]) .. args[1]
  local at, count = 1, 0
  while at <= #session.clients do
    local size = string.byte(session.clients, at)
    if string.sub(session.clients, at, at + size) == entry then return 1 end
    at, count = at + size + 1, count + 1
  end
  if count >= tonumber(args[2]) then return 0 end
  session.clients = session.clients .. entry
  save(keys[1], session)
  return 1
end

-- KEYS session; ARGV now, and 1 when families that survive a logout stay. Answers how many families went with it, how
-- many stay, and the session; nothing when there is none, or it was logged out of before and is again.
local function close(keys, args)
  local value = redis.call('GET', keys[1])
  if not value then return false end
  local session, kept = unpacked(value), {}
  local spares = args[2] == '1'
  if spares and session.format == OVER then return false end
  local entries = living(session.families, tonumber(args[1]))
  for _, entry in ipairs(entries) do
    if spares and string.byte(entry, 1 + SURVIVES) == 1 then kept[#kept + 1] = entry end
  end
  if #kept > 0 then
    session.format, session.families = OVER, table.concat(kept)
    save(keys[1], session)
  else
    redis.call('DEL', keys[1])
  end
  return { #entries - #kept, #kept, value }
end

-- KEYS session; ARGV family. Answers 0 without a session, 1 when started, and the session when its index must be told
-- first.
local function start(keys, args)
  local value = redis.call('GET', keys[1])
  if not value then return 0 end
  local session, new = unpacked(value), told_of(args[1])
  if session.format == OVER then return 0 end
  if new.expires > session.expires then
    if not new.announced then return value end
    session.expires = new.session_until
  end
  add_family(session, new)
  save(keys[1], session)
  return 1
end

-- KEYS session thing; ARGV as above, and the note and the expiry of the thing. Answers what `start` does, or the note
-- of whoever spent the thing before, in a list; only of a family that starts is it spent.
local function redeem(keys, args)
  local before = redis.call('GET', keys[2])
  if before then return { before } end
  local started = start(keys, args)
  if started == 1 then redis.call('SET', keys[2], args[2], 'PXAT', args[3]) end
  return started
end

-- KEYS session; ARGV family, now. Answers 1 when it lived.
local function revoke(keys, args)
  local value = redis.call('GET', keys[1])
  if not value then return 0 end
  local at = position(value, args[1], FAMILIES_AT, after_families(value))
  if not at then return 0 end
  drop_family(keys[1], value, at)
  return struct.unpack('>I6', value, at + EXPIRES) > tonumber(args[2]) and 1 or 0
end

-- Records --------------------------------------------------------------------------------------------------
-- A record is a hash: `v` its version, `d` its document. A user's record also holds the index of the user's
-- sessions, so that no user costs a second key: entries of 16 bytes (session, expiry in seconds) after the
-- version, as `v = 7:<entries>`; when they are SPILL many they move into a field of their own, `s<session>`.

local SPILL = 16

local function version_and_index(key)
  local value = redis.call('HGET', key, 'v') or '0'
  local colon = string.find(value, ':', 1, true)
  if not colon then return tonumber(value), '' end
  return tonumber(string.sub(value, 1, colon - 1)), string.sub(value, colon + 1)
end

local function save_version(key, version, index)
  local value = string.format('%d', version)
  if index ~= '' then value = value .. ':' .. index end
  redis.call('HSET', key, 'v', value)
end

local function now_secs()
  return tonumber(redis.call('TIME')[1])
end

local function expiry_of(index, at)
  return struct.unpack('>I4', index, at + 12)
end

local function unexpired(index, now)
  local kept = {}
  for at = 1, #index, 16 do
    if expiry_of(index, at) >= now then kept[#kept + 1] = string.sub(index, at, at + 15) end
  end
  return table.concat(kept)
end

local function is_spill(field)
  return #field == 13 and string.sub(field, 1, 1) == 's'
end

-- Drops what has expired from a few of the spilled fields: bounded work now, all of them in time.
local function tidy(key, now)
  for _, field in ipairs(redis.call('HRANDFIELD', key, 4)) do
    if is_spill(field) then
      local index = redis.call('HGET', key, field)
      local kept = unexpired(index, now)
      if kept == '' then
        redis.call('HDEL', key, field)
      elseif #kept < #index then
        redis.call('HSET', key, field, kept)
      end
    end
  end
end

local function all_indexed(key)
  local _, index = version_and_index(key)
  local parts = { index }
  for _, field in ipairs(redis.call('HKEYS', key)) do
    if is_spill(field) then parts[#parts + 1] = redis.call('HGET', key, field) end
  end
  return table.concat(parts)
end

-- A user's hash without a document lives only as long as the sessions in its index.
local function expire_with_sessions(key)
  local index, last = all_indexed(key), 0
  if index == '' then
    redis.call('DEL', key)
    return
  end
  for at = 1, #index, 16 do last = math.max(last, expiry_of(index, at)) end
  expire_at(key, last == NEVER_SECS and NEVER_MS or (last + 1) * 1000)
end

-- KEYS user; ARGV session (12 bytes), expiry in seconds.
local function index_add(keys, args)
  local key, session, expires = keys[1], args[1], tonumber(args[2])
  local version, index = version_and_index(key)
  for at = 1, #index, 16 do
    if string.sub(index, at, at + 11) == session then
      expires = math.max(expires, expiry_of(index, at))
      index = string.sub(index, 1, at - 1) .. string.sub(index, at + 16)
      break
    end
  end
  if #index >= 16 * SPILL then
    local now = now_secs()
    index = unexpired(index, now)
    tidy(key, now)
    if #index >= 16 * SPILL then
      redis.call('HSET', key, 's' .. string.sub(index, 1, 12), index)
      index = ''
    end
  end
  local bare = redis.call('HEXISTS', key, 'd') == 0
  local lives_until = bare and redis.call('PEXPIRETIME', key)
  save_version(key, version, index .. session .. struct.pack('>I4', expires))
  if bare then
    local ms = expires == NEVER_SECS and NEVER_MS or (expires + 1) * 1000
    if lives_until == -2 or (lives_until >= 0 and lives_until < ms) then expire_at(key, ms) end
  end
  return 1
end

-- KEYS user; ARGV session. A spilled entry is left to expire.
local function index_drop(keys, args)
  local version, index = version_and_index(keys[1])
  for at = 1, #index, 16 do
    if string.sub(index, at, at + 11) == args[1] then
      save_version(keys[1], version, string.sub(index, 1, at - 1) .. string.sub(index, at + 16))
      if redis.call('HEXISTS', keys[1], 'd') == 0 then expire_with_sessions(keys[1]) end
      return 1
    end
  end
  return 0
end

-- KEYS user.
local function index_list(keys)
  return all_indexed(keys[1])
end

-- KEYS record; ARGV expected version ('' anything, 0 absent), document. Answers the new version, or the
-- version found as a negative number less one.
local function record_write(keys, args)
  local key = keys[1]
  local version, index = version_and_index(key)
  local stands = redis.call('HEXISTS', key, 'd') == 1
  if not stands then version = 0 end
  if args[1] ~= '' and tonumber(args[1]) ~= version then return -1 - version end
  save_version(key, version + 1, index)
  redis.call('HSET', key, 'd', args[2])
  if not stands then redis.call('PERSIST', key) end
  return version + 1
end

-- KEYS record.
local function record_remove(keys)
  local key = keys[1]
  if redis.call('HDEL', key, 'd') == 0 then return 0 end
  local _, index = version_and_index(key)
  save_version(key, 0, index)
  expire_with_sessions(key)
  return 1
end

-- Indices of records ----------------------------------------------------------------------------------------
-- Sorted sets whose members are what counts: the ids of a kind, or the value of a term, NUL and an id.

-- KEYS indices of one kind; ARGV what is put into each.
local function list(keys, args)
  for at = 1, #keys do redis.call('ZADD', keys[at], 0, args[at]) end
  return #keys
end

-- KEYS indices of one kind; ARGV what is taken from each.
local function unlist(keys, args)
  for at = 1, #keys do redis.call('ZREM', keys[at], args[at]) end
  return #keys
end

-- KEYS index; ARGV 1 when it is read backwards, where it begins and where it ends, the most. Answers members in a list of
-- their own: a list that begins with a text of somebody's choice looks, if that is `message`, like one that was published.
local function listed(keys, args)
  local command = args[1] == '1' and 'ZREVRANGEBYLEX' or 'ZRANGEBYLEX'
  return { redis.call(command, keys[1], args[2], args[3], 'LIMIT', 0, args[4]) }
end

-- Memberships ----------------------------------------------------------------------------------------------
-- A user's memberships are a hash: organizations and the roles held there. One of more than LISTED also has a sorted
-- set of its organizations, so that a page of them costs what it shows; a smaller one is sorted by whoever asks.

local LISTED = 128

-- KEYS memberships list; ARGV organization, roles. Answers 1 when it is new.
local function join(keys, args)
  local added = redis.call('HSET', keys[1], args[1], args[2])
  if redis.call('EXISTS', keys[2]) == 1 then
    redis.call('ZADD', keys[2], 0, args[1])
  elseif redis.call('HLEN', keys[1]) > LISTED then
    for _, id in ipairs(redis.call('HKEYS', keys[1])) do redis.call('ZADD', keys[2], 0, id) end
  end
  return added
end

-- KEYS memberships list; ARGV organization.
local function leave(keys, args)
  redis.call('ZREM', keys[2], args[1])
  return redis.call('HDEL', keys[1], args[1])
end

-- KEYS memberships list; ARGV where the page starts ('-' or '(' and an organization), its length. Answers organizations
-- and roles, in a list of their own as `listed` does: a page in order, or all of a few in none.
local function joined(keys, args)
  if redis.call('EXISTS', keys[2]) == 0 then return { redis.call('HGETALL', keys[1]) } end
  local page = {}
  for _, id in ipairs(redis.call('ZRANGEBYLEX', keys[2], args[1], '+', 'LIMIT', 0, args[2])) do
    page[#page + 1] = id
    page[#page + 1] = redis.call('HGET', keys[1], id)
  end
  return { page }
end

-- Unique names ---------------------------------------------------------------------------------------------
-- A held name has a time to live; a confirmed one has none.

-- KEYS name; ARGV owner, hold in ms. Answers the owner when it is somebody else.
local function claim(keys, args)
  local owner = redis.call('GET', keys[1])
  if not owner then
    redis.call('SET', keys[1], args[1], 'PX', args[2])
  elseif owner ~= args[1] then
    return owner
  elseif redis.call('PTTL', keys[1]) >= 0 then
    redis.call('PEXPIRE', keys[1], args[2])
  end
  return false
end

-- KEYS name; ARGV owner.
local function confirm(keys, args)
  if redis.call('GET', keys[1]) ~= args[1] then return 0 end
  redis.call('PERSIST', keys[1])
  return 1
end

-- KEYS name; ARGV owner.
local function release(keys, args)
  if redis.call('GET', keys[1]) ~= args[1] then return 0 end
  return redis.call('DEL', keys[1])
end

-- Jobs and changes -----------------------------------------------------------------------------------------
-- Plain commands, but as verbs they go with others and share their wait for a replica.

-- KEYS job; ARGV document, when it expires.
local function keep(keys, args)
  redis.call('SET', keys[1], args[1], 'PXAT', args[2])
  return 1
end

-- KEYS feed; ARGV length, change. Answers its id.
local function publish(keys, args)
  return redis.call('XADD', keys[1], 'MAXLEN', '~', args[1], '*', 'c', args[2])
end

-- Log events -----------------------------------------------------------------------------------------------

-- A day's counts are a hash, its users a HyperLogLog, both beside the log.

local function day_key(log_key, day)
  return string.format('%sd%d', log_key, day)
end

local function visitors_key(log_key, day)
  return string.format('%su%d', log_key, day)
end

local function tell_until(key, before, at)
  local told = redis.call('HGET', key, before)
  if not told then redis.call('HSET', key, before, at) end
end

-- Adds one day's tally, which begins at args[at]: day, logins, signups, leaked passwords, first and last instant,
-- number of users, users. Answers where the next begins.
local function add_day(log_key, args, at, keep_days)
  local day, users = tonumber(args[at]), tonumber(args[at + 6])
  local key = day_key(log_key, day)
  redis.call('HINCRBY', key, 'l', args[at + 1])
  redis.call('HINCRBY', key, 's', args[at + 2])
  redis.call('HINCRBY', key, 'p', args[at + 3])
  tell_until(key, 'f', args[at + 4])
  redis.call('HSET', key, 't', args[at + 5])
  local gone_at = string.format('%d', (day + 1 + keep_days) * 86400)
  redis.call('EXPIREAT', key, gone_at)
  if users > 0 then
    local visitors = visitors_key(log_key, day)
    for user = at + 7, at + 6 + users do redis.call('PFADD', visitors, args[user]) end
    redis.call('EXPIREAT', visitors, gone_at)
  end
  return at + 7 + users
end

-- Fails, while the slot moves, if a day of the tallies that begin at args[at] is not here: nothing is written yet then.
local function touch_days(log_key, args, at)
  while at <= #args do
    local day, users = tonumber(args[at]), tonumber(args[at + 6])
    redis.call('EXISTS', day_key(log_key, day))
    if users > 0 then redis.call('EXISTS', visitors_key(log_key, day)) end
    at = at + 7 + users
  end
end

-- KEYS log; ARGV length, retention in ms, days that counts are kept, number of events, events, tallies of days.
local function log(keys, args)
  local first, last = 5, 4 + tonumber(args[4])
  touch_days(keys[1], args, last + 1)
  for at = first, last do redis.call('XADD', keys[1], 'MAXLEN', '~', args[1], '*', 'e', args[at]) end
  local oldest = math.max(0, now_secs() * 1000 - tonumber(args[2]))
  redis.call('XTRIM', keys[1], 'MINID', '~', string.format('%d', oldest))
  redis.call('PEXPIRE', keys[1], args[2])
  local at = last + 1
  while at <= #args do at = add_day(keys[1], args, at, tonumber(args[3])) end
  return last - first + 1
end

-- KEYS log; ARGV first day, last day. Answers day, logins, signups, leaked passwords, first and last instant.
local function days(keys, args)
  local found = {}
  for day = tonumber(args[1]), tonumber(args[2]) do
    local counts = redis.call('HMGET', day_key(keys[1], day), 'l', 's', 'p', 'f', 't')
    if counts[1] then
      local row = { day }
      for at = 1, 5 do row[at + 1] = tonumber(counts[at]) end
      found[#found + 1] = row
    end
  end
  return found
end

-- KEYS log; ARGV first day, last day.
local function visitors(keys, args)
  local all = {}
  for day = tonumber(args[1]), tonumber(args[2]) do all[#all + 1] = visitors_key(keys[1], day) end
  return redis.call('PFCOUNT', unpack(all))
end

-- KEYS log; ARGV first day, last day.
local function forget(keys, args)
  local gone = redis.call('UNLINK', keys[1])
  for day = tonumber(args[1]), tonumber(args[2]) do
    gone = gone + redis.call('UNLINK', day_key(keys[1], day), visitors_key(keys[1], day))
  end
  return gone
end

-- ------------------------------------------------------------------------------------------------------------

local VERBS = {}

-- Several verbs in one call, for slots that are all served here; one that fails leaves the others be. For Redis it has no
-- keys. ARGV, for each verb: numbers of keys and of arguments (1 byte each) and name; keys; arguments. Answers what
-- each answered, and of those that failed the place and the error by turns.
local function together(_, args)
  local answers, failed = {}, {}
  local at, count = 1, 0
  while at <= #args do
    local keys, arguments = string.byte(args[at], 1, 2)
    local from = at + 1 + keys
    local fine, answer = pcall(
      VERBS[string.sub(args[at], 3)],
      { unpack(args, at + 1, from - 1) },
      { unpack(args, from, from + arguments - 1) }
    )
    count, at = count + 1, from + arguments
    answers[count] = fine and answer or false
    if not fine then
      failed[#failed + 1] = count
      failed[#failed + 1] = type(answer) == 'table' and answer.err or tostring(answer)
    end
  end
  return { answers, failed }
end

local function verb(name, callback, ...)
  VERBS[name] = callback
  redis.register_function({ function_name = name .. '_@VERSION@', callback = callback, flags = { ... } })
end

verb('rotate', rotate)
verb('together', together, 'allow-cross-slot-keys')
verb('open', open)
verb('update', update)
verb('close', close)
verb('start', start)
verb('revoke', revoke)
verb('redeem', redeem)
verb('index_add', index_add)
verb('index_drop', index_drop)
verb('index_list', index_list, 'no-writes')
verb('record_write', record_write)
verb('record_remove', record_remove)
verb('list', list)
verb('unlist', unlist)
verb('listed', listed, 'no-writes')
verb('join', join)
verb('leave', leave)
verb('joined', joined, 'no-writes')
verb('claim', claim)
verb('confirm', confirm)
verb('release', release)
verb('remember', remember)
verb('keep', keep)
verb('publish', publish)
verb('log', log)
verb('days', days, 'no-writes')
verb('visitors', visitors)
verb('forget', forget)
