import { benchChat } from "./chat.ts";
import { benchGifts } from "./gifts.ts";
import { benchHls } from "./hls.ts";
import { benchLadder } from "./ladder.ts";
import { benchLatency } from "./latency.ts";
import { benchMixer } from "./mixer.ts";
import { benchMute } from "./mute.ts";
import { benchStage } from "./stage.ts";
import { benchStart } from "./start.ts";

const BENCHES: Readonly<Record<string, (args: readonly string[]) => Promise<void>>> = {
  latency: benchLatency,
  hls: benchHls,
  ladder: benchLadder,
  chat: benchChat,
  gifts: benchGifts,
  mixer: benchMixer,
  stage: benchStage,
  mute: benchMute,
  start: benchStart,
};

const [name = "", ...args] = process.argv.slice(2);
const bench = BENCHES[name];
if (!bench) {
  process.stderr.write(`usage: npm run bench -- ${Object.keys(BENCHES).join(" | ")} [--option value ...]\n`);
  process.exit(2);
}
await bench(args);
process.exit(0);
