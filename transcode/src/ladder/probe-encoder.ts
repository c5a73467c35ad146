/** Finds out at start which H.264 encoder really works here: a hardware one if it encodes, else libx264. */
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import type { VideoEncoder } from "./arguments.ts";

const PROBE_BUDGET_MS = 8_000;

interface Candidate {
  readonly encoder: VideoEncoder;
  /** Device without which a try is pointless. */
  readonly device: string;
  readonly before: readonly string[];
  readonly filter: readonly string[];
}

const CANDIDATES: readonly Candidate[] = [
  { encoder: "h264_nvenc", device: "/dev/nvidia0", before: [], filter: [] },
  {
    encoder: "h264_vaapi",
    device: "/dev/dri/renderD128",
    before: ["-vaapi_device", "/dev/dri/renderD128"],
    filter: ["-vf", "format=nv12,hwupload"],
  },
  { encoder: "h264_qsv", device: "/dev/dri/renderD128", before: [], filter: [] },
];

/** The encoder to use, by trying; `libx264` when no hardware encoder made a picture in time. */
export async function probeEncoder(
  options: { readonly exists?: (path: string) => boolean } = {},
): Promise<VideoEncoder> {
  const exists = options.exists ?? existsSync;
  for (const candidate of CANDIDATES) {
    if (exists(candidate.device) && (await encodes(candidate))) return candidate.encoder;
  }
  return "libx264";
}

function encodes({ encoder, before, filter }: Candidate): Promise<boolean> {
  const source = ["-f", "lavfi", "-i", "testsrc2=size=640x360:rate=30:duration=0.3"];
  const args = ["-v", "error", ...before, ...source, ...filter, "-c:v", encoder, "-f", "null", "-"];
  return new Promise((resolve) => {
    const child = spawn("ffmpeg", args, { stdio: "ignore", timeout: PROBE_BUDGET_MS, killSignal: "SIGKILL" });
    child.on("error", () => resolve(false));
    child.on("exit", (code) => resolve(code === 0));
  });
}
