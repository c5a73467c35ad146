-- Ends a session's claim and record and announces its end, unless a successor has done so.
-- KEYS: claim, publication, rooms. ARGV: session, room, events channel, reason, announced ('1' or '0').
-- Answers 1, or 0 when another session holds the room.
local holder = redis.call('HGET', KEYS[1], 'session')
if holder and holder ~= ARGV[1] then return 0 end
redis.call('DEL', KEYS[1], KEYS[2])
redis.call('SREM', KEYS[3], ARGV[2])
if ARGV[5] == '1' then
  redis.call('PUBLISH', ARGV[3],
    cjson.encode({ kind = 'unpublished', room = ARGV[2], sessionId = ARGV[1], reason = ARGV[4] }))
end
return 1
