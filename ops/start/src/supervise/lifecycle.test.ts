import fc from "fast-check";
import { expect, it } from "vitest";
import { type ChildEvent, type ChildState, HEALTHY_AFTER_MS, step, wasHealthy } from "./lifecycle.ts";

const event: fc.Arbitrary<ChildEvent> = fc.constantFrom(
  { kind: "spawned", atMs: 1 },
  { kind: "ready", atMs: 2 },
  { kind: "exited" },
  { kind: "stop" },
);

it("never starts again once it was asked to stop", () => {
  fc.assert(
    fc.property(fc.array(event), fc.array(event), (before, after) => {
      const asked = [...before, { kind: "stop" } as const].reduce(step, { at: "idle" } as ChildState);
      const later = after.reduce(step, asked);
      expect(["stopping", "stopped"]).toContain(later.at);
    }),
  );
});

it("serves only between a ready and an end", () => {
  const path = [
    { kind: "ready", atMs: 1 },
    { kind: "spawned", atMs: 1 },
    { kind: "ready", atMs: 2 },
    { kind: "exited" },
    { kind: "ready", atMs: 3 },
    { kind: "spawned", atMs: 4 },
  ] as const;
  const states: string[] = [];
  path.reduce<ChildState>(
    (state, next) => {
      const reached = step(state, next);
      states.push(reached.at);
      return reached;
    },
    { at: "idle" },
  );
  expect(states).toEqual(["idle", "starting", "ready", "waiting", "waiting", "starting"]);
});

it("counts as healthy only after having served a while", () => {
  expect(wasHealthy({ at: "ready", sinceMs: 0 }, HEALTHY_AFTER_MS)).toBe(true);
  expect(wasHealthy({ at: "ready", sinceMs: 0 }, HEALTHY_AFTER_MS - 1)).toBe(false);
  expect(wasHealthy({ at: "starting", sinceMs: 0 }, HEALTHY_AFTER_MS)).toBe(false);
});
