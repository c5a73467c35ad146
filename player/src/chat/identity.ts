/** As whom this browser enters rooms: the account signed in, or a guest that the browser remembers. */
import type { RoomToken } from "@lianmai/edge/protocol/room";
import { request } from "../api/request.ts";
import { keep, readKept } from "../kept.ts";

export type Identity =
  | { readonly kind: "account"; readonly id: string; readonly name: string }
  | { readonly kind: "guest"; readonly device: string; readonly nickname: string | undefined };

const DEVICE = "lianmai.device";
const NICKNAME = "lianmai.nickname";
/** What the edge takes for a name. */
const FIT_NAME = /^[\p{L}\p{M}\p{N}][\p{L}\p{M}\p{N} ._-]{1,39}$/u;

/** Longest nickname. */
export const MAX_NICKNAME = 40;

/** The nickname in the form the edge keeps, undefined when it does not take it. */
export function fitNickname(name: string): string | undefined {
  const tidy = name.normalize("NFKC").trim().replace(/\s+/gu, " ");
  return FIT_NAME.test(tidy) ? tidy : undefined;
}

/** Who this browser is for rooms. */
export function identityOf(user: { readonly id: string; readonly name: string } | undefined): Identity {
  if (user) return { kind: "account", id: user.id, name: user.name };
  return { kind: "guest", device: guestDevice(), nickname: readKept(NICKNAME) ?? undefined };
}

export function saveNickname(name: string): void {
  keep(NICKNAME, name);
}

/** Two identities are the same person under the same name. */
export const identityKey = (identity: Identity): string =>
  identity.kind === "account" ? identity.id : `guest ${identity.device} ${identity.nickname ?? ""}`;

/** Name of the outbox that belongs to an identity. */
export const outboxName = (identity: Identity): string => (identity.kind === "account" ? identity.id : "guest");

/** Gets a token for rooms. @throws {ApiError} */
export function roomToken(identity: Identity): Promise<RoomToken> {
  const { kind } = identity;
  const body =
    kind === "account" ? {} : { device: identity.device, ...(identity.nickname && { nickname: identity.nickname }) };
  return request<RoomToken>("POST", "/room/token", { body });
}

/** The secret that makes a guest the same guest at the next visit; for this page only where storage is forbidden. */
function guestDevice(): string {
  const known = readKept(DEVICE);
  if (known && known.length >= 16) return known;
  const bytes = crypto.getRandomValues(new Uint8Array(18));
  const device = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  keep(DEVICE, device);
  if (readKept(DEVICE) === device) return device;
  unkeptDevice ??= device;
  return unkeptDevice;
}

/** The device of a browser that keeps nothing. */
let unkeptDevice: string | undefined;
