import { connect } from "node:net";

/** Longest one question may take. */
const BUDGET_MS = 1_000;

/**
 * Asks a Redis on loopback one command after authenticating, and resolves to the last reply's line.
 * Rejects when it is not there, is not Redis, or refuses the password. Inline commands only.
 */
export function askRedis(
  address: { readonly port: number; readonly password: string },
  command: string,
): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: "127.0.0.1", port: address.port });
    let text = "";
    socket.setTimeout(BUDGET_MS, () => socket.destroy(new Error("no answer")));
    socket.on("connect", () => socket.write(`AUTH ${address.password}\r\n${command}\r\n`));
    socket.on("data", (bytes) => {
      text += bytes.toString("latin1");
      const [auth, reply] = text.split("\r\n");
      if (auth !== "+OK" && text.includes("\r\n")) socket.destroy(new Error(`refused: ${auth}`));
      if (reply !== undefined && text.split("\r\n").length > 2) {
        resolve(reply);
        socket.destroy();
      }
    });
    socket.on("error", reject);
    socket.on("close", () => reject(new Error("closed without a reply")));
  });
}
