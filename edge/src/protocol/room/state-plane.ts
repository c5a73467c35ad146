/**
 * The sheddable plane: values that only matter in their newest form. An update replaces the one of the same key and
 * a lower version; updates may be left out at will, and joining brings all current values.
 */

/** Values by key; `combo:` and `score:` take an id. */
export interface StateValues {
  /** Likes of the program so far. */
  readonly likes: { readonly count: number };
  /** People with this room open, all edges. */
  readonly viewers: { readonly count: number };
  /** Progress of a running gift combo. */
  readonly [combo: `combo:${string}`]: {
    readonly gift: string;
    readonly from: { readonly id: string; readonly name: string };
    readonly total: number;
    readonly coins: number;
    readonly endsAtMs: number;
  };
  /** Top givers, best first, of the program. */
  readonly leaders: {
    readonly rows: readonly { readonly id: string; readonly name: string; readonly coins: number }[];
  };
}
export type StateKey = keyof StateValues & string;

/** One value; `value` null: gone. */
export interface StateUpdate {
  readonly key: string;
  readonly ver: number;
  readonly value: unknown;
}
