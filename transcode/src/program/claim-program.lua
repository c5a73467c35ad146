-- claim-program: take or keep the lease on a room's program; each taking gets a higher fencing number.
-- KEYS  lease, epoch counter   ARGV  owner, ttl ms, "take" | "renew"
-- REPLY  the epoch (integer) | "held" (someone else has it) | "lost" (renew of a lease that is not ours any more)
local lease, counter = KEYS[1], KEYS[2]
local owner, ttl, verb = ARGV[1], ARGV[2], ARGV[3]
local holder = redis.call("GET", lease)
if holder and holder ~= owner then
  if verb == "renew" then return "lost" end
  return "held"
end
redis.call("SET", lease, owner, "PX", ttl)
if verb == "renew" then
  return tonumber(redis.call("GET", counter) or "0")
end
return redis.call("INCR", counter)
