import { execFile } from "node:child_process";
import { promisify } from "node:util";

const runFile = promisify(execFile);
const PROBE_BUDGET_MS = 15_000;

/** Slow light in the service's colours; made small, since it has no detail, and scaled up. */
const LIGHT =
  "gradients=size=214x120:rate=30:nb_colors=4:c0=0x160b2e:c1=0xff6b4a:c2=0x2b3fae:c3=0x0d0e12:speed=0.012:seed=7";
/** A name and a wall clock; they need a font, which Debian's ffmpeg brings with it. */
const CLOCK = [
  "drawtext=font=Sans:text=Lianmai:fontsize=h/14:fontcolor=white@0.85:x=(w-tw)/2:y=h*0.3",
  "drawtext=font=Monospace:text='%{localtime\\:%X}':fontsize=h/5:fontcolor=white:x=(w-tw)/2:y=h*0.42",
].join(",");
/** A tenth of a second of 880 Hz, once a second. */
const BEEP = "aevalsrc='0.3*sin(2*PI*880*t)*lt(mod(t,1),0.1)':s=48000";

/**
 * ffmpeg's arguments for the demo's broadcast: a moving picture with a wall clock where this ffmpeg can draw text, and
 * a beep a second, paced as a camera would be.
 */
export function demoArguments(options: {
  readonly url: string;
  readonly cores: number;
  readonly canDrawText: boolean;
}): string[] {
  const { url, cores, canDrawText } = options;
  const [size, bitrate] = cores >= 4 ? ["1280x720", "2500k"] : ["854x480", "1500k"];
  const picture = `${LIGHT},scale=${size.replace("x", ":")}:flags=bicubic${canDrawText ? `,${CLOCK}` : ""}`;
  return [
    ...["-nostdin", "-hide_banner", "-loglevel", "error"],
    ...["-re", "-f", "lavfi", "-i", picture],
    ...["-re", "-f", "lavfi", "-i", BEEP],
    ...["-c:v", "libx264", "-preset", "ultrafast", "-tune", "zerolatency", "-pix_fmt", "yuv420p"],
    ...["-g", "30", "-sc_threshold", "0", "-b:v", bitrate, "-maxrate", bitrate, "-bufsize", bitrate],
    ...["-c:a", "aac", "-b:a", "128k", "-ac", "2"],
    ...["-f", "flv", url],
  ];
}

/** Whether this ffmpeg can draw the clock: built with text, and with a font to find. */
export async function canDrawClock(options: { readonly file?: string } = {}): Promise<boolean> {
  const { file = "ffmpeg" } = options;
  const args = [
    "-nostdin",
    "-v",
    "error",
    "-f",
    "lavfi",
    "-i",
    `color=s=320x180,${CLOCK}`,
    "-frames:v",
    "1",
    "-f",
    "null",
    "-",
  ];
  return runFile(file, args, { timeout: PROBE_BUDGET_MS }).then(
    () => true,
    () => false,
  );
}
