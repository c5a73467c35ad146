-- Gives up the lease on a room's stage, unless another node holds it.
-- KEYS: place. ARGV: node. Answers 1, or 0 when it was not this node's.
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
redis.call('DEL', KEYS[1])
return 1
