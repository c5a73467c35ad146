import type { FaultCode } from "../../protocol/room/codes.ts";
import type { WantedRoom } from "../../protocol/room/frames.ts";
import type { Access } from "../people/room-access.ts";
import type { GatewayParts } from "./gateway-parts.ts";
import type { Member } from "./member.ts";
import type { RoomHub } from "./room-hub.ts";
import { type FirstPage, firstPage, welcomeJson } from "./welcome.ts";

/** A room that can be entered: what to tell first, and where that leads. */
export interface JoinedRoom {
  readonly hub: RoomHub;
  readonly access: Access;
  readonly page: FirstPage;
  /** The room's part of the answer, as JSON. */
  json(): string;
}

/** A room a connection is in. */
export interface Place {
  readonly hub: RoomHub;
  readonly member: Member;
}

/** A room that cannot be entered, and why. */
export interface RefusedRoom {
  readonly room: string;
  readonly fault: FaultCode;
  readonly retryMs?: number;
  readonly untilMs?: number;
}

/** Reads everything that somebody who joins is told; rejects with RoomAway. */
export async function joinRoom(
  parts: Pick<GatewayParts, "hubOf" | "log" | "plane" | "metrics">,
  access: Access,
  at: WantedRoom["at"],
): Promise<JoinedRoom> {
  const hub = await parts.hubOf(access);
  const [state, values] = await Promise.all([parts.log.state(access.roomId), parts.plane.snapshot(access.roomId)]);
  const wasNear = at !== undefined && hub.feed.ring.after(at, 1) !== undefined;
  const page = await firstPage(hub.feed, at);
  if (at) parts.metrics.resumed(wasNear ? "memory" : "log", page.skips.length > 0);
  return { hub, access, page, json: () => welcomeJson({ feed: hub.feed, access, page, state, values }) };
}
