/** The edge's tests use the kit's Redis as it is. */
export {
  eventually,
  freePort,
  silentLogger as silent,
  startTestRedis,
  type TestRedis,
} from "@lianmai/process/testing/redis-server";
