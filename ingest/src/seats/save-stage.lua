-- Stores a room's stage if nobody has changed it since it was read, tells it, and keeps the change for the room log.
-- KEYS: stage, rooms, log. ARGV: version it was read with, stage, room, ttl, events channel, event, most entries of
-- the log, record ('' for none).
-- Answers 1, or 0 when it has been changed.
local before = redis.call('GET', KEYS[1])
local version = before and cjson.decode(before).version or 0
if version ~= tonumber(ARGV[1]) then return 0 end
redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[4])
redis.call('SADD', KEYS[2], ARGV[3])
if ARGV[8] ~= '' then redis.call('XADD', KEYS[3], 'MAXLEN', '~', ARGV[7], '*', 'record', ARGV[8]) end
redis.call('PUBLISH', ARGV[5], ARGV[6])
return 1
