import type { ServerFrame, ServerFrameOf } from "../protocol/room/frames.ts";
import { eventually } from "./redis.ts";

/** A bare client of the room protocol: keeps every frame, decides nothing. */
export interface RoomClient {
  readonly frames: ServerFrame[];
  /** Close code once closed. */
  closed(): number | undefined;
  send(frame: unknown): void;
  /** First frame of a kind that fits, now or later. */
  next<T extends ServerFrame["t"]>(t: T, fits?: (frame: ServerFrameOf<T>) => boolean): Promise<ServerFrameOf<T>>;
  close(): void;
}

/** Connects; `hello` is sent when given. */
export async function connectRoom(url: string, hello?: Record<string, unknown>): Promise<RoomClient> {
  const socket = new WebSocket(`${url.replace("http", "ws")}/ws`);
  const frames: ServerFrame[] = [];
  let code: number | undefined;
  socket.addEventListener("message", ({ data }) => frames.push(JSON.parse(String(data))));
  socket.addEventListener("close", (event) => {
    code = event.code;
  });
  await new Promise((resolve, reject) => {
    socket.addEventListener("open", resolve);
    socket.addEventListener("error", () => reject(new Error("no connection")));
  });
  const send = (frame: unknown) => socket.send(typeof frame === "string" ? frame : JSON.stringify(frame));
  if (hello) send({ t: "hello", v: 1, ...hello });
  return {
    frames,
    closed: () => code,
    send,
    next: (t, fits = () => true) =>
      eventually(() => frames.find((frame) => frame.t === t && fits(frame as never)) as never),
    close: () => socket.close(),
  };
}
