import type { Writable } from "node:stream";
import type { IngestHealth, Publication } from "../contract.ts";
import type { EndReason } from "./reasons.ts";

/** Media that readers of the hand-over attach to. */
export interface ReadableSource {
  readonly readers: number;
  readonly contentType: string;
  /** Starts a reader on a body; false when there are too many, or the source has ended. */
  attach(body: Writable): boolean;
  /** Asks whoever publishes for a keyframe; where that is not possible, nothing happens. */
  requestKeyframe(): void;
}

/** One live publisher of a room, whatever its protocol. */
export interface PublisherSession {
  readonly sessionId: string;
  readonly room: string;
  /** Hash of the stream key, or what stands for it: a session of the same is the same publisher's. */
  readonly keyHash: string;
  readonly token: string;
  readonly source: ReadableSource;
  readonly ended: EndReason | undefined;
  /** How long nothing has come. */
  readonly silentMs: number;
  /** The record, once the session's media are known. */
  publication(): Publication | undefined;
  health(): IngestHealth;
  end(reason: EndReason): void;
}

/** What the registry has decided on for a session to be made. */
export interface AdmittedPublisher {
  readonly sessionId: string;
  readonly room: string;
  readonly keyId: string;
  readonly keyHash: string;
}
