/** Chooses what plays: WebRTC where it is wanted, hls.js where the browser has MSE, else the browser itself. */
import type { Engine, EngineOptions } from "./engine.ts";
import { HlsEngine, hlsSupported } from "./hls-engine.ts";
import { NativeEngine, nativeSupported } from "./native-engine.ts";
import { WhepEngine } from "./whep-engine.ts";

/** The engine for this browser; undefined where it can play no HLS at all. */
export function createEngine(video: HTMLVideoElement, options: EngineOptions): Engine | undefined {
  if (options.realtime) return new WhepEngine(video, options);
  if (hlsSupported()) return new HlsEngine(video, options);
  if (nativeSupported(video)) return new NativeEngine(video, options);
  return undefined;
}
