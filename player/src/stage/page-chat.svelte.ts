/** The chat beside a stage, on a connection that lives as long as the page does. */
import { onDestroy, untrack } from "svelte";
import type { Account } from "../account/account.svelte.ts";
import { identityOf } from "../chat/identity.ts";
import type { OpenRoom } from "../chat/open-room.svelte.ts";
import { RoomSession } from "../chat/room-session.svelte.ts";

/** Opens a room's chat; to be called while a component is made, and closed with it. */
export function pageChat(slug: string, account: Account): OpenRoom {
  const session = new RoomSession();
  const room = session.open(slug);
  $effect(() => {
    if (account.state.at === "unknown") return;
    const identity = identityOf(account.user);
    untrack(() => void session.use(identity));
  });
  onDestroy(() => session.close());
  return room;
}
