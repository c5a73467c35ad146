/**
 * A room under faults: people speak and listen with the player's own connection while the edge and Redis are killed,
 * power is lost, processes stand still, bells are dropped, doubled, late or silent, connections are cut, packets are
 * lost and readers are slow. Runs in a network namespace of its own (root; iproute2, iptables); `--network 0` does
 * without, and without lost packets.
 * `npm run torture -- room --seconds 1200 --people 8 --seed 1`, and `--remove-rule dedup|state|bells|durable` to see the
 * judge find what that rule is for. The seed decides which faults come and when; the machine decides the rest.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { inNamespace, setUpNetwork, whyNoNetwork } from "./room/network.ts";
import { type RoomCounts, type RoomOptions, World } from "./room/world.ts";

const RULES = ["", "dedup", "state", "bells", "durable"];
/** Said to the run that is in the namespace. */
const INSIDE = "inside";

/** Runs it, prints what happened, and answers whether the promise held. */
export async function tortureRoom(args: readonly string[]): Promise<boolean> {
  const given = readArguments(args);
  const network = given.get("--network") ?? "1";
  const options = optionsFrom(given, network === INSIDE);
  if (network === "1") return runInNamespace(args);
  if (options.hasNetwork) await setUpNetwork();
  const dir = await mkdtemp(join(tmpdir(), "lianmai-torture-room-"));
  const world = new World(dir, options);
  try {
    await world.start();
    const faults = await world.run();
    const violations = await world.judge();
    report(options, { faults, violations, ...world.counts() });
    return violations.length === 0;
  } finally {
    await world.stop();
    await rm(dir, { recursive: true, force: true });
  }
}

async function runInNamespace(args: readonly string[]): Promise<boolean> {
  const why = whyNoNetwork();
  if (why === undefined) return (await inNamespace(["room", ...args, "--network", INSIDE])) === 0;
  process.stderr.write(`torture room: ${why}\n`);
  return false;
}

function report(
  { seed, seconds, people, rule }: RoomOptions,
  run: RoomCounts & {
    readonly faults: readonly (readonly [string, number])[];
    readonly violations: readonly string[];
  },
): void {
  const { faults, violations, spoken, durable, welcomes, bells, cut } = run;
  const sum = faults.reduce((total, [, count]) => total + count, 0);
  const lines = [
    `room: seed ${seed}, ${seconds} s, ${people} people${rule === "" ? "" : `, without the rule ${rule}`}`,
    `${sum} faults: ${faults.map(([name, count]) => `${count} ${name}`).join(", ")}`,
    `with power went ${cut.appendOnlyBytes} bytes of the append-only file, ${cut.walBytes} of write-ahead logs`,
    `bells besides: ${bells.dropped} dropped, ${bells.doubled} doubled, ${bells.late} late`,
    `${spoken} said, ${durable} told durable, ${welcomes} welcomes; ${violations.length} violations`,
    ...violations.map((violation) => `  ${violation}`),
  ];
  process.stdout.write(`${lines.join("\n")}\n`);
}

/** The last of what is given under a name counts. */
function readArguments(args: readonly string[]): ReadonlyMap<string, string> {
  const given = new Map<string, string>();
  for (let at = 0; at < args.length; at += 2) given.set(args[at] ?? "", args[at + 1] ?? "");
  return given;
}

function optionsFrom(given: ReadonlyMap<string, string>, hasNetwork: boolean): RoomOptions {
  const number = (name: string, fallback: number) => Number(given.get(name) ?? fallback);
  const rule = given.get("--remove-rule") ?? "";
  if (!RULES.includes(rule)) throw new Error(`--remove-rule knows ${RULES.slice(1).join(", ")}`);
  return {
    ...{ seconds: number("--seconds", 1_200), people: number("--people", 8), seed: number("--seed", 1) },
    ...{ rule, hasNetwork },
  };
}
