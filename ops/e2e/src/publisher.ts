/** Publishes a moving picture with the readable clock and a tone, with real ffmpeg over RTMP. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { clockFilter } from "./clock.ts";

export interface PublisherOptions {
  /** Server and key in one, as ffmpeg wants it. */
  readonly url: string;
  readonly size?: string;
  readonly fps?: number;
  readonly bitsPerSecond?: number;
  readonly bFrames?: number;
  readonly keyframeSeconds?: number;
  /** Filter that changes the picture below the clock. */
  readonly filter?: string;
  /** lavfi source of the sound. */
  readonly sound?: string;
}

export interface Publisher {
  readonly process: ChildProcess;
  /** What ffmpeg said on stderr so far. */
  readonly output: () => string;
  /** Exit code, or null when killed. */
  readonly exited: Promise<number | null>;
  kill(): Promise<void>;
}

/** Starts publishing in real time until killed or refused. */
export function publish(options: PublisherOptions): Publisher {
  const { url, size = "1280x720", fps = 30, bitsPerSecond = 2_500_000, bFrames = 0, keyframeSeconds = 1 } = options;
  const { filter = "null", sound = "sine=frequency=440:beep_factor=4:sample_rate=48000" } = options;
  const child = spawn(
    "ffmpeg",
    [
      ...["-hide_banner", "-loglevel", "warning", "-nostats", "-re"],
      ...["-f", "lavfi", "-i", `testsrc2=size=${size}:rate=${fps}`],
      ...["-re", "-f", "lavfi", "-i", sound],
      ...["-vf", `${filter},${clockFilter()},format=yuv420p`, "-c:v", "libx264", "-preset", "ultrafast"],
      ...(bFrames > 0 ? ["-bf", String(bFrames)] : ["-tune", "zerolatency"]),
      ...["-g", String(Math.round(fps * keyframeSeconds)), "-b:v", String(bitsPerSecond)],
      ...["-maxrate", String(bitsPerSecond), "-bufsize", String(bitsPerSecond / 2), "-threads", "1"],
      ...["-c:a", "aac", "-b:a", "128k", "-ac", "2", "-f", "flv", url],
    ],
    { stdio: ["ignore", "ignore", "pipe"] },
  );
  let output = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    output = (output + text).slice(-20_000);
  });
  const exited = once(child, "exit").then(([code]) => code as number | null);
  return {
    process: child,
    output: () => output,
    exited,
    async kill() {
      child.kill("SIGKILL");
      await exited;
    },
  };
}
