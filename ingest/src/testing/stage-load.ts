/** A stage process of its own and members that are no browsers: for benchmarks and torture. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readdirSync, readFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Value } from "typebox/value";
import { readRtp } from "../rtp/packet.ts";
import type { StageReply, StageRequest } from "../signalling.ts";
import { probeMediaPort } from "../stage/media-port.ts";
import {
  type DirectorCommand,
  type OwnCommand,
  STAGE_NODES_REDIS_KEY,
  type StageActor,
  type StageNode,
  stageNodeRedisKey,
  stageNodeSchema,
} from "../stage-contract.ts";
import { RAW_PAYLOAD_TYPES, RawClient } from "./raw-client.ts";
import { RawShow } from "./raw-media.ts";
import { eventually, type TestRedis } from "./redis.ts";

export { encodePictures } from "./raw-media.ts";
export { eventually, startTestRedis } from "./redis.ts";

/** A stage process, measured from outside. */
export interface StageChild {
  readonly pid: number;
  readonly url: string;
  readonly token: string;
  readonly mediaPort: number;
  readonly exited: () => boolean;
  /** User and system time so far. */
  cpuSeconds(): number;
  handles(): number;
  residentMb(): number;
  metric(name: string): Promise<number>;
  call(
    method: string,
    path: string,
    options?: { readonly headers?: Record<string, string>; readonly body?: string },
  ): Promise<Response>;
  stop(): Promise<void>;
}

/** Starts one; `preload` is a module that Node loads first, `mediaHost` the address it takes media on. */
export async function startStageChild(
  redis: Pick<TestRedis, "url" | "client">,
  options: { readonly preload?: string; readonly mediaHost?: string } = {},
): Promise<StageChild> {
  const directory = await mkdtemp(join(tmpdir(), "stage-child-"));
  const { mediaHost = "127.0.0.1" } = options;
  const mediaPort = await probeMediaPort(mediaHost, 0);
  const flags = options.preload ? ["--import", options.preload] : [];
  const child: ChildProcess = spawn(process.execPath, [...flags, join(import.meta.dirname, "../stage/main.ts")], {
    stdio: ["ignore", "ignore", "inherit"],
    env: {
      ...{ REDIS_URL: redis.url, DATA_DIR: directory, STAGE_HTTP_PORT: "0", LOG_LEVEL: "error" },
      ...{ MEDIA_HOST: mediaHost, MEDIA_PORT: String(mediaPort) },
    },
  });
  const node = await eventually(() => readNode(redis), 30_000);
  const pid = child.pid ?? 0;
  const call: StageChild["call"] = (method, path, { headers, body } = {}) =>
    fetch(node.url + path, {
      method,
      headers: { "x-lianmai-node-token": node.token, ...headers },
      ...(body !== undefined && { body }),
    });
  return {
    ...{ pid, mediaPort, call, url: node.url, token: node.token },
    exited: () => child.exitCode !== null || child.signalCode !== null,
    cpuSeconds() {
      const text = readFileSync(`/proc/${pid}/stat`, "utf8");
      const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
      return (Number(fields[11]) + Number(fields[12])) / 100;
    },
    handles: () => readdirSync(`/proc/${pid}/fd`).length,
    residentMb: () => Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]) / 1_024,
    async metric(name) {
      const text = await (await fetch(`${node.url}/metrics`)).text();
      return Number(new RegExp(`^${name}(?:\\{[^}]*\\})? (\\S+)$`, "m").exec(text)?.[1]);
    },
    async stop() {
      const gone = once(child, "exit");
      child.kill("SIGTERM");
      await gone;
      await rm(directory, { recursive: true, force: true });
    },
  };
}

async function readNode(redis: Pick<TestRedis, "client">): Promise<StageNode | undefined> {
  const [id] = await redis.client.smembers(STAGE_NODES_REDIS_KEY);
  const text = id === undefined ? null : await redis.client.get(stageNodeRedisKey(id));
  const node: unknown = text === null ? undefined : JSON.parse(text);
  return Value.Check(stageNodeSchema, node) ? node : undefined;
}

/** Where a stage is spoken to, and as whom. */
export interface StageDoor {
  /** What `events` and `requests` stand below. */
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** Somebody on a stage who sends and receives real RTP and shows nothing. */
export class StageMember {
  readonly replies: StageReply[] = [];
  /** Every packet received. */
  onPacket: (packet: Buffer) => void = () => {};
  /** Of what it sends. */
  readonly ssrcs = { audio: 1 + Math.floor(Math.random() * 2 ** 31), video: 1 + Math.floor(Math.random() * 2 ** 31) };
  /** Packets received, and when the last one came, by the kind of their media. */
  readonly received = { audio: { packets: 0, lastMs: 0 }, video: { packets: 0, lastMs: 0 } };
  readonly #door: StageDoor;
  readonly #gone = new AbortController();
  /** When a packet last came, by SSRC, and whose sound an SSRC is. */
  readonly #lastMs = new Map<number, number>();
  readonly #sounds = new Map<string, number>();
  #client: RawClient | undefined;
  #show: RawShow | undefined;
  #lead: (sdp: string) => string = (sdp) => sdp;
  #connectionId = "";
  #commands = 0;

