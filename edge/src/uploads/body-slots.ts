/** Bodies that are on their way in, each held in memory whole: only so many at once, and few of one person. */
export interface BodySlots {
  /** Takes one; answers how to give it back, or undefined when there is none. */
  take(ownerId: string): (() => void) | undefined;
}

/** Makes the {@link BodySlots}. */
export function createBodySlots(most: { readonly altogether: number; readonly ofOne: number }): BodySlots {
  const taken = new Map<string, number>();
  let altogether = 0;
  return {
    take(ownerId) {
      const mine = taken.get(ownerId) ?? 0;
      if (altogether >= most.altogether || mine >= most.ofOne) return undefined;
      altogether += 1;
      taken.set(ownerId, mine + 1);
      return () => {
        altogether -= 1;
        const left = (taken.get(ownerId) ?? 1) - 1;
        if (left === 0) taken.delete(ownerId);
        else taken.set(ownerId, left);
      };
    },
  };
}
