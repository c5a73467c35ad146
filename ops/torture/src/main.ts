import { tortureDropouts } from "./dropouts.ts";
import { tortureFrames } from "./frames.ts";
import { tortureHostile } from "./hostile.ts";
import { tortureKills } from "./kills.ts";
import { tortureLedger } from "./ledger.ts";
import { tortureMutes } from "./mute.ts";
import { tortureRoom } from "./room.ts";
import { tortureStage } from "./stage.ts";
import { tortureShow } from "./studio/torture-show.ts";
import { tortureSync } from "./sync/torture-sync.ts";
import { tortureGoneNetwork } from "./weak/gone-network.ts";
import { tortureWeakNetwork } from "./weak/weak-network.ts";

const TORTURES: Readonly<Record<string, (args: readonly string[]) => Promise<boolean>>> = {
  dropouts: tortureDropouts,
  kills: tortureKills,
  hostile: tortureHostile,
  frames: tortureFrames,
  room: tortureRoom,
  ledger: tortureLedger,
  stage: tortureStage,
  mute: tortureMutes,
  weak: tortureWeakNetwork,
  gone: tortureGoneNetwork,
  show: tortureShow,
  sync: tortureSync,
};

const [name = "", ...args] = process.argv.slice(2);
const torture = TORTURES[name];
if (!torture) {
  process.stderr.write(`usage: npm run torture -- ${Object.keys(TORTURES).join(" | ")} [--option value ...]\n`);
  process.exit(2);
}
process.exit((await torture(args)) ? 0 : 1);
