/** What members of a stage are told of it. Pure but for what it reads of the members. */
import type { StageReply, StageView } from "../signalling.ts";
import type { Stage, StageActor, StageSource } from "../stage-contract.ts";
import type { Member } from "./member.ts";

/** RFC 6464: louder than this speaks. */
const SPEAKING_LEVEL = 50;

/** The stage without what only transcode may know, and without the removed for those who do not direct. */
export function viewFor(stage: Stage, actor: StageActor): StageView {
  const { participants, removed, restrained: _restrained, ...rest } = stage;
  return {
    ...rest,
    participants: participants.map(({ sources: _sources, ...seen }) => seen),
    removed: actor.role === "guest" ? [] : removed,
  };
}

/** Who speaks, loudest first. */
export function speakersOf(
  members: ReadonlyMap<string, Member>,
  muted: (participantId: string) => boolean,
  nowMs: number,
): string[] {
  return [...members]
    .map(([id, member]) => ({ id, level: member.audioLevel(nowMs) }))
    .filter(({ id, level }) => level < SPEAKING_LEVEL && !muted(id))
    .sort((a, b) => a.level - b.level)
    .map(({ id }) => id);
}

/** A member's connection as the server sees it; undefined while it has none. */
function qualityOf(member: Member, members: ReadonlyMap<string, Member>): StageReply | undefined {
  const connection = member.peer?.connection;
  if (!connection) return undefined;
  const grades = [...members].flatMap(([id, { peer }]) =>
    peer ? [[id, grade(Math.max(peer.connection.publisher.fractionLost, peer.connection.lostToPeer))] as const] : [],
  );
  return {
    kind: "quality",
    roundTripMs: Math.round(connection.roundTripMs),
    lostToServer: connection.publisher.fractionLost,
    lostToBrowser: connection.lostToPeer,
    availableBitsPerSecond: connection.bandwidth.heard ? Math.round(connection.bandwidth.estimate) : 0,
    participants: Object.fromEntries(grades),
  };
}

const grade = (lost: number): 0 | 1 | 2 => (lost > 0.1 ? 0 : lost > 0.03 ? 1 : 2);

/** Tells everybody how their connections are. */
export function tellQuality(members: ReadonlyMap<string, Member>): void {
  for (const member of members.values()) {
    const quality = qualityOf(member, members);
    if (quality) member.send(quality);
  }
}

export const sameSources = (a: readonly StageSource[], b: readonly StageSource[]): boolean =>
  a.map(({ sourceId }) => sourceId).join() === b.map(({ sourceId }) => sourceId).join();
