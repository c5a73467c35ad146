-- Drops a room's claim that an earlier run of this instance left behind, and rooms with nothing left.
-- KEYS: claim, publication, rooms. ARGV: instance, room, events channel, reason, then the sessions now alive.
-- Answers 1 when a claim was dropped.
local session = redis.call('HGET', KEYS[1], 'session')
if not session then
  if redis.call('EXISTS', KEYS[2]) == 0 then redis.call('SREM', KEYS[3], ARGV[2]) end
  return 0
end
if redis.call('HGET', KEYS[1], 'instance') ~= ARGV[1] then return 0 end
for i = 5, #ARGV do
  if ARGV[i] == session then return 0 end
end
local record = redis.call('GET', KEYS[2])
redis.call('DEL', KEYS[1], KEYS[2])
redis.call('SREM', KEYS[3], ARGV[2])
if record then
  redis.call('PUBLISH', ARGV[3],
    cjson.encode({ kind = 'unpublished', room = ARGV[2], sessionId = session, reason = ARGV[4] }))
end
return 1
