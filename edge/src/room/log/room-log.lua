#!lua name=lianmai_room
-- The room log's sequencer. Every function works on one room and all its keys have one hash tag.
--
-- KEYS of every function, in this order:
--   1 meta    HASH    gen, seq, ts, boot, loss, durable position (dg, ds), turn of the duplicates, modes, pin
--   2 log     STREAM  entries, id = gen-seq; field e: the entry's JSON without its place, t: sequenced at
--   3 people  HASH    m:<user> muted until, b:<user> banned until, r:<user> "<rank> <until>"
--   4 seen    HASH    cid -> "<user>|<gen>|<seq>|<ts>", this turn     5 seen-before: the turn before
--   6 revoked HASH    user -> least version of a token, for the whole partition
--   7 dirty   SET     rooms of the partition with entries that are not durable
-- Keys made of KEYS[1] (same tag): :slow:<user>, :unique:<fingerprint>, with an expiry.
--
-- The boot id lives in this library's memory only. A process that has lost its tail, and a replica that was promoted,
-- has another one than the meta hash tells, and sequences nothing before `room_recover` has begun a new generation.
-- Each such loss has a name of its own, so that all who recover from one begin the same generation, and who recovers
-- from the next, though it has found the same, begins another.

local TURN_MS = 300000
-- entries that may wait for the disk before people's entries are refused: the log is never cut ahead of it
local MAX_BACKLOG = 50000
local MODERATOR = 2
local boot

local function boot_id()
  if not boot then boot = string.match(redis.call('INFO', 'server'), 'run_id:(%x+)') end
  return boot
end

-- whole numbers as text; Lua's own would write the large ones with an exponent
local function whole(number) return string.format('%.0f', number) end

local function now_ms()
  local time = redis.call('TIME')
  return time[1] * 1000 + math.floor(time[2] / 1000)
end

local FIELDS = { 'boot', 'loss', 'gen', 'seq', 'ts', 'turn', 'closed', 'guests', 'slowMs', 'followersMs', 'membersOnly',
  'emoteOnly', 'uniqueMs', 'media', 'shield', 'dg', 'ds' }

local function read_meta(key)
  local values = redis.call('HMGET', key, unpack(FIELDS))
  local meta = {}
  for index, name in ipairs(FIELDS) do meta[name] = values[index] end
  return meta
end

