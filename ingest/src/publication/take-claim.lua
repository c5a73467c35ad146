-- Takes a room's publication for a session.
-- KEYS: claim, publication. ARGV: session, instance, policy, ttl, room, events channel, stale session.
-- Answers {1, previous session or ''} or {0, holder, holder's instance}.
local holder = redis.call('HGET', KEYS[1], 'session')
if holder and holder ~= ARGV[1] and holder ~= ARGV[7] and ARGV[3] ~= 'newest' then
  return { 0, holder, redis.call('HGET', KEYS[1], 'instance') or '' }
end
local record = redis.call('GET', KEYS[2])
if record then
  local old = cjson.decode(record).sessionId
  if old ~= ARGV[1] then
    redis.call('DEL', KEYS[2])
    redis.call('PUBLISH', ARGV[6],
      cjson.encode({ kind = 'unpublished', room = ARGV[5], sessionId = old, reason = 'taken-over' }))
  end
end
redis.call('DEL', KEYS[1])
redis.call('HSET', KEYS[1], 'session', ARGV[1], 'instance', ARGV[2])
redis.call('PEXPIRE', KEYS[1], ARGV[4])
return { 1, holder or '', '' }
