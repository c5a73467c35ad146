import { describe, expect, it } from "vitest";
import type { Producer } from "../sfu/producer.ts";
import type { SourceSlot, StageParticipant } from "../stage-contract.ts";
import { chooseTracks } from "./choose-tracks.ts";
import type { WantedTrack } from "./member-peer.ts";

const track = (participantId: string, slot: SourceSlot = "camera"): WantedTrack => ({
  ...{ participantId, slot },
  producer: {} as Producer,
});
const seated = [
  { participantId: "host", role: "host" },
  { participantId: "mei", role: "guest" },
  { participantId: "li", role: "guest" },
] as unknown as readonly StageParticipant[];
const of = (id: string) => [track(id), ...(id === "host" ? [track(id, "screen")] : [])];
const names = (tracks: readonly WantedTrack[]) => tracks.map(({ participantId, slot }) => `${participantId} ${slot}`);

describe("on the stage", () => {
  it("everybody gets all the others", () => {
    const stage = { seated, of, encoder: [] };
    expect(names(chooseTracks({ participantId: "host", isHost: true }, stage))).toEqual(["mei camera", "li camera"]);
    expect(names(chooseTracks({ participantId: "li", isHost: false }, stage))).toEqual([
      "host camera",
      "host screen",
      "mei camera",
    ]);
  });

  it("that an encoder feeds, guests get that, and of the host the screen alone", () => {
    const stage = { seated, of, encoder: [track("program")] };
    expect(names(chooseTracks({ participantId: "host", isHost: true }, stage))).toEqual(["mei camera", "li camera"]);
    expect(names(chooseTracks({ participantId: "mei", isHost: false }, stage))).toEqual([
      "host screen",
      "li camera",
      "program camera",
    ]);
  });
});
