import type { Redis } from "@lianmai/process";
import { Value } from "typebox/value";
import { publicationRedisKey, publicationSchema } from "../contract.ts";
import type { ProgramLinks, ProgramUse } from "../program/program-links.ts";
import { PROGRAM_PARTICIPANT } from "../signalling.ts";
import type { WantedTrack } from "./member-peer.ts";

/**
 * What guests see and hear of a room that an encoder feeds (RTMP or WHIP): the program's picture, and the encoder's
 * sound alone, as they would hear themselves in the mix. Read from transcode only while a guest has media.
 */
export class EncoderTracks {
  readonly #room: string;
  readonly #redis: Redis;
  readonly #programs: ProgramLinks;
  #use: ProgramUse | undefined;
  #closed = false;

  constructor(options: { readonly room: string; readonly redis: Redis; readonly programs: ProgramLinks }) {
    this.#room = options.room;
    this.#redis = options.redis;
    this.#programs = options.programs;
  }

  /** Looks whether an encoder feeds the room. Never rejects: while Redis is away all stays as it is. */
  async look(options: { readonly wanted: boolean }): Promise<void> {
    const feeds = options.wanted && (await this.#isFed().catch(() => this.#use !== undefined));
    if (feeds && !this.#closed) this.#use ??= this.#programs.use(this.#room);
    else this.#release();
  }

  tracks(nowMs: number): WantedTrack[] {
    const media = this.#use?.link.media;
    const flowing = media ? [media.video, media.solo].filter((one) => one.liveLayers(nowMs).length > 0) : [];
    return flowing.map((producer) => ({ participantId: PROGRAM_PARTICIPANT, slot: "camera", producer }));
  }

  close(): void {
    this.#closed = true;
    this.#release();
  }

  #release(): void {
    this.#use?.release();
    this.#use = undefined;
  }

  async #isFed(): Promise<boolean> {
    const text = await this.#redis.get(publicationRedisKey(this.#room));
    const publication: unknown = text === null ? undefined : JSON.parse(text);
    return Value.Check(publicationSchema, publication) && publication.protocol !== "stage";
  }
}
