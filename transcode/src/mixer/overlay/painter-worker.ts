/** The painter's thread: a first look for a script's font takes a third of a second, which no picture may wait for. */
import { parentPort } from "node:worker_threads";
import { paint } from "./paint.ts";
import type { Piece } from "./piece.ts";

parentPort?.on("message", ({ key, piece }: { readonly key: string; readonly piece: Piece }) => {
  const painting = paint(piece);
  parentPort?.postMessage({ key, painting }, [painting.rgba.buffer as ArrayBuffer]);
});
