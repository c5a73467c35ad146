import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { FlvReader, type FlvTag } from "../flv/index.ts";

/** A publishing ffmpeg. */
export interface FfmpegPublisher {
  readonly child: ChildProcess;
  stderr(): string;
  readonly exited: Promise<number | null>;
  kill(signal?: NodeJS.Signals): Promise<void>;
}

export interface TestPicture {
  readonly seconds: number;
  readonly gop?: number;
  readonly fps?: number;
  readonly size?: string;
  readonly audio?: boolean;
  /** More encoder options. */
  readonly encoder?: readonly string[];
}

function source(picture: TestPicture): string[] {
  const { seconds, gop = 30, fps = 30, size = "320x180", audio = true, encoder = ["-bf", "0"] } = picture;
  return [
    ...["-f", "lavfi", "-i", `testsrc2=s=${size}:r=${fps}`],
    ...(audio ? ["-f", "lavfi", "-i", "sine=r=48000"] : []),
    ...["-t", `${seconds}`, "-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p", "-g", `${gop}`],
    ...["-sc_threshold", "0", "-b:v", "600k", ...encoder],
    ...(audio ? ["-c:a", "aac", "-b:a", "96k"] : []),
    ...["-f", "flv"],
  ];
}

/** Publishes a test picture in real time. */
export function publishWithFfmpeg(url: string, picture: TestPicture): FfmpegPublisher {
  const args = ["-hide_banner", "-loglevel", "error", "-re", ...source(picture), url];
  const child = spawn("ffmpeg", args, { stdio: ["ignore", "ignore", "pipe"] });
  let stderr = "";
  child.stderr.on("data", (data: Buffer) => {
    stderr += data.toString();
  });
  const exited = new Promise<number | null>((resolve) => child.once("exit", (code) => resolve(code)));
  return {
    child,
    stderr: () => stderr,
    exited,
    async kill(signal = "SIGKILL") {
      if (child.exitCode === null && child.signalCode === null) child.kill(signal);
      await exited;
    },
  };
}

/** The FLV tags that ffmpeg makes of a test picture. */
export function recordTags(picture: TestPicture): FlvTag[] {
  const made = spawnSync("ffmpeg", ["-hide_banner", "-loglevel", "error", ...source(picture), "pipe:1"], {
    maxBuffer: 64 * 1024 * 1024,
  });
  return new FlvReader().push(made.stdout);
}
