import { createHmac } from "node:crypto";
import type { IceServer } from "../signalling.ts";

/** How long a TURN credential is good for: a show, not a day's worth of abuse. */
const CREDENTIAL_SECONDS = 6 * 3_600;

export interface IceServerSettings {
  readonly stunUrls: readonly string[];
  readonly turnUrls: readonly string[];
  readonly turnSecret: string;
}

/**
 * What browsers are told of STUN and TURN servers. TURN credentials are short-lived, made from the secret shared with
 * the server (coturn's `use-auth-secret`; draft-uberti-behave-turn-rest-00). Pure.
 */
export function iceServersFor(settings: IceServerSettings, user: string, wallMs: number): IceServer[] {
  const servers: IceServer[] = [];
  if (settings.stunUrls.length > 0) servers.push({ urls: settings.stunUrls });
  if (settings.turnUrls.length > 0 && settings.turnSecret !== "") {
    const username = `${Math.floor(wallMs / 1_000) + CREDENTIAL_SECONDS}:${user}`;
    const credential = createHmac("sha1", settings.turnSecret).update(username).digest("base64");
    servers.push({ urls: settings.turnUrls, username, credential });
  }
  return servers;
}
