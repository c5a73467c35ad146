/** Trickle ICE fragments (RFC 8840 9) as WHIP's PATCH has them: an incomplete reading, enough to tell what they want. */

const MAX_LINES = 200;

/** `candidates`: nothing to do, as the far end's checks reach us without being named. `restart`: new ICE credentials. */
export type TrickleFragment = { readonly kind: "candidates" | "restart" } | { readonly kind: "unreadable" };

/** Reads a fragment against the credentials of the session's offer. Pure. */
export function readTrickleFragment(text: string, usernameFragment: string | undefined): TrickleFragment {
  const lines = text.split(/\r?\n/).filter((line) => line !== "");
  if (lines.length === 0 || lines.length > MAX_LINES) return { kind: "unreadable" };
  if (!lines.every((line) => /^(a=[a-z-]+(:.*)?|m=.*)$/.test(line))) return { kind: "unreadable" };
  const given = lines.find((line) => line.startsWith("a=ice-ufrag:"))?.slice("a=ice-ufrag:".length);
  const restart = given !== undefined && usernameFragment !== undefined && given !== usernameFragment;
  return { kind: restart ? "restart" : "candidates" };
}
