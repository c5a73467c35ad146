import { createHmac, randomBytes, timingSafeEqual } from "node:crypto";
import { createCountedCache } from "../bounded-cache.ts";

/** Name of the browser's viewer cookie; `/live` reads it, scripts cannot. */
export const VIEWER_COOKIE = "lianmai_viewer";
/** The device stays the same for this long after its last visit. */
export const PASS_LIFE_MS = 400 * 86_400_000;

/** Who watches, as the edge has signed it: a device, and the account signed in on it ("" when none). */
export interface ViewerPass {
  /** 22 characters of base64url. */
  readonly device: string;
  readonly userId: string;
}

/** Signs and reads passes. Reading is one look into a bounded memory for a pass seen before. */
export interface ViewerPasses {
  sign(pass: ViewerPass): string;
  /** Undefined for what is not ours. */
  read(token: string): ViewerPass | undefined;
  /** The pass of a Cookie header. */
  fromCookies(header: string | undefined): ViewerPass | undefined;
}

const MAX_REMEMBERED = 50_000;
const SHAPE = /^([\w-]{22})\.([\w.@|:-]{0,160})\.([\w-]{22})$/;
const MAC_BYTES = 16;

/** Makes {@link ViewerPasses} with a secret of at least 32 bytes. */
export function createViewerPasses(secret: Buffer): ViewerPasses {
  const remembered = createCountedCache<ViewerPass>({ maxEntries: MAX_REMEMBERED });
  const macOf = (text: string) => createHmac("sha256", secret).update(`viewer ${text}`).digest().subarray(0, MAC_BYTES);
  const verify = (token: string): ViewerPass | undefined => {
    const [, device, userId, mac] = SHAPE.exec(token) ?? [];
    if (device === undefined || userId === undefined || mac === undefined) return undefined;
    const given = Buffer.from(mac, "base64url");
    if (given.length !== MAC_BYTES || !timingSafeEqual(given, macOf(`${device}.${userId}`))) return undefined;
    return { device, userId };
  };
  const read = (token: string): ViewerPass | undefined => {
    const known = remembered.get(token);
    if (known) return known;
    const pass = verify(token);
    if (pass) remembered.set(token, pass);
    return pass;
  };
  return {
    sign({ device, userId }) {
      const text = `${device}.${userId}`;
      return `${text}.${macOf(text).toString("base64url")}`;
    },
    read,
    fromCookies(header) {
      const token = header === undefined ? undefined : cookieValue(header);
      return token === undefined ? undefined : read(token);
    },
  };
}

/** A new device's id. */
export const newDevice = (): string => randomBytes(16).toString("base64url");

function cookieValue(header: string): string | undefined {
  const name = `${VIEWER_COOKIE}=`;
  let at = header.indexOf(name);
  while (at > 0 && header[at - 1] !== " " && header[at - 1] !== ";") at = header.indexOf(name, at + 1);
  if (at < 0) return undefined;
  const end = header.indexOf(";", at);
  return header.slice(at + name.length, end < 0 ? undefined : end).trim();
}
