/** A child of the `chat` benchmark: the edge as it is, with a room, and tokens for everybody. */
import { createEdge } from "@lianmai/edge/create-edge";
import { createTokens } from "@lianmai/edge/room/tokens";
import { runProcess, systemClock } from "@lianmai/process";

await runProcess("edge", async (context) => {
  // everybody comes from one address here
  const edge = await createEdge(context, { roomLimits: { connectsPerMinute: 10_000_000 } });
  const tokens = await createTokens({ database: edge.room.database, clock: systemClock });
  const people = async (count: number) => {
    const made: string[] = [];
    for (let number = 0; number < count; number += 1) {
      const person = { userId: `user-${number}`, name: `User ${number}`, role: "viewer", version: 0 } as const;
      made.push((await tokens.issue(person)).token);
    }
    return made;
  };
  process.on("message", (call: { readonly count: number }) => {
    void people(call.count).then((result) => process.send?.({ result }));
  });
  return edge;
});
