/** The edge process: public API, pages, playlists and parts. */
import { runProcess } from "@lianmai/process";
import { createEdge } from "./create-edge.ts";

await runProcess("edge", async (context) => {
  const edge = await createEdge(context);
  if (edge.generatedPassword !== undefined) announce(edge.generatedPassword);
  return edge;
});

/** Shows the first account's generated password once: to the supervisor if there is one, else on stdout. */
function announce(password: string): void {
  if (process.send) process.send({ kind: "admin-password", password });
  else process.stdout.write(`First account: admin, password: ${password}\n`);
}
