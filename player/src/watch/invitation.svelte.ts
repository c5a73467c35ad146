/** Whether one is invited onto a room's stage, as its log tells. */
import type { Entry } from "@lianmai/edge/protocol/room";

/** Who invited. */
export interface Invitation {
  readonly by: string;
}

/** Changes after which there is nothing left to answer. */
const SETTLED: ReadonlySet<string> = new Set(["accept", "decline", "leave", "remove", "to-backstage", "to-seat"]);

/** Follows a room's log from the beginning of what is heard of it. */
export class Invited {
  now = $state.raw<Invitation>();

  /** Takes an entry of the log; `me` is one's own id there. */
  hear(entry: Entry, me: string | undefined): void {
    if (entry.kind !== "stage" || me === undefined || entry.body.user !== me) return;
    if (entry.body.what === "invite") this.now = { by: entry.from.name };
    else if (SETTLED.has(entry.body.what)) this.now = undefined;
  }

  /** Not now: nothing is shown until one is invited again. */
  put(): void {
    this.now = undefined;
  }
}
