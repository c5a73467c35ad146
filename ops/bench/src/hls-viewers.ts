/** A child of the `hls` benchmark: many viewers on raw keep-alive sockets, each blocking on the next part. */
import { connect } from "node:net";
import { systemClock } from "@lianmai/process";

const [port = "0", count = "0", path = "", partsPerSegment = "6"] = process.argv.slice(2);
/** Connections opened per second while starting. */
const OPEN_PER_SECOND = 500;

let wrong = 0;
let shed = 0;
/** When each part's body was complete at a viewer, since the last report. */
let arrivals: [string, number][] = [];

/** Reads answers off a keep-alive connection: heads are parsed, long bodies only counted. */
class AnswerReader {
  #kept: Buffer[] = [];
  #needBytes = 0;
  #gotBytes = 0;
  #status = 0;

  /** Takes bytes; the status when an answer is complete (with the body if `keep`), else null. */
  push(chunk: Buffer, keep: boolean): { readonly status: number; readonly text: string } | null {
    this.#gotBytes += chunk.length;
    if (keep || this.#needBytes === 0) this.#kept.push(chunk);
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
  const socket = connect({ port: Number(port), host: "127.0.0.1", noDelay: true });
  const reader = new AnswerReader();
  let next = -1;
  /** The part asked for; empty while a playlist is. */
  let part = "";
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
    setTimeout(askPlaylist, 500 + Math.random() * 1_000);
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
  socket.on("data", (chunk: Buffer) => {
    const answer = reader.push(chunk, part === "");
    if (!answer) return;
    if (answer.status !== 200) return refused(answer.status);
    if (part === "") return listed(answer.text);
    arrivals.push([part, systemClock.monotonicMs()]);
    askPlaylist();
  });
}

for (let id = 0; id < Number(count); id++) setTimeout(() => view(id), (id * 1_000) / OPEN_PER_SECOND);
setInterval(() => {
  process.send?.({ kind: "arrivals", arrivals, wrong, shed, cpu: process.cpuUsage() });
  arrivals = [];
}, 500);
process.on("disconnect", () => process.exit(0));
