import { expect, test } from "vitest";
import { arrivalsOf } from "./arrivals.ts";
import { makeEnhancedMedia } from "./make-enhanced-media.ts";
import { countSteps } from "./measure.ts";
import { VirtualProgram } from "./virtual-program.ts";

for (const codec of ["hevc", "av1"] as const) {
  test(`${codec} by enhanced RTMP tags: every picture once`, async () => {
    const tags = await makeEnhancedMedia({ codec, width: 256, height: 144, fps: 30, seconds: 5 });
    const program = new VirtualProgram({ format: { width: 256, height: 144, fps: 30 } });
    const source = program.source("host", { fpsHint: 30 });
    program.engine.setSolo(source);
    program.deliver(source, arrivalsOf(tags, { startMs: 100_300 }));
    program.run(105_000);
    program.engine.close();
    expect(program.events.map(({ text }) => text).join()).toContain(
      '"width":256,"height":144,"fps":30,"hasAudio":false',
    );
    const settled = program.pictures.filter(({ index }) => index >= 45 && index < 145);
    expect(countSteps(settled)).toEqual({ 1: 99 });
    expect(source.stats().decodeErrors).toBe(0);
  }, 60_000);
}
