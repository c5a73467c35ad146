import type { Kind } from "./entry.ts";
import type { Role } from "./roles.ts";

/** Who may bring a kind into the log. */
export interface KindPermission {
  /** `client`: a `pub` frame. `ledger`: the gift ledger's outbox. `moderation`: its services. `service`: the edge. */
  readonly by: "client" | "ledger" | "moderation" | "service";
  /** Least role of a client that publishes it. */
  readonly least: Role;
}

/** Permission by kind; a `pub` of a kind that is not `client`'s is refused with `forbidden`. */
export const KIND_PERMISSIONS: Readonly<Record<Kind, KindPermission>> = {
  text: { by: "client", least: "guest" },
  emote: { by: "client", least: "guest" },
  image: { by: "client", least: "viewer" },
  voice: { by: "client", least: "viewer" },
  file: { by: "client", least: "moderator" },
  gift: { by: "ledger", least: "viewer" },
  paid: { by: "ledger", least: "viewer" },
  stage: { by: "service", least: "admin" },
  system: { by: "service", least: "admin" },
  act: { by: "moderation", least: "moderator" },
  mode: { by: "moderation", least: "moderator" },
  pin: { by: "moderation", least: "moderator" },
  unpin: { by: "moderation", least: "moderator" },
  gone: { by: "service", least: "admin" },
};
