/** What a connection tells, and what it asks its driver to do. */
import type {
  ClientFrame,
  FaultCode,
  RoomModes,
  ServerFrame,
  ServerFrameOf,
  StateUpdate,
  WelcomeRoom,
  You,
} from "@lianmai/edge/protocol/room";
import type { OutboxChange } from "./outbox.ts";
import type { LogChange } from "./room-track.ts";

/** What the driver must do. */
export type Effect =
  | { readonly do: "connect"; readonly by: "websocket" | "events" }
  | { readonly do: "disconnect" }
  | { readonly do: "send"; readonly frame: ClientFrame }
  /** Get a token and call `gotToken`, or `noToken`. */
  | { readonly do: "token" }
  | { readonly do: "tell"; readonly event: ConnectionEvent };

/** What whoever shows a room learns. */
export type ConnectionEvent =
  | { readonly event: "status"; readonly status: Status }
  | { readonly event: "room"; readonly room: string; readonly welcome: WelcomeRoom }
  | { readonly event: "log"; readonly room: string; readonly change: LogChange }
  | { readonly event: "outbox"; readonly change: OutboxChange }
  | { readonly event: "state"; readonly room: string; readonly updates: readonly StateUpdate[] }
  | { readonly event: "modes"; readonly room: string; readonly modes: RoomModes }
  | { readonly event: "you"; readonly room: string; readonly you: You }
  | {
      readonly event: "left";
      readonly room: string;
      readonly why: ServerFrameOf<"left">["why"];
      readonly untilMs?: number;
    }
  | { readonly event: "fault"; readonly room?: string; readonly code: FaultCode };

/** `offline` carries when the next attempt is due. */
export type Status =
  | { readonly at: "connecting" }
  | { readonly at: "online" }
  | { readonly at: "offline"; readonly againMs: number }
  | { readonly at: "ended"; readonly why: string };

/** What a frame that changes nothing here tells; undefined for all others. */
export function eventOf(frame: ServerFrame): ConnectionEvent | undefined {
  switch (frame.t) {
    case "st":
      return { event: "state", room: frame.room, updates: frame.st };
    case "left": {
      const { room, why, untilMs } = frame;
      return why === "asked" ? undefined : { event: "left", room, why, ...(untilMs !== undefined && { untilMs }) };
    }
    case "fault":
      return { event: "fault", code: frame.code, ...(frame.room !== undefined && { room: frame.room }) };
    case "ctl":
      return frame.ctl === "you" ? { event: "you", room: frame.room, you: frame.you } : undefined;
    default:
      return undefined;
  }
}
