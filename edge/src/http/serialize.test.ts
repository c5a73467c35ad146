import build from "fast-json-stringify";
import { afterAll, beforeAll, expect, it } from "vitest";
import { startTestEdge, type TestEdge } from "../testing/edge.ts";
import { startTestRedis, type TestRedis } from "../testing/redis.ts";
import { compileSerializer } from "./serialize.ts";

let redis: TestRedis;
let edge: TestEdge;
beforeAll(async () => {
  redis = await startTestRedis();
  edge = await startTestEdge(redis);
});
afterAll(async () => {
  await edge.stop();
  await redis.stop();
});

interface Operation {
  readonly responses: Readonly<
    Record<string, { readonly content?: Readonly<Record<string, { readonly schema?: unknown }>> }>
  >;
}

it("can write the answers of every route, though none is compiled at the start", async () => {
  const { body } = await edge.call<{ readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>> }>(
    "GET",
    "/api/openapi.json",
  );
  let compiled = 0;
  for (const [path, operations] of Object.entries(body.paths)) {
    for (const [method, { responses }] of Object.entries(operations)) {
      for (const [status, { content = {} }] of Object.entries(responses)) {
        for (const { schema } of Object.values(content)) {
          expect(() => build(schema as Parameters<typeof build>[0]), `${method} ${path} ${status}`).not.toThrow();
          compiled += 1;
        }
      }
    }
  }
  expect(compiled).toBeGreaterThan(50);
});

it("leaves out what the schema does not name, and is only compiled when it writes", () => {
  const schema = { type: "object", properties: { name: { type: "string" } } };
  expect(compileSerializer({ schema })({ name: "ana", password: "hash" })).toBe('{"name":"ana"}');
  const write = compileSerializer({ schema: { type: "object", properties: { name: { type: "no type" } } } });
  expect(() => write({ name: "ana" })).toThrow(/schema is invalid/);
});
