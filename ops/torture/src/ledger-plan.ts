import type { Command } from "@lianmai/edge/gifts/commands";
import { below, pick, type Random } from "@lianmai/process/testing/seeded-random";

const USERS = 200;
const ROOMS = 12;
const GIFTS = [
  ["heart", 1],
  ["rose", 5],
  ["lollipop", 9],
  ["boba", 30],
  ["crown", 199],
] as const;
/** Transfers remembered for refunds and retries. */
const REMEMBERED = 2_000;

/** Hands out commands one by one; learns what came of them, to refund and to repeat it. */
export interface CommandPlan {
  next(): Command | undefined;
  told(command: Command, tx: string): void;
}

/** A plan of `count` commands: gifts, paid messages, refunds (some of the same twice), grants and plain retries. */
export function planCommands(random: Random, count: number): CommandPlan {
  const done: { command: Command; tx: string }[] = [];
  let made = 0;
  const person = (number: number) => ({ id: `user-${number}`, name: `User ${number}`, role: "viewer" as const });
  const room = (number: number) => ({
    ...{ id: `room-${number}`, slug: `room-${number}`, hostId: `host-${number}`, programId: `program-${number}` },
  });
  const grant = (): Command => ({
    ...{ kind: "grant", cid: `grant-number-${made}`, askedBy: "admin", user: person(made % USERS) },
    ...{ amount: 1 + below(random, 3_000), note: "torture" },
  });
  const guest = () => (below(random, 4) === 0 ? { ...person(below(random, USERS)), onStage: true } : null);
  const gift = (): Command => {
    const [giftId, unitPrice] = pick(random, GIFTS);
    return {
      ...{ kind: "gift", cid: `gift-number-${made}`, sender: person(below(random, USERS)) },
      ...{ room: room(below(random, ROOMS)), recipient: guest(), giftId, unitPrice },
      quantity: 1 + below(random, 5),
      ...{ final: below(random, 20) === 0, mediaMs: below(random, 2) === 0 ? null : made },
    };
  };
  const paid = (): Command => ({
    ...{
      kind: "paid",
      cid: `paid-number-${made}`,
      sender: person(below(random, USERS)),
      room: room(below(random, ROOMS)),
    },
    ...{ amount: 10 + below(random, 100), text: `第 ${made} 条 message`, pinMs: 30_000, mediaMs: null },
  });
  const refund = (tx: string): Command => ({
    ...{ kind: "refund", cid: `refund-number-${made}`, askedBy: "admin", roomId: null, tx, reason: "torture" },
  });
  const other = (): Command => {
    const chosen = below(random, 100);
    const before = done.length > 0 ? pick(random, done) : undefined;
    if (chosen < 72 || !before) return gift();
    if (chosen < 78) return paid();
    if (chosen < 84) return grant();
    return chosen < 92 ? refund(before.tx) : before.command;
  };
  return {
    next() {
      if (made >= count) return undefined;
      made += 1;
      return made <= USERS ? grant() : other();
    },
    told(command, tx) {
      if (done.length < REMEMBERED) done.push({ command, tx });
      else done[below(random, REMEMBERED)] = { command, tx };
    },
  };
}
