import { expect, it } from "vitest";
import { readRedisLine, renderRedisConfig } from "./own-redis.ts";

it("reads Redis' lines: failures warn, advice and chatter do not", () => {
  const line = (text: string) => readRedisLine(`25799:M 23 Nov 2026 23:59:14.011 # ${text}`);
  expect(line("Ready to accept connections")).toEqual({ level: "debug", text: "Ready to accept connections" });
  expect(line("WARNING Memory overcommit must be enabled! It may fail.").level).toBe("debug");
  expect(line("Write error saving DB on disk: No space left on device").level).toBe("warn");
});

it("keeps every write and drops no key", () => {
  expect(renderRedisConfig({ dir: "/data dir/redis", port: 6390, password: "secret" })).toBe(`bind 127.0.0.1
port 6390
protected-mode yes
requirepass secret
dir "/data dir/redis"
appendonly yes
appendfsync everysec
save ""
maxmemory-policy noeviction
daemonize no
logfile ""
`);
});
