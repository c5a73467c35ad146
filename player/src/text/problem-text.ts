/** What to tell a person about a problem, in their language. */
import type { Problem } from "@lianmai/edge/protocol";
import type { Text } from "./text.svelte.ts";

/** Text by the problem's code; the server's own title where there is none. */
export function problemText(problem: Problem, text: Pick<Text, "maybe">): string {
  const seconds = Math.ceil((problem.retryAfterMs ?? 0) / 1_000);
  const known = text.maybe(`problem.${problem.code}`, { seconds });
  return known ?? problem.detail ?? problem.title;
}
