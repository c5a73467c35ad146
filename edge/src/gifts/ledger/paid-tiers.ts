import type { PaidTier } from "../../protocol/gifts.ts";

/** From how many coins on a paid message stays pinned, and how long. */
export const PAID_TIERS: readonly PaidTier[] = [
  { amount: 10, pinMs: 30_000 },
  { amount: 50, pinMs: 60_000 },
  { amount: 100, pinMs: 300_000 },
  { amount: 500, pinMs: 1_800_000 },
  { amount: 2_000, pinMs: 3_600_000 },
];

/** How long `amount` coins pin a message; undefined when they are too few for one. */
export const pinMsOf = (amount: number): number | undefined =>
  PAID_TIERS.findLast((tier) => amount >= tier.amount)?.pinMs;
