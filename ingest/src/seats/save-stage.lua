-- Stores a room's stage if nobody has changed it since it was read, and tells it.
-- KEYS: stage, rooms. ARGV: version it was read with, stage, room, ttl, events channel, event.
-- Answers 1, or 0 when it has been changed.
local before = redis.call('GET', KEYS[1])
local version = before and cjson.decode(before).version or 0
if version ~= tonumber(ARGV[1]) then return 0 end
redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[4])
redis.call('SADD', KEYS[2], ARGV[3])
redis.call('PUBLISH', ARGV[5], ARGV[6])
return 1
