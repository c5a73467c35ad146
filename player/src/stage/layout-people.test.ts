import type { StageView } from "@lianmai/ingest/signalling";
import { expect, it } from "vitest";
import { layoutPeople } from "./layout-people.ts";
import type { Participant } from "./stage-state.ts";

const person = (participantId: string, seat: number, role: Participant["role"] = "guest"): Participant => ({
  ...{ participantId, userId: participantId, name: participantId, role, place: { at: "seated", seat }, sinceMs: 0 },
  ...{ connection: "connected", keepUntilMs: 0, muted: false, hidden: false, gain: 1 },
  own: { microphone: false, camera: false, screen: false },
});
const stage = (...participants: Participant[]): StageView => ({
  ...{ room: "tea", version: 1, updatedAtMs: 0, capacity: 8, locked: [], participants, removed: [] },
});
const cameras = (people: ReturnType<typeof layoutPeople>) => people.map(({ id, hasCamera }) => [id, hasCamera]);

it("are those with a seat, by seat", () => {
  expect(cameras(layoutPeople(stage(person("mei", 2), person("ann", 0, "host")), null))).toEqual([
    ["ann", false],
    ["mei", false],
  ]);
  expect(layoutPeople(undefined, null)).toEqual([]);
});

it("have the encoder's picture in the host's place, whether the host is on the stage, hidden, or not there", () => {
  const [mei, ann] = [person("mei", 1), person("ann", 0, "host")];
  expect(cameras(layoutPeople(stage(mei, ann), "ann"))).toEqual([
    ["ann", true],
    ["mei", false],
  ]);
  expect(cameras(layoutPeople(stage(mei, { ...ann, hidden: true }), "ann"))).toEqual([["mei", false]]);
  expect(cameras(layoutPeople(stage(mei), "ann"))).toEqual([
    ["host", true],
    ["mei", false],
  ]);
});
