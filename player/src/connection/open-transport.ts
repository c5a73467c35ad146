/** The two ways frames travel: a WebSocket, or server-sent events with POST where WebSockets do not pass. */
import { type ClientFrame, type ServerFrame, SUBPROTOCOL } from "@lianmai/edge/protocol/room";

/** An open or opening way to the edge. */
export interface Transport {
  send(frame: ClientFrame): void;
  close(): void;
}

/** What a transport tells; `closed` comes last and once, with the close code or 1006. */
export interface TransportEvents {
  readonly opened: () => void;
  readonly received: (frame: ServerFrame) => void;
  readonly closed: (code: number) => void;
}

const LOST = 1_006;

/** Opens a WebSocket; `base` is the edge's origin, e.g. https://live.example */
export function openWebSocket(base: string, events: TransportEvents): Transport {
  const socket = new WebSocket(`${base.replace(/^http/, "ws")}/ws`, SUBPROTOCOL);
  socket.addEventListener("open", () => events.opened());
  socket.addEventListener("message", ({ data }) => events.received(JSON.parse(String(data)) as ServerFrame));
  socket.addEventListener("close", ({ code }) => events.closed(code));
  return {
    send(frame) {
      if (socket.readyState === WebSocket.OPEN) socket.send(JSON.stringify(frame));
    },
    close: () => socket.close(),
  };
}

/** Opens a stream of events with the first frame, which must be `hello`; later frames are posted one after the other. */
export function openEvents(base: string, events: TransportEvents): Transport {
  const stop = new AbortController();
  let sid: Promise<string> | undefined;
  let tail: Promise<unknown> = Promise.resolve();
  const post = (path: string, frame: ClientFrame) =>
    fetch(`${base}/api/v1/room/${path}`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(frame),
      signal: stop.signal,
    });
  const start = async (hello: ClientFrame, gotSid: (sid: string) => void): Promise<number> => {
    const response = await post("events", hello);
    if (!response.ok || !response.body) return LOST;
    let code = LOST;
    for await (const frame of framesOf(response.body)) {
      if (frame.t === "welcome") gotSid(frame.sid);
      code = closeCodeOf(frame) ?? code;
      events.received(frame);
    }
    return code;
  };
  queueMicrotask(events.opened);
  return {
    send(frame) {
      if (!sid) {
        sid = new Promise((resolve) => {
          start(frame, resolve).then(events.closed, () => events.closed(LOST));
        });
        return;
      }
      const named = sid;
      tail = tail.then(async () => post(`frames/${await named}`, frame)).catch(() => stop.abort());
    },
    close: () => stop.abort(),
  };
}

const closeCodeOf = (frame: ServerFrame): number | undefined =>
  frame.t === "ctl" && frame.ctl === "close" ? frame.code : undefined;

async function* framesOf(body: ReadableStream<Uint8Array>): AsyncGenerator<ServerFrame> {
  const reader = body
    .pipeThrough(new TextDecoderStream() as unknown as ReadableWritablePair<string, Uint8Array>)
    .getReader();
  let rest = "";
  for (let part = await reader.read(); !part.done; part = await reader.read()) {
    const events = (rest + part.value).split("\n\n");
    rest = events.pop() ?? "";
    for (const event of events) if (event.startsWith("data: ")) yield JSON.parse(event.slice(6)) as ServerFrame;
  }
}
