/** What a host and guests do in a show; every act ends with everybody on air again. */
import { button, type Cast, type Guest } from "./cast.ts";

/** A mute, and when the host's request left. */
export interface Mute {
  readonly name: string;
  readonly hertz: number;
  readonly atMs: number;
}

/** Seen of the silence before the guest is let be heard. */
export const MUTED_MS = 2_000;
/** Apart from a hidden picture or an empty seat, an act leaves the show calm for as long. */
const CALM_MS = 1_500;

export type Act = (cast: Cast, guest: Guest) => Promise<Mute | undefined>;

const onAir = ({ page }: Guest): Promise<void> => page.getByText("You are on air").waitFor();

/** By name. */
export const ACTS: Readonly<Record<string, Act>> = {
  async mute(cast, guest) {
    const { name, participantId, hertz } = guest;
    // Who came back just now is heard for a while before; a browser that is held up sends nothing meanwhile.
    await cast.hears(guest);
    const { sentMs } = await cast.direct({ kind: "mute", participantId, muted: true });
    await sleep(MUTED_MS);
    await cast.direct({ kind: "mute", participantId, muted: false });
    await sleep(CALM_MS);
    return { name, hertz, atMs: sentMs };
  },
  async hide(cast, { participantId }) {
    await cast.direct({ kind: "hide", participantId, hidden: true });
    await sleep(CALM_MS);
    await cast.direct({ kind: "hide", participantId, hidden: false });
    await sleep(CALM_MS);
    return undefined;
  },
  async backstage(cast, guest) {
    await cast.direct({ kind: "to-backstage", participantId: guest.participantId });
    await cast.seat(guest);
    await sleep(CALM_MS);
    return undefined;
  },
  async kick(cast, guest) {
    await cast.direct({ kind: "remove", participantId: guest.participantId, ban: false });
    await guest.page.getByText("You are off the stage").waitFor();
    await cast.enter(guest);
    await sleep(CALM_MS);
    return undefined;
  },
  async leave(cast, guest) {
    await button(guest.page, "Leave").click();
    await button(guest.page, "Raise hand").waitFor();
    await cast.enter(guest);
    await sleep(CALM_MS);
    return undefined;
  },
  async reload(_cast, guest) {
    await guest.page.reload();
    await onAir(guest);
    await sleep(CALM_MS);
    return undefined;
  },
  async layouts(cast) {
    for (const kind of ["solo", "side-by-side", "picture-in-picture", "grid", "auto"] as const) {
      await cast.layout(kind);
      await sleep(CALM_MS);
    }
    return undefined;
  },
};

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
