import { randomBytes } from "node:crypto";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { NewStreamKey, Session, StreamKeyList } from "@lianmai/edge/protocol";
import { type ApiClient, ApiError } from "./api-client.ts";

/** The demo's own account, room and key, kept in the data directory for the next demo. */
export interface DemoRoom {
  readonly name: string;
  readonly password: string;
  readonly slug: string;
  readonly keyId: string;
  readonly key: string;
}

const DEMO_FILE = "demo.json";
/** Tries at a name that is not taken: the plain one, then some with a random ending. */
const MAX_NAMES = 4;

/** Signs in (or up), and makes the room and the key where they are missing, all through the API. */
export async function ensureDemoRoom(api: ApiClient, dataDir: string): Promise<DemoRoom> {
  const file = join(dataDir, DEMO_FILE);
  const saved = await readSaved(file);
  const room = (saved && (await reuse(api, saved))) ?? (await make(api));
  await writeFile(file, `${JSON.stringify(room, undefined, 2)}\n`, { mode: 0o600 });
  return room;
}

async function reuse(api: ApiClient, saved: DemoRoom): Promise<DemoRoom | undefined> {
  try {
    const session = await api.request<Session>("POST", "/sessions", { name: saved.name, password: saved.password });
    api.signIn(session.token);
    const { streamKeys } = await api.request<StreamKeyList>("GET", `/rooms/${saved.slug}/stream-keys`);
    const isActive = streamKeys.some(({ id, state }) => id === saved.keyId && state === "active");
    return isActive ? saved : { ...saved, ...(await makeKey(api, saved.slug)) };
  } catch (error) {
    // Another database, or the account, room or password has changed: start over under another name.
    if (error instanceof ApiError && [401, 403, 404].includes(error.status)) return undefined;
    throw error;
  }
}

async function make(api: ApiClient): Promise<DemoRoom> {
  const password = randomBytes(18).toString("base64url");
  const name = await withFreeName(async (candidate) => {
    const session = await api.request<Session>("POST", "/users", { name: candidate, password });
    api.signIn(session.token);
  });
  const slug = await withFreeName((candidate) => api.request("POST", "/rooms", { slug: candidate, title: "Demo" }));
  return { name, password, slug, ...(await makeKey(api, slug)) };
}

async function makeKey(api: ApiClient, slug: string): Promise<Pick<DemoRoom, "keyId" | "key">> {
  const { key, streamKey } = await api.request<NewStreamKey>("POST", `/rooms/${slug}/stream-keys`, { label: "demo" });
  return { keyId: streamKey.id, key };
}

/** Tries "demo", then "demo-1a2b" and so on, while the API answers that the name is taken. */
async function withFreeName(claim: (name: string) => Promise<unknown>): Promise<string> {
  for (let attempt = 1; ; attempt++) {
    const name = attempt === 1 ? "demo" : `demo-${randomBytes(2).toString("hex")}`;
    try {
      await claim(name);
      return name;
    } catch (error) {
      if (!(error instanceof ApiError) || error.status !== 409 || attempt === MAX_NAMES) throw error;
    }
  }
}

async function readSaved(file: string): Promise<DemoRoom | undefined> {
  try {
    return JSON.parse(await readFile(file, "utf8"));
  } catch {
    return undefined;
  }
}
