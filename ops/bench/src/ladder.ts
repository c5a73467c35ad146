/**
 * CPU seconds that encoding costs per media second, rung by rung, with the very arguments the service uses.
 * `npm run bench -- ladder --seconds 20`
 */
import { spawn, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ladderArguments } from "@lianmai/transcode/ladder/arguments";
import { planGrid, planLadder } from "@lianmai/transcode/ladder/plan-ladder";
import { printRows, readOptions } from "./report.ts";

/** Runs the benchmark and prints its figures. */
export async function benchLadder(args: readonly string[]): Promise<void> {
  const { seconds, height } = readOptions(args, { seconds: 20, height: 720 });
  const directory = mkdtempSync(join(tmpdir(), "lianmai-bench-"));
  try {
    const source = { width: Math.round((height * 16) / 9 / 2) * 2, height, fps: 30 };
    const { format, rungs } = planLadder(source, { cores: 64, maxHeight: 0, maxFps: 0, hardware: false });
    const file = join(directory, "source.nut");
    const make = [
      ...[
        "-v",
        "error",
        "-f",
        "lavfi",
        "-i",
        `testsrc2=size=${format.width}x${format.height}:rate=30:duration=${seconds}`,
      ],
      ...["-f", "lavfi", "-i", `sine=sample_rate=48000:duration=${seconds}`, "-pix_fmt", "yuv420p"],
      ...["-c:v", "rawvideo", "-c:a", "pcm_s16le", "-ac", "2", "-f", "nut", file],
    ];
    if (spawnSync("ffmpeg", make).status !== 0) throw new Error("the source could not be made");
    const video = rungs.filter((rung) => rung.width > 0);
    const cases = [...video.map((rung) => [rung]), video];
    const rows: [string, string][] = [];
    for (const some of cases) {
      const cpuSeconds = await encode(file, {
        ...{ format, rungs: some, encoder: "libx264", cores: 2, gopFrames: planGrid(30, 333).gopFrames },
        target: (name) => join(directory, `${name}.flv`),
      });
      rows.push([some.map((rung) => rung.name).join(" + "), `${(cpuSeconds / seconds).toFixed(3)} CPU s per media s`]);
    }
    printRows(`ladder: ${format.width}x${format.height}, ${seconds} s of testsrc2, sound included`, rows);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

function encode(file: string, options: Parameters<typeof ladderArguments>[0]): Promise<number> {
  const { input, filter, outputs } = ladderArguments(options);
  const outputArgs = outputs.flatMap((output) => [...output.options, output.target]);
  const args = [...input, "-i", file, "-y", "-filter_complex", filter.join(";"), ...outputArgs];
  return new Promise((resolve, reject) => {
    // `time -p` is not everywhere; the shell's builtin is, and prints the children's times.
    const child = spawn("bash", ["-c", 'time -p "$0" "$@"', "ffmpeg", ...args], {
      stdio: ["ignore", "ignore", "pipe"],
    });
    let text = "";
    child.stderr.on("data", (chunk) => (text += chunk));
    child.on("error", reject);
    child.on("exit", (code) => {
      const user = Number(/^user ([\d.]+)/m.exec(text)?.[1]);
      const system = Number(/^sys ([\d.]+)/m.exec(text)?.[1]);
      if (code !== 0 || Number.isNaN(user + system)) reject(new Error(text.slice(-500)));
      else resolve(user + system);
    });
  });
}
