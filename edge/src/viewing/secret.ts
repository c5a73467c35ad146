import { randomBytes } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";

/** A secret of this installation, made at the first start; the edges of one machine share the file. */
export function readSecret(path: string): Buffer {
  try {
    writeFileSync(path, randomBytes(32).toString("base64url"), { mode: 0o600, flag: "wx" });
  } catch (error) {
    // another start has made it
    if (!(error instanceof Error && "code" in error && error.code === "EEXIST")) throw error;
  }
  return Buffer.from(readFileSync(path, "utf8"), "base64url");
}
