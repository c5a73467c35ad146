import type { Logger, Redis } from "@lianmai/process";
import type { Takeover } from "../contract.ts";
import type { ProgramLinks } from "../program/program-links.ts";
import type { PeerParts } from "../rtc/peer-factory.ts";
import type { StageStore } from "../seats/store.ts";
import type { IceServer } from "../signalling.ts";
import type { StageActor } from "../stage-contract.ts";
import type { OnAir } from "./on-air.ts";

/** What a room's stage stands on. */
export interface RoomOptions {
  readonly room: string;
  readonly store: StageStore;
  readonly peers: PeerParts;
  readonly logger: Logger;
  readonly sourceBaseUrl: () => string;
  readonly iceServers: (userId: string) => readonly IceServer[];
  readonly onAir: OnAir;
  readonly redis: Redis;
  readonly programs: ProgramLinks;
}

/** Who asks now: roles and policies change while a browser is connected. */
export interface Caller {
  readonly actor: StageActor;
  /** The room's policy towards a publisher that is already there. */
  readonly takeover: Takeover;
}
