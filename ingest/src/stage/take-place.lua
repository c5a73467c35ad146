-- Takes or renews the lease on a room's stage for a node.
-- KEYS: place. ARGV: node, ttl. Answers 1, or 0 when another node holds it.
local holder = redis.call('GET', KEYS[1])
if holder and holder ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return 1
