/** What the torture and the faulty edge say to each other over IPC. */

/** Mute somebody, hear no bells for a while or ever again, or have a disk that takes nothing for a while. */
export type EdgeOrder =
  | { readonly mute: string; readonly room: string }
  | { readonly silentMs: number }
  | { readonly deaf: true }
  | { readonly stuckMs: number };

/** What may befall a bell. */
export const BELL_FATES = ["dropped", "doubled", "late"] as const;
export type BellFates = Record<(typeof BELL_FATES)[number], number>;

/** `bells`: what befell them since the last time. */
export type EdgeSaid =
  | { readonly kind: "ready" }
  | { readonly kind: "muted" }
  | { readonly kind: "bells"; readonly bells: Readonly<BellFates> };
