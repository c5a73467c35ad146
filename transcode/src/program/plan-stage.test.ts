import type { Publication } from "@lianmai/ingest/contract";
import type { Stage, StageParticipant } from "@lianmai/ingest/stage";
import { describe, expect, test } from "vitest";
import { planStage } from "./plan-stage.ts";

const publication: Publication = {
  ...{ room: "r", sessionId: "s1", keyId: "k", protocol: "rtmp", startedAtMs: 0, sourceUrl: "http://127.0.0.1/s1" },
  ...{ sourceFormat: "flv", videoCodec: "h264", audioCodec: "aac", fpsHint: 30 },
};

function participant(id: string, seat: number, change: Partial<StageParticipant> = {}): StageParticipant {
  return {
    ...{ participantId: id, userId: id, name: id.toUpperCase(), role: seat === 0 ? "host" : "guest" },
    ...{ place: { at: "seated", seat }, sinceMs: 0, connection: "connected", keepUntilMs: 0 },
    ...{ own: { microphone: true, camera: true, screen: false }, muted: false, hidden: false, gain: 1 },
    sources: [{ sourceId: `${id}-camera`, slot: "camera", url: "http://127.0.0.1/x", hasVideo: true, hasAudio: true }],
    ...change,
  };
}

const stageOf = (...participants: StageParticipant[]): Stage => ({
  ...{ room: "r", version: 1, updatedAtMs: 0, capacity: 8, locked: [], removed: [] },
  participants,
});

const plan = (stage: Stage | null, published: Publication | null = publication) =>
  planStage({ room: "r", publication: published, stage });

describe("who is on air", () => {
  test("an encoder alone: one source, no name", () => {
    expect(plan(null)).toEqual({
      sources: [{ sourceId: "s1", url: "http://127.0.0.1/s1", format: "flv", fpsHint: 30 }],
      cast: [{ room: "r", participantId: "host", slot: "camera", sourceId: "s1" }],
      gains: {},
      participants: [{ id: "host", name: "", hasCamera: true, hasScreen: false, isMuted: false }],
    });
  });

  test("guests by seat, those not seated not at all; the host's picture is the encoder's", () => {
    const { sources, participants, cast } = plan(
      stageOf(
        participant("late", 3),
        participant("waiting", 0, { role: "guest", place: { at: "backstage" } }),
        participant("early", 1),
        participant("boss", 0, { own: { microphone: false, camera: false, screen: false } }),
      ),
    );
    expect(participants.map(({ id }) => id)).toEqual(["boss", "early", "late"]);
    expect(participants[0]).toMatchObject({ hasCamera: true, isMuted: false });
    expect(sources.map(({ sourceId, format }) => `${sourceId} ${format}`)).toEqual([
      "s1 flv",
      "early-camera rtp",
      "late-camera rtp",
    ]);
    expect(cast[0]).toEqual({ room: "r", participantId: "boss", slot: "camera", sourceId: "s1" });
  });

  test("a director's decisions: muted is silent, hidden is heard only, gain is as loud", () => {
    const { gains, participants } = plan(
      stageOf(
        participant("m", 1, { muted: true }),
        participant("h", 2, { hidden: true }),
        participant("g", 3, { gain: 0.5 }),
      ),
      null,
    );
    expect(gains).toEqual({ "m-camera": 0, "h-camera": 1, "g-camera": 0.5 });
    expect(participants.map(({ id, isMuted }) => `${id} ${isMuted}`)).toEqual(["m true", "g false"]);
  });

  test("a guest who is away keeps the place without a picture; a shared screen is a source of its own", () => {
    const screen = {
      sourceId: "a-screen",
      slot: "screen",
      url: "http://127.0.0.1/y",
      hasVideo: true,
      hasAudio: false,
    } as const;
    const sharing = participant("a", 1, { own: { microphone: true, camera: false, screen: true }, sources: [screen] });
    const { participants, cast } = plan(
      stageOf(sharing, participant("b", 2, { connection: "away", sources: [] })),
      null,
    );
    expect(participants).toMatchObject([
      { id: "a", hasCamera: false, hasScreen: true },
      { id: "b", hasCamera: false, hasScreen: false },
    ]);
    expect(cast).toEqual([{ room: "r", participantId: "a", slot: "screen", sourceId: "a-screen" }]);
  });
});
