-- Renews a session's claim and its publication record; announces the record when it is new, changed or was lost.
-- KEYS: claim, publication, rooms. ARGV: session, instance, ttl, room, events channel, publication or ''.
-- Answers 1, or 0 when another session holds the room.
local holder = redis.call('HGET', KEYS[1], 'session')
if holder and holder ~= ARGV[1] then return 0 end
redis.call('HSET', KEYS[1], 'session', ARGV[1], 'instance', ARGV[2])
redis.call('PEXPIRE', KEYS[1], ARGV[3])
redis.call('SADD', KEYS[3], ARGV[4])
if ARGV[6] ~= '' then
  local before = redis.call('GET', KEYS[2])
  redis.call('SET', KEYS[2], ARGV[6], 'PX', ARGV[3])
  if before ~= ARGV[6] then
    redis.call('PUBLISH', ARGV[5], '{"kind":"published","publication":' .. ARGV[6] .. '}')
  end
end
return 1