-- "recover", generation, last sequence number, name of the loss: what is left of a log that this process has not begun
local function lost(keys, meta)
  if meta.boot == boot_id() then return nil end
  local loss = meta.loss
  if not loss or string.sub(loss, 1, #boot_id()) ~= boot_id() then
    local time = redis.call('TIME')
    loss = boot_id() .. '-' .. time[1] .. '-' .. time[2]
    redis.call('HSET', keys[1], 'loss', loss)
  end
  return { 'recover', meta.gen or '0', meta.seq or '0', loss }
end

local function find_seen(keys, cid, user)
  local found = redis.call('HGET', keys[4], cid) or redis.call('HGET', keys[5], cid)
  if not found then return nil end
  local by, gen, seq, ts = string.match(found, '^(.-)|(%d+)|(%d+)|(%d+)$')
  if by ~= user then return { 'dup-other' } end
  return { 'repeated', gen, seq, ts }
end

local function remember(keys, meta, cid, value, now)
  if now - tonumber(meta.turn or 0) > TURN_MS then
    redis.call('UNLINK', keys[5])
    if redis.call('EXISTS', keys[4]) == 1 then redis.call('RENAME', keys[4], keys[5]) end
    redis.call('HSET', keys[1], 'turn', now)
  end
  redis.call('HSET', keys[4], cid, value)
end

local function sequence(keys, meta, entry, now)
  local seq = tonumber(meta.seq) + 1
  local ts = math.max(now, tonumber(meta.ts or 0))
  redis.call('HSET', keys[1], 'seq', seq, 'ts', ts)
  redis.call('XADD', keys[2], meta.gen .. '-' .. seq, 'e', entry.json, 't', ts)
  remember(keys, meta, entry.cid, table.concat({ entry.user, meta.gen, seq, ts }, '|'), now)
  redis.call('SADD', keys[7], entry.room)
  redis.call('PUBLISH', entry.channel, table.concat({ 'E', entry.room, meta.gen, seq, ts, entry.json }, ' '))
  return { 'ok', meta.gen, whole(seq), whole(ts) }
end

local function standing(keys, user, now)
  local values = redis.call('HMGET', keys[3], 'm:' .. user, 'b:' .. user, 'r:' .. user)
  local rank, untilMs = string.match(values[3] or '', '^(%d+) (%d+)$')
  if rank and tonumber(untilMs) <= now then rank = nil end
  return { muted = tonumber(values[1] or 0), banned = tonumber(values[2] or 0), rank = tonumber(rank or -1) }
end

local function on(value) return value == '1' end

-- the mode that keeps a person below moderator from this kind, or nil
local function forbidding_mode(meta, who, now)
  if on(meta.closed) then return 'closed' end
  if who.rank == 0 and meta.guests ~= 'talk' then return 'guests' end
  if on(meta.shield) and (who.rank == 0 or not who.known) then return 'shield' end
  if on(meta.membersOnly) and not who.member then return 'membersOnly' end
  local least = meta.followersMs
  if least and least ~= '' and not (who.follows and now - who.follows >= tonumber(least)) then return 'followersMs' end
  if on(meta.emoteOnly) and who.kind ~= 'emote' then return 'emoteOnly' end
  if meta.media == '0' and who.isMedia then return 'media' end
  return nil
end

-- unique, then slow: a refusal must not start the sender's wait
local function too_soon(keys, meta, who)
  local unique = tonumber(meta.uniqueMs or 0)
  local print_key = keys[1] .. ':unique:' .. who.fingerprint
  if unique > 0 and who.fingerprint ~= '' and redis.call('EXISTS', print_key) == 1 then return { 'unique' } end
  local slow = tonumber(meta.slowMs or 0)
  if slow > 0 then
    local slow_key = keys[1] .. ':slow:' .. who.user
    if not redis.call('SET', slow_key, '1', 'NX', 'PX', slow) then
      return { 'slow', whole(math.max(1, redis.call('PTTL', slow_key))) }
    end
  end
  if unique > 0 and who.fingerprint ~= '' then redis.call('SET', print_key, '1', 'PX', unique) end
  return nil
end

local function backlog(meta)
  local durable = meta.dg == meta.gen and tonumber(meta.ds) or 0
  return tonumber(meta.seq) - durable
end

local function refusal(keys, meta, who, now)
  if backlog(meta) >= MAX_BACKLOG then return { 'busy' } end
  local least = tonumber(redis.call('HGET', keys[6], who.user) or 0)
  if who.version < least then return { 'stale-token' } end
  local under = standing(keys, who.user, now)
  if under.banned > now then return { 'banned', whole(under.banned) } end
  who.rank = math.max(who.rank, under.rank)
  if under.muted > now and who.rank < 4 then return { 'muted', whole(under.muted) } end
  if who.rank < who.least then return { 'forbidden' } end
  if who.rank >= MODERATOR then return nil end
  local mode = forbidding_mode(meta, who, now)
  if mode then return { 'mode', mode } end
  if who.released then return nil end
  return too_soon(keys, meta, who)
end

-- room_publish: give a person's entry its place, if the person may speak.
-- ARGV  room, channel, cid, user, json, version, rank, least rank of the kind, kind, is media (0/1), member (0/1),
--       known (0/1), follows since ms or '', fingerprint of the text or '', released (0/1)
-- REPLY {"ok"|"repeated", gen, seq, ts} | {"recover", gen, seq, loss} | {"muted"|"banned", until} | {"slow", ms}
--       | {"mode", name} | {"unique"} | {"forbidden"} | {"stale-token"} | {"dup-other"} | {"busy"}
local function publish(keys, args)
  local meta = read_meta(keys[1])
  local gone = lost(keys, meta)
  if gone then return gone end
  local seen = find_seen(keys, args[3], args[4])
  if seen then return seen end
  local now = now_ms()
  local who = { user = args[4], version = tonumber(args[6]), rank = tonumber(args[7]), least = tonumber(args[8]),
    kind = args[9], isMedia = on(args[10]), member = on(args[11]), known = on(args[12]),
    follows = tonumber(args[13]), fingerprint = args[14], released = on(args[15]) }
  local no = refusal(keys, meta, who, now)
  if no then return no end
  return sequence(keys, meta, { room = args[1], channel = args[2], cid = args[3], user = who.user, json = args[5] }, now)
end

-- room_append: give an entry of the service its place, and change the state that it is about in the same call.
-- ARGV  room, channel, cid, user, json, then changes: "people"|"meta", field, value; an empty value deletes
-- REPLY {"ok"|"repeated", gen, seq, ts} | {"recover", gen, seq, loss} | {"dup-other"}
local function append(keys, args)
  local meta = read_meta(keys[1])
  local gone = lost(keys, meta)
  if gone then return gone end
  local seen = find_seen(keys, args[3], args[4])
  if seen then return seen end
  for at = 6, #args, 3 do
    local key = args[at] == 'people' and keys[3] or keys[1]
    if args[at + 2] == '' then redis.call('HDEL', key, args[at + 1])
    else redis.call('HSET', key, args[at + 1], args[at + 2]) end
  end
  return sequence(keys, meta, { room = args[1], channel = args[2], cid = args[3], user = args[4], json = args[5] },
    now_ms())
end

-- room_recover: begin a generation after the last has been closed, with the durable state and the durable cids.
-- ARGV  room, channel, generation found by "recover", its end, new generation, durable gen, durable seq, loss,
--       number of changes, changes as in room_append, then pairs cid, value of `seen`
-- REPLY {"ok", gen} | {"done", gen}: somebody else has begun it
local function recover(keys, args)
  local meta = read_meta(keys[1])
  if meta.boot == boot_id() then return { 'done', meta.gen } end
  if (meta.gen or '0') ~= args[3] or meta.loss ~= args[8] then return { 'done', meta.gen or '0' } end
  local now = now_ms()
  redis.call('DEL', keys[3])
  redis.call('DEL', keys[1])
  redis.call('HSET', keys[1], 'boot', boot_id(), 'gen', args[5], 'seq', 0, 'ts', math.max(now, tonumber(meta.ts or 0)),
    'turn', now, 'dg', args[6], 'ds', args[7])
  local changes = tonumber(args[9])
  for at = 10, 9 + changes * 3, 3 do
    redis.call('HSET', args[at] == 'people' and keys[3] or keys[1], args[at + 1], args[at + 2])
  end
  for at = 10 + changes * 3, #args, 2 do redis.call('HSETNX', keys[4], args[at], args[at + 1]) end
  redis.call('SADD', keys[7], args[1])
  redis.call('PUBLISH', args[2], table.concat({ 'R', args[1], args[5], args[4] }, ' '))
  return { 'ok', args[5] }
end

-- room_durable: tell everybody what is on disk, and drop what is far behind it.
-- ARGV  room, channel, gen, seq, entries to keep
-- REPLY {"ok", top gen, top seq} | {"recover", gen, seq, loss}
local function durable(keys, args)
  local meta = read_meta(keys[1])
  local gone = lost(keys, meta)
  if gone then return gone end
  local gen, seq = tonumber(args[3]), tonumber(args[4])
  local dg, ds = tonumber(meta.dg or 0), tonumber(meta.ds or 0)
  if gen > dg or (gen == dg and seq > ds) then
    redis.call('HSET', keys[1], 'dg', gen, 'ds', seq)
    redis.call('PUBLISH', args[2], table.concat({ 'D', args[1], gen, seq }, ' '))
  end
  if tonumber(meta.gen) == gen and tonumber(meta.seq) == seq then redis.call('SREM', keys[7], args[1]) end
  if tonumber(meta.gen) == gen and seq > tonumber(args[5]) then
    redis.call('XTRIM', keys[2], 'MINID', '~', gen .. '-' .. (seq - tonumber(args[5])))
  end
  return { 'ok', meta.gen, meta.seq }
end

-- room_top: where the log stands.
-- REPLY {"ok", gen, seq, durable gen, durable seq} | {"recover", gen, seq, loss}
local function top(keys)
  local meta = read_meta(keys[1])
  local gone = lost(keys, meta)
  if gone then return gone end
  return { 'ok', meta.gen, meta.seq, meta.dg or '0', meta.ds or '0' }
end

redis.register_function('room_publish', publish)
redis.register_function('room_append', append)
redis.register_function('room_recover', recover)
redis.register_function('room_durable', durable)
redis.register_function('room_top', top)
