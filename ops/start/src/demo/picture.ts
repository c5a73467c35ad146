import { execFile } from "node:child_process";
import { promisify } from "node:util";

const runFile = promisify(execFile);
const PROBE_BUDGET_MS = 15_000;

/** A wall clock in a box; needs a font, which Debian's ffmpeg brings with it. */
const CLOCK =
  "drawtext=font=Monospace:text='%{localtime\\:%X}':fontsize=h/6:fontcolor=white:box=1:boxcolor=black@0.6:boxborderw=12:x=(w-tw)/2:y=h*0.62";
/** A tenth of a second of 880 Hz, once a second. */
const BEEP = "aevalsrc='0.3*sin(2*PI*880*t)*lt(mod(t,1),0.1)':s=48000";

/**
 * ffmpeg's arguments for the demo's broadcast: a moving test picture with a running time code, a
 * wall clock where this ffmpeg can draw text, and a beep a second, paced as a camera would be.
 */
export function demoArguments(options: {
  readonly url: string;
  readonly cores: number;
  readonly canDrawText: boolean;
}): string[] {
  const { url, cores, canDrawText } = options;
  const [size, bitrate] = cores >= 4 ? ["1280x720", "2500k"] : ["854x480", "1500k"];
  const picture = `testsrc2=size=${size}:rate=30${canDrawText ? `,${CLOCK}` : ""}`;
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
