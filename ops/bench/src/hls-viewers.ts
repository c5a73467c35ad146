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

/** One viewer: playlist (blocking, delta), then the part it names, for ever. */
function view(id: number): void {
  const socket = connect({ port: Number(port), host: "127.0.0.1", noDelay: true });
  let buffered: Buffer[] = [];
  let need = 0;
  let got = 0;
  let status = 0;
  let next = -1;
  let part = "";
  const ask = (target: string) => socket.write(`GET ${target} HTTP/1.1\r\nHost: x\r\n\r\n`);
  const askPlaylist = () => {
    const parts = Number(partsPerSegment);
    const block = next < 0 ? "" : `&_HLS_msn=${Math.floor(next / parts)}&_HLS_part=${next % parts}&_HLS_skip=YES`;
    part = "";
    ask(`${path}/media.m3u8?v=viewer${id}${block}`);
  };
  const answered = (body: Buffer) => {
    if (status !== 200) {
      if (status === 503) shed++;
      else wrong++;
      next = -1;
      setTimeout(askPlaylist, 500 + Math.random() * 1_000);
      return;
    }
    if (part !== "") {
      arrivals.push([part, systemClock.monotonicMs()]);
      askPlaylist();
      return;
    }
    const text = body.toString("latin1");
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
    got += chunk.length;
    // A part's body is counted, not kept; heads and playlists are small.
    if (need === 0 || part === "") buffered.push(chunk);
    if (need === 0) {
      const head = buffered.length === 1 ? chunk : Buffer.concat(buffered);
      const end = head.indexOf("\r\n\r\n");
      if (end < 0) return;
      const lines = head.toString("latin1", 0, end);
      status = Number(lines.slice(9, 12));
      need = end + 4 + Number(/content-length: (\d+)/i.exec(lines)?.[1] ?? 0);
    }
    if (got < need) return;
    const body = part === "" ? Buffer.concat(buffered) : Buffer.alloc(0);
    buffered = [];
    need = 0;
    got = 0;
    answered(body);
  });
}

for (let id = 0; id < Number(count); id++) setTimeout(() => view(id), (id * 1_000) / OPEN_PER_SECOND);
setInterval(() => {
  process.send?.({ kind: "arrivals", arrivals, wrong, shed, cpu: process.cpuUsage() });
  arrivals = [];
}, 500);
process.on("disconnect", () => process.exit(0));
