/** A child of the `hls` benchmark: many viewers on raw keep-alive sockets, each blocking on the next part. */
import { connect } from "node:net";
import { systemClock } from "@lianmai/process";

const [port = "0", count = "0", path = "", partsPerSegment = "6"] = process.argv.slice(2);
/** What the edge's Retry-After says: two to six seconds. */
const RETRY_MS = { least: 2_000, spread: 4_000 } as const;
/** Connections opened per second while starting. */
const OPEN_PER_SECOND = 500;
const MAX_HEAD_BYTES = 4_096;

let wrong = 0;
let shed = 0;
/** When each part's body was complete at a viewer, since the last report. */
let arrivals: [string, number][] = [];

/** All sockets read into this: what is kept of it is copied. */
const INTO = Buffer.alloc(262_144);

/** Reads answers off a keep-alive connection: heads are parsed, long bodies only counted. */
class AnswerReader {
  #kept: Buffer[] = [];
  #needBytes = 0;
  #gotBytes = 0;
  #status = 0;

  /** Takes bytes; the status when an answer is complete (with the body if `keep`), else null. */
  push(chunk: Uint8Array, keep: boolean): { readonly status: number; readonly text: string } | null {
    this.#gotBytes += chunk.length;
    if (keep || this.#needBytes === 0) this.#kept.push(Buffer.from(keep ? chunk : chunk.subarray(0, MAX_HEAD_BYTES)));
    if (this.#needBytes === 0 && !this.#readHead()) return null;
    if (this.#gotBytes < this.#needBytes) return null;
    const answer = { status: this.#status, text: keep ? Buffer.concat(this.#kept).toString("latin1") : "" };
    this.#kept = [];
    this.#needBytes = 0;
    this.#gotBytes = 0;
    return answer;
  }

  #readHead(): boolean {
    const bytes = Buffer.concat(this.#kept);
    const end = bytes.indexOf("\r\n\r\n");
    if (end < 0) return false;
    const head = bytes.toString("latin1", 0, end);
    this.#status = Number(head.slice(9, 12));
    this.#needBytes = end + 4 + Number(/content-length: (\d+)/i.exec(head)?.[1] ?? 0);
    return true;
  }
}

/** One viewer: playlist (blocking, delta), then the part it names, for ever. */
function view(id: number): void {
  function take(length: number, into: Uint8Array): boolean {
    const answer = reader.push(into.subarray(0, length), part === "");
    if (!answer) return true;
    if (answer.status !== 200) refused(answer.status);
    else if (part === "") listed(answer.text);
    else {
      if (joined) arrivals.push([part, systemClock.monotonicMs()]);
      joined = true;
      askPlaylist();
    }
    return true;
  }
  const socket = connect({
    port: Number(port),
    host: "127.0.0.1",
    noDelay: true,
    onread: { buffer: INTO, callback: take },
  });
  const reader = new AnswerReader();
  let next = -1;
  /** The part asked for; empty while a playlist is. */
  let part = "";
  /** Has its first part: that one was made before it was asked for, and is no measure of lateness. */
  let joined = false;
  const ask = (target: string) => socket.write(`GET ${target} HTTP/1.1\r\nHost: x\r\n\r\n`);
  const askPlaylist = () => {
    const parts = Number(partsPerSegment);
    const block = next < 0 ? "" : `&_HLS_msn=${Math.floor(next / parts)}&_HLS_part=${next % parts}&_HLS_skip=YES`;
    part = "";
    ask(`${path}/media.m3u8?v=viewer${id}${block}`);
  };
  const refused = (status: number) => {
    if (status === 503) shed++;
    else wrong++;
    next = -1;
    joined = false;
    setTimeout(askPlaylist, RETRY_MS.least + Math.random() * RETRY_MS.spread);
  };
  const listed = (text: string) => {
    const at = text.lastIndexOf("#EXT-X-PART:");
    part = /URI="([^"]+)"/.exec(text.slice(at, text.indexOf("\n", at)))?.[1] ?? "";
    next = Number(/-(\d+)\.m4s/.exec(part)?.[1] ?? -1) + 1;
    if (part === "") wrong++;
    else ask(`${path}/${part}`);
  };
  socket.on("connect", askPlaylist);
  socket.on("error", () => void wrong++);
  socket.on("close", () => setTimeout(() => view(id), 1_000));
}

for (let id = 0; id < Number(count); id++) setTimeout(() => view(id), (id * 1_000) / OPEN_PER_SECOND);
setInterval(() => {
  process.send?.({ kind: "arrivals", arrivals, wrong, shed, cpu: process.cpuUsage() });
  arrivals = [];
}, 500);
process.on("disconnect", () => process.exit(0));
