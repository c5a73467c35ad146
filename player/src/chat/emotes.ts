/** The emotes of this service: codes as they stand in texts between colons. Drawn by emote.svelte. */

/** How a face is drawn, by parts. */
export interface Face {
  readonly eyes: "dots" | "happy" | "wide" | "hearts" | "stars" | "shut" | "tears" | "angry" | "wink" | "spiral";
  readonly mouth: "smile" | "grin" | "open" | "flat" | "sad" | "tongue" | "wave" | "kiss";
  readonly extra?: "blush" | "sweat" | "zzz" | "hand" | "shades";
  readonly hue: number;
}

/** What an emote shows: a face, or a sign. */
export type EmoteArt = Face | { readonly sign: "heart" | "fire" | "clap" | "like" | "rose" | "party" };

const ALL = {
  smile: { eyes: "happy", mouth: "smile", hue: 45 },
  laugh: { eyes: "happy", mouth: "grin", hue: 45 },
  joy: { eyes: "tears", mouth: "grin", hue: 45 },
  love: { eyes: "hearts", mouth: "smile", hue: 45 },
  wow: { eyes: "stars", mouth: "open", hue: 45 },
  wink: { eyes: "wink", mouth: "smile", hue: 45 },
  tongue: { eyes: "wink", mouth: "tongue", hue: 45 },
  shy: { eyes: "shut", mouth: "smile", extra: "blush", hue: 30 },
  kiss: { eyes: "shut", mouth: "kiss", extra: "blush", hue: 45 },
  cool: { eyes: "dots", mouth: "smile", extra: "shades", hue: 45 },
  think: { eyes: "dots", mouth: "flat", extra: "hand", hue: 45 },
  sweat: { eyes: "shut", mouth: "wave", extra: "sweat", hue: 45 },
  shock: { eyes: "wide", mouth: "open", hue: 205 },
  dizzy: { eyes: "spiral", mouth: "wave", hue: 160 },
  sleepy: { eyes: "shut", mouth: "flat", extra: "zzz", hue: 225 },
  sad: { eyes: "dots", mouth: "sad", hue: 210 },
  cry: { eyes: "tears", mouth: "sad", hue: 210 },
  angry: { eyes: "angry", mouth: "sad", hue: 8 },
  heart: { sign: "heart" },
  fire: { sign: "fire" },
  like: { sign: "like" },
  clap: { sign: "clap" },
  rose: { sign: "rose" },
  party: { sign: "party" },
} as const satisfies Readonly<Record<string, EmoteArt>>;

export type EmoteCode = keyof typeof ALL;

/** Codes in the order of the picker. */
export const EMOTE_CODES = Object.keys(ALL) as readonly EmoteCode[];

export const isEmote = (code: string): code is EmoteCode => Object.hasOwn(ALL, code);

export const artOfEmote = (code: EmoteCode): EmoteArt => ALL[code];
