import type { Mark } from "./removals.ts";
import type { ViewerPass } from "./viewer-pass.ts";

/** Which devices and addresses people have been seen at here, so that a removal reaches all of them. */
export interface Watchers {
  /** Notes a playlist request. */
  saw(pass: ViewerPass | undefined, address: string): void;
  /** A person by id, with the devices and addresses they have been seen at. */
  marksOf(subject: string): Mark[];
}

/** Devices remembered; the one not seen for longest goes first. */
const MAX_DEVICES = 50_000;

interface Seen {
  readonly userId: string;
  readonly address: string;
}

/** Makes {@link Watchers}. */
export function createWatchers(): Watchers {
  const devices = new Map<string, Seen>();
  return {
    saw(pass, address) {
      if (!pass) return;
      const known = devices.get(pass.device);
      if (known && known.address === address && known.userId === pass.userId) return;
      devices.delete(pass.device);
      // who was signed in, or a guest, on a device before still belongs to it
      devices.set(pass.device, { userId: pass.userId || (known?.userId ?? ""), address });
      const oldest = devices.size > MAX_DEVICES ? devices.keys().next().value : undefined;
      if (oldest !== undefined) devices.delete(oldest);
    },
    marksOf(subject) {
      const marks = new Set<Mark>([`u:${subject}`]);
      for (const [device, { userId, address }] of devices) {
        if (userId !== subject) continue;
        marks.add(`d:${device}`);
        marks.add(`a:${address}`);
      }
      return [...marks];
    },
  };
}
