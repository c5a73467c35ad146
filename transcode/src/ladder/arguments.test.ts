import { describe, expect, it } from "vitest";
import { ladderArguments, type VideoEncoder } from "./arguments.ts";
import { planGrid, planLadder } from "./plan-ladder.ts";

const { format, rungs } = planLadder(
  { width: 1280, height: 720, fps: 30 },
  { cores: 2, maxHeight: 0, maxFps: 0, hardware: false },
);

describe("the encoder's command line", () => {
  it.each<VideoEncoder>(["libx264", "h264_nvenc", "h264_vaapi", "h264_qsv"])("for %s", async (encoder) => {
    const args = ladderArguments({
      ...{ format, encoder, cores: 2, gopFrames: planGrid(30, 333).gopFrames },
      rungs: rungs.filter((rung) => rung.width > 0),
      target: (name) => `unix:/run/x/${name}.sock`,
    });
    const lines = [
      args.input.join(" "),
      ...args.filter,
      ...args.outputs.map((o) => `${o.options.join(" ")} ${o.target}`),
    ];
    await expect(`${lines.join("\n")}\n`).toMatchFileSnapshot(`golden/arguments-${encoder}.txt`);
  });
});
