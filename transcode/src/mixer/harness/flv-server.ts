/** A real publisher in real time: ffmpeg writes FLV, a local HTTP server hands it on as ingest does. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import http from "node:http";
import type { AddressInfo } from "node:net";
import { FlvReader, type FlvTag, parseAudioTag, parseVideoTag } from "@lianmai/ingest/flv";

const TAG_TYPES = { audio: 8, video: 9, script: 18 } as const;

export interface FlvServerOptions {
  readonly width: number;
  readonly height: number;
  readonly fps: number;
  /** More of ffmpeg's output options, e.g. another preset. */
  readonly encode?: readonly string[];
}

/** Serves one publisher at `url`; each request gets the frames since the last keyframe, then what comes. */
export class FlvServer {
  readonly url: string;
  readonly #server: http.Server;
  readonly #options: FlvServerOptions;
  #publisher: ChildProcess | null = null;
  #head: Buffer[] = [];
  #group: Buffer[] = [];
  readonly #clients = new Set<http.ServerResponse>();

  private constructor(options: FlvServerOptions, server: http.Server) {
    this.#options = options;
    this.#server = server;
    this.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/source.flv`;
    server.on("request", (_request, response) => this.#serve(response));
  }

  static async start(options: FlvServerOptions): Promise<FlvServer> {
    const server = http.createServer();
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const made = new FlvServer(options, server);
    made.publish();
    return made;
  }

  /** Starts the publisher again after {@link unpublish}. */
  publish(): void {
    const { width, height, fps, encode = [] } = this.#options;
    const publisher = spawn(
      "ffmpeg",
      [
        ...["-v", "error", "-re", "-f", "lavfi", "-i", `testsrc2=s=${width}x${height}:r=${fps}`],
        ...["-re", "-f", "lavfi", "-i", "sine=440:r=48000", "-pix_fmt", "yuv420p", "-c:v", "libx264"],
        ...["-preset", "ultrafast", "-tune", "zerolatency", "-g", `${fps}`, "-threads", "1", ...encode],
        ...["-c:a", "aac", "-ac", "2", "-f", "flv", "pipe:1"],
      ],
      { stdio: ["ignore", "pipe", "inherit"] },
    );
    this.#publisher = publisher;
    this.#head = [];
    this.#group = [];
    const reader = new FlvReader();
    publisher.stdout?.on("data", (chunk: Buffer) => {
      for (const tag of reader.push(chunk)) this.#take(tag);
    });
  }

  /** The publisher is gone: all bodies end. */
  unpublish(): void {
    this.#publisher?.kill("SIGKILL");
    this.#publisher = null;
    for (const client of this.#clients) client.end();
    this.#clients.clear();
  }

  async stop(): Promise<void> {
    this.unpublish();
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, "close");
  }

  #serve(response: http.ServerResponse): void {
    if (!this.#publisher) {
      response.writeHead(404).end();
      return;
    }
    response.writeHead(200, { "content-type": "video/x-flv" });
    response.write(Buffer.concat([flvHeader(), ...this.#head, ...this.#group]));
    this.#clients.add(response);
    response.on("close", () => this.#clients.delete(response));
  }

  #take(tag: FlvTag): void {
    const bytes = tagBytes(tag);
    const video = tag.type === "video" ? parseVideoTag(tag.data) : null;
    const sound = tag.type === "audio" ? parseAudioTag(tag.data) : null;
    if (tag.type === "script" || video?.kind === "config" || sound?.kind === "config") this.#head.push(bytes);
    else {
      if (video?.kind === "frame" && video.key) this.#group = [];
      this.#group.push(bytes);
    }
    for (const client of this.#clients) client.write(bytes);
  }
}

/** Header of a file with sound and pictures. */
export function flvHeader(): Buffer {
  return Buffer.from([0x46, 0x4c, 0x56, 1, 5, 0, 0, 0, 9, 0, 0, 0, 0]);
}

/** A tag as it stands in a file, with its trailing size. */
export function tagBytes(tag: FlvTag): Buffer {
  const bytes = Buffer.alloc(11 + tag.data.length + 4);
  bytes.writeUInt8(TAG_TYPES[tag.type], 0);
  bytes.writeUIntBE(tag.data.length, 1, 3);
  bytes.writeUIntBE(tag.timestampMs & 0xffffff, 4, 3);
  bytes.writeUInt8((tag.timestampMs >>> 24) & 0xff, 7);
  tag.data.copy(bytes, 11);
  bytes.writeUInt32BE(11 + tag.data.length, 11 + tag.data.length);
  return bytes;
}
