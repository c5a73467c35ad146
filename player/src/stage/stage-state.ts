/** What a browser knows of the stage it is connected to: everything that can happen to it, in one pure function. */
import type { IceServer, SignallingCode, StageReply, StageTrack, StageView } from "@lianmai/ingest/signalling";

/** One participant as browsers see it. */
export type Participant = StageView["participants"][number];
/** The connection as the server measures it. */
export type Quality = Omit<Extract<StageReply, { readonly kind: "quality" }>, "kind">;

/** Why the connection is over and does not come back by itself. */
export type LinkEnd = SignallingCode | "signed-out" | "no-room" | "gave-up";

/** The way of the events. `lost`: on its way back; the place is kept for a while. */
export type Link =
  | { readonly at: "opening" }
  | { readonly at: "open"; readonly connectionId: string }
  | { readonly at: "lost"; readonly sinceMs: number }
  | { readonly at: "ended"; readonly why: LinkEnd };

/** The peer connection: `joining` from the offer until media flow; `lost` asks for a new one. */
export type Media = "none" | "joining" | "joined" | "lost";

export interface StageState {
  readonly link: Link;
  readonly media: Media;
  readonly participantId: string;
  readonly role: "host" | "moderator" | "guest";
  readonly stage: StageView | undefined;
  readonly iceServers: readonly IceServer[];
  readonly tracks: readonly StageTrack[];
  readonly speakers: readonly string[];
  readonly quality: Quality | undefined;
  /** Somebody else has taken this browser's user off the stage; until the next place. */
  readonly takenOff: boolean;
  /** The user is going by their own wish. */
  readonly leaving: boolean;
}

export type StageFact =
  | { readonly kind: "reply"; readonly reply: StageReply; readonly nowMs: number }
  /** The events have ended or could not be opened; `status` 0 when nothing answered. */
  | { readonly kind: "closed"; readonly status: number; readonly code: string; readonly nowMs: number }
  | { readonly kind: "media"; readonly media: Media }
  /** The user goes by their own wish. */
  | { readonly kind: "leaving" }
  /** The user wants to come back after an end. */
  | { readonly kind: "reopen" };

export const NEW_STAGE_STATE: StageState = {
  link: { at: "opening" },
  media: "none",
  participantId: "",
  role: "guest",
  stage: undefined,
  iceServers: [],
  tracks: [],
  speakers: [],
  quality: undefined,
  takenOff: false,
  leaving: false,
};

/** Ends that a retry would only repeat. */
const FINAL: ReadonlySet<string> = new Set(["removed", "replaced", "not-allowed"]);
/** A link that has been away this long is given up; the user may ask for it again. */
const GIVE_UP_MS = 600_000;

export function reduceStage(state: StageState, fact: StageFact): StageState {
  switch (fact.kind) {
    case "reply":
      return heard(state, fact.reply, fact.nowMs);
    case "closed":
      return closed(state, fact);
    case "media":
      return { ...state, media: fact.media, ...(fact.media !== "joined" && { tracks: [], quality: undefined }) };
    case "leaving":
      return { ...state, leaving: true };
    case "reopen":
      return { ...NEW_STAGE_STATE, stage: state.stage, participantId: state.participantId, role: state.role };
  }
}

function heard(state: StageState, reply: StageReply, nowMs: number): StageState {
  switch (reply.kind) {
    case "welcome": {
      const { connectionId, participantId, role, iceServers, stage } = reply;
      // The server knows nothing of a peer connection of an earlier link.
      const fresh = { media: "none", tracks: [], quality: undefined, speakers: [] } as const;
      const link = { at: "open", connectionId } as const;
      return withStage({ ...state, ...fresh, link, participantId, role, iceServers }, stage);
    }
    case "stage":
      return withStage(state, reply.stage);
    case "offer":
      return { ...state, tracks: reply.tracks };
    case "join-refused":
      return { ...state, media: "none" };
    case "media-lost":
      return { ...state, media: "lost", tracks: [], quality: undefined };
    case "speakers":
      return { ...state, speakers: reply.participantIds };
    case "quality": {
      const { kind: _kind, ...quality } = reply;
      return { ...state, quality };
    }
    case "bye":
      return FINAL.has(reply.code)
        ? { ...state, media: "none", link: { at: "ended", why: reply.code } }
        : { ...state, media: "none", link: { at: "lost", sinceMs: nowMs } };
    case "joined":
    case "result":
    case "pong":
    case "ping":
      return state;
  }
}

function closed(state: StageState, fact: Extract<StageFact, { kind: "closed" }>): StageState {
  const { link } = state;
  if (link.at === "ended") return state;
  const over = { ...state, media: "none", tracks: [], speakers: [], quality: undefined } as const;
  const why = finalOf(fact.status);
  if (why) return { ...over, link: { at: "ended", why } };
  const sinceMs = link.at === "lost" ? link.sinceMs : fact.nowMs;
  if (fact.nowMs - sinceMs > GIVE_UP_MS) return { ...over, link: { at: "ended", why: "gave-up" } };
  return { ...over, link: { at: "lost", sinceMs } };
}

function finalOf(status: number): LinkEnd | undefined {
  if (status === 401) return "signed-out";
  if (status === 403) return "not-allowed";
  return status === 404 ? "no-room" : undefined;
}

function withStage(state: StageState, stage: StageView): StageState {
  const was = meOf(state);
  const is = stage.participants.find(({ participantId }) => participantId === state.participantId);
  if (is) return { ...state, stage, takenOff: false };
  return { ...state, stage, takenOff: state.takenOff || (was !== undefined && !state.leaving), leaving: false };
}

/** The browser's own user on the stage; undefined when it is not on it. */
export const meOf = ({ stage, participantId }: StageState): Participant | undefined =>
  stage?.participants.find((one) => one.participantId === participantId);

/** Whether the place allows for media: backstage or a seat. */
export const hasPlace = (state: StageState): boolean => {
  const at = meOf(state)?.place.at;
  return at === "backstage" || at === "seated";
};

/** Whether a peer connection is to be made now. */
export const mustJoin = (state: StageState): boolean =>
  state.link.at === "open" && hasPlace(state) && (state.media === "none" || state.media === "lost");

/** Who is on air, by seat. */
export const seatedOf = (stage: StageView | undefined): Participant[] =>
  (stage?.participants ?? []).filter(({ place }) => place.at === "seated").toSorted((a, b) => seatOf(a) - seatOf(b));

/** A participant's seat; infinite for one that has none. */
export const seatOf = ({ place }: Participant): number =>
  place.at === "seated" ? place.seat : Number.POSITIVE_INFINITY;

/** Whether whoever looks may decide on others. */
export const directs = ({ role }: StageState): boolean => role !== "guest";
