/** A guest who is no browser: its clocks, its network and its flashes are what the torture makes them. */
import type { Stack } from "@lianmai/e2e/stack";
import { type Beeps, encodeBeeps, encodeFlashes, FlashShow } from "@lianmai/ingest/testing/flash-show";
import { StageMember } from "@lianmai/ingest/testing/stage-load";
import { PoorWay, type WayCounts } from "./poor-way.ts";

const PICTURE = { size: "640x360", bits: 700_000 } as const;
const OWN_MEDIA = { microphone: true, camera: true, screen: false } as const;
const CONNECT_BUDGET_MS = 30_000;

export interface Troubles {
  /** All its clocks against ours. */
  readonly clockPpm: number;
  /** Its sound card against its other clocks. */
  readonly cardPpm: number;
  readonly loss: number;
  readonly jitterMs: number;
  readonly seed: number;
}

export interface MadeGuest {
  readonly name: string;
  readonly hertz: number;
  /** Asks for a seat; the host has to give it. */
  ask(): Promise<void>;
  /** Sends from now on, over the poor network; it has to be on its seat. */
  appear(): Promise<void>;
  network(): WayCounts & { readonly resent: number };
  leave(): void;
}

/** Signs up and enters the room's stage. */
export async function makeGuest(
  stack: Stack,
  options: {
    readonly room: string;
    readonly name: string;
    readonly password: string;
    readonly beeps: Omit<Beeps, "cardPpm">;
    readonly troubles: Troubles;
  },
): Promise<MadeGuest> {
  const { room, name, password, beeps, troubles } = options;
  const [pictures, sounds] = [encodeFlashes(PICTURE), await encodeBeeps({ ...beeps, cardPpm: troubles.cardPpm })];
  const { token } = await stack.api<{ readonly token: string }>("POST", "/api/v1/users", { name, password });
  const member = await StageMember.enterBy({
    url: `${stack.url}/api/v1/rooms/${room}/stage`,
    headers: { authorization: `Bearer ${token}` },
  });
  const { media } = stack.ports;
  const way = await PoorWay.open({ ...troubles, toPort: media });
  let show: FlashShow | undefined;
  return {
    ...{ name, hertz: beeps.hertz },
    async ask() {
      await member.command({ kind: "raise-hand" });
    },
    async appear() {
      // The way stands where the media port is.
      const onWay = new RegExp(` \\S+ ${media} typ `, "g");
      await inTime(member.join((sdp) => sdp.replaceAll(onWay, ` ${way.host} ${way.port} typ `)));
      await member.command({ kind: "own-media", own: OWN_MEDIA });
      show = new FlashShow({
        ...{ pictures, sounds, ssrcs: member.ssrcs, send: (packet) => member.send(packet) },
        ...{ clockPpm: troubles.clockPpm, cardPpm: troubles.cardPpm },
      });
      member.onPacket = (packet) => show?.receive(packet);
      way.worsen();
    },
    network: () => ({ ...way.counts, resent: show?.resent ?? 0 }),
    leave() {
      show?.stop();
      member.close();
      way.close();
    },
  };
}

/** Rejects when it takes too long. */
async function inTime(work: Promise<void>): Promise<void> {
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(() => late.reject(new Error("no media connection")), CONNECT_BUDGET_MS);
  try {
    await Promise.race([work, late.promise]);
  } finally {
    clearTimeout(timer);
  }
}
