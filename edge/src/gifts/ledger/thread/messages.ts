import type { LedgerRules } from "../books.ts";
import type { Command, Outcome } from "../commands.ts";
import type { LeaseHolder } from "../lease.ts";

/** What the writer's thread is started with. */
export interface ThreadSettings {
  readonly path: string;
  readonly rules: LedgerRules;
  /** Where this process takes commands of others while it holds the lease. */
  readonly me: LeaseHolder;
}

/** Whose turn it is to write. */
export type Role =
  | { readonly at: "writer"; readonly epoch: number }
  | { readonly at: "follower"; readonly holder: LeaseHolder }
  | { readonly at: "nobody" };

/** To the thread. */
export type ToThread =
  | {
      readonly kind: "commands";
      readonly requests: readonly { readonly id: number; readonly command: Command }[];
    }
  | { readonly kind: "stop" };

/** From the thread. `seconds`: how long the batch took, with its fsync. */
export type FromThread =
  | { readonly kind: "role"; readonly role: Role }
  | {
      readonly kind: "outcomes";
      readonly outcomes: readonly { readonly id: number; readonly outcome: Outcome }[];
      readonly seconds: number;
    }
  | { readonly kind: "fault"; readonly reason: string };