  private constructor(door: StageDoor) {
    this.#door = door;
  }

  /** By the stage's own door, as an edge names people there. */
  static enter(child: StageChild, options: { readonly room: string; readonly actor: StageActor }) {
    const actor = encodeURIComponent(JSON.stringify(options.actor));
    const headers = { "x-lianmai-node-token": child.token, "x-lianmai-actor": actor };
    return StageMember.enterBy({ url: `${child.url}/stage/${options.room}`, headers });
  }

  static async enterBy(door: StageDoor): Promise<StageMember> {
    const member = new StageMember(door);
    const response = await fetch(`${door.url}/events`, { headers: door.headers, signal: member.#gone.signal });
    if (!response.body) throw new Error(`no events: ${response.status}`);
    void member.#read(response.body).catch(() => {});
    await eventually(() => member.#connectionId !== "");
    return member;
  }

  async command(command: OwnCommand | DirectorCommand): Promise<string> {
    this.#commands += 1;
    const commandId = this.#commands;
    await this.request({ kind: "command", commandId, command });
    const result = await eventually(() =>
      this.replies.find((reply) => reply.kind === "result" && reply.commandId === commandId),
    );
    return result.kind === "result" ? result.code : "";
  }

  /** Connects its media; resolves when they may flow. `lead`: what becomes of the stage's answer before it is taken. */
  async join(lead: (sdp: string) => string = (sdp) => sdp): Promise<void> {
    const { audio, video } = this.ssrcs;
    const client = new RawClient([
      { kind: "audio", ssrc: audio },
      { kind: "video", ssrc: video },
    ]);
    this.#client?.close();
    this.#client = client;
    client.onPacket = (packet) => this.#received(packet);
    this.#lead = lead;
    await this.request({ kind: "join", sdp: client.offer });
    await client.connected;
  }

  show(pictures: readonly (readonly Buffer[])[]): void {
    this.#show?.stop();
    this.#show = new RawShow({ ssrcs: this.ssrcs, pictures, send: (packet) => this.#client?.send(packet) });
  }

  /** Sends a packet as it is, over the protected connection. */
  send(packet: Buffer): void {
    this.#client?.send(packet);
  }

  /** When somebody's sound last came, on this process's clock; 0 for never. */
  lastSoundOf(participantId: string): number {
    return this.#lastMs.get(this.#sounds.get(participantId) ?? 0) ?? 0;
  }

  close(): void {
    this.#show?.stop();
    this.#client?.close();
    this.#gone.abort();
  }

  #received(packet: Buffer): void {
    this.onPacket(packet);
    const header = readRtp(packet);
    if (header) this.#lastMs.set(header.ssrc, performance.now());
    const type = header?.payloadType;
    const kind = type === RAW_PAYLOAD_TYPES.audio ? "audio" : type === RAW_PAYLOAD_TYPES.video ? "video" : undefined;
    if (!kind) return;
    this.received[kind].packets += 1;
    this.received[kind].lastMs = performance.now();
  }

  async request(request: StageRequest): Promise<void> {
    const answer = await fetch(`${this.#door.url}/requests/${this.#connectionId}`, {
      method: "POST",
      headers: { ...this.#door.headers, "content-type": "application/json" },
      body: JSON.stringify(request),
    });
    if (answer.status !== 202) throw new Error(`${request.kind}: ${answer.status} ${await answer.text()}`);
  }

  async #read(body: ReadableStream<Uint8Array>): Promise<void> {
    let rest = "";
    for await (const text of body.pipeThrough(new TextDecoderStream())) {
      const parts = (rest + text).split("\n\n");
      rest = parts.pop() ?? "";
      for (const part of parts) await this.#take(JSON.parse(part.slice("data: ".length)) as StageReply);
    }
  }

  async #take(reply: StageReply): Promise<void> {
    if (reply.kind === "result") this.replies.push(reply);
    if (reply.kind === "welcome") this.#connectionId = reply.connectionId;
    if (reply.kind === "joined") this.#client?.answered(this.#lead(reply.sdp));
    if (reply.kind !== "offer") return;
    for (const { mid, kind, participantId } of reply.tracks) {
      const line = reply.sdp.split(/^m=/m).find((section) => section.includes(`a=mid:${mid}\r\n`));
      if (kind === "audio") this.#sounds.set(participantId, Number(/a=ssrc:(\d+)/.exec(line ?? "")?.[1] ?? 0));
    }
    const sdp = reply.sdp.replaceAll("a=sendonly", "a=recvonly").replaceAll("a=setup:actpass", "a=setup:active");
    await this.request({ kind: "answer", offerId: reply.offerId, sdp });
  }
}
