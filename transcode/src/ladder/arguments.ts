/** Rungs to the encoder's command line. Pure; golden-tested. */
import { SAMPLE_RATE } from "../bus/frames.ts";
import type { ProgramFormat, Rung } from "../contract.ts";

/** The encoders that a probe may have found. */
export type VideoEncoder = "libx264" | "h264_nvenc" | "h264_vaapi" | "h264_qsv";

export interface LadderArguments {
  readonly input: readonly string[];
  readonly filter: readonly string[];
  /** One output per video rung, in their order, then the audio output. */
  readonly outputs: readonly { readonly target: string; readonly options: readonly string[] }[];
}

export interface LadderArgumentOptions {
  readonly format: ProgramFormat;
  /** Video rungs only. */
  readonly rungs: readonly Rung[];
  readonly gopFrames: number;
  readonly encoder: VideoEncoder;
  readonly cores: number;
  readonly vaapiDevice?: string;
  /** FLV target of a rung or of "audio", e.g. unix:/tmp/x/720p.sock */
  readonly target: (name: string) => string;
}

/** The arguments of one ladder: NUT on stdin, FLV per video rung and one for the sound. */
export function ladderArguments(options: LadderArgumentOptions): LadderArguments {
  const { rungs, encoder } = options;
  return {
    input: [
      ...["-hide_banner", "-loglevel", "warning", "-nostats"],
      ...(encoder === "h264_vaapi" ? ["-vaapi_device", options.vaapiDevice ?? "/dev/dri/renderD128"] : []),
      ...["-f", "nut", "-probesize", "32", "-analyzeduration", "0", "-fpsprobesize", "0", "-threads", "1", "-copyts"],
    ],
    filter: filterGraph(options),
    outputs: [
      ...rungs.map((rung, at) => ({
        target: options.target(rung.name),
        options: ["-map", `[v${at}]`, "-an", ...encoderOptions(rung, options), ...flvOptions],
      })),
      {
        target: options.target("audio"),
        options: [
          ...["-map", "0:a", "-vn", "-c:a", "aac", "-profile:a", "aac_low"],
          ...["-b:a", String(rungs[0]?.audioBitsPerSecond ?? 128_000), "-ar", String(SAMPLE_RATE), "-ac", "2"],
          ...flvOptions,
        ],
      },
    ],
  };
}

const flvOptions = [
  ...["-f", "flv", "-flvflags", "no_duration_filesize+no_metadata", "-flush_packets", "1"],
  // Program time must reach the packager as it is.
  ...["-avoid_negative_ts", "disabled", "-muxdelay", "0", "-muxpreload", "0", "-max_interleave_delta", "0"],
];

function filterGraph({ format, rungs, encoder }: LadderArgumentOptions): string[] {
  const upload = encoder === "h264_vaapi" ? ",format=nv12,hwupload" : "";
  const scaled = rungs.map((rung, at) => {
    const same = rung.width === format.width && rung.height === format.height;
    const scale = same ? "null" : `scale=${rung.width}:${rung.height}:flags=bicubic`;
    return `[s${at}]${scale}${upload}[v${at}]`;
  });
  return [`[0:v]split=${rungs.length}${rungs.map((_, at) => `[s${at}]`).join("")}`, ...scaled];
}

function encoderOptions(rung: Rung, options: LadderArgumentOptions): string[] {
  const { format, gopFrames, encoder } = options;
  return [
    ...["-c:v", encoder, ...tuning(encoder, rung, options.cores)],
    ...["-b:v", String(rung.videoBitsPerSecond), "-maxrate", String(Math.round(rung.videoBitsPerSecond * 1.1))],
    ...["-bufsize", String(rung.videoBitsPerSecond), "-bf", "0"],
    ...["-fps_mode", "passthrough", "-enc_time_base", `1:${format.fps}`, "-g", "100000"],
    // On the program's own grid, so that all rungs and every later encoder agree.
    ...["-force_key_frames", `expr:eq(mod(round(t*${format.fps}),${gopFrames}),0)`, "-forced-idr", "1"],
  ];
}

function tuning(encoder: VideoEncoder, rung: Rung, cores: number): string[] {
  switch (encoder) {
    case "libx264": {
      // Where mixer, encoder and edge share two cores, latency is worth more than a tenth of the bit rate.
      const preset = cores < 4 ? "superfast" : "veryfast";
      const threads = cores >= 4 && rung.width * rung.height * rung.fps > 30_000_000 ? 2 : 1;
      return [
        ...["-preset", preset, "-tune", "zerolatency", "-profile:v", "main", "-pix_fmt", "yuv420p"],
        ...["-threads", String(threads), "-sc_threshold", "0"],
      ];
    }
    case "h264_nvenc":
      return [
        "-preset",
        "p4",
        "-tune",
        "ull",
        "-profile:v",
        "main",
        "-rc",
        "cbr",
        "-zerolatency",
        "1",
        "-no-scenecut",
        "1",
      ];
    case "h264_vaapi":
      return ["-profile:v", "main", "-rc_mode", "CBR"];
    case "h264_qsv":
      return ["-preset", "veryfast", "-profile:v", "main", "-async_depth", "1", "-look_ahead", "0"];
  }
}
