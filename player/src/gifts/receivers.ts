/** Whom a gift can be for, besides the host: the others that the picture shows. Pure. */
import type { LayoutDocument } from "@lianmai/edge/protocol/layout";

/** Somebody on the stage. */
export interface Receiver {
  readonly id: string;
  readonly name: string;
}

/** Each once, in the picture's order; not the host, whom gifts are for anyway, and not oneself. */
export function receiversIn(
  layout: LayoutDocument | undefined,
  but: readonly (string | undefined)[],
): readonly Receiver[] {
  const people = new Map<string, Receiver>();
  for (const { participantId: id, name } of layout?.tiles ?? []) if (!but.includes(id)) people.set(id, { id, name });
  return [...people.values()];
}
