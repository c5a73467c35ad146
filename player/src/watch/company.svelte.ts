/** What stands around the picture and lives on the room's one connection: chat and gifts. It comes after the picture. */
import { untrack } from "svelte";
import type { Account } from "../account/account.svelte.ts";
import ChatPanel from "../chat/chat-panel.svelte";
import { identityOf } from "../chat/identity.ts";
import type { OpenRoom } from "../chat/open-room.svelte.ts";
import { RoomSession } from "../chat/room-session.svelte.ts";
import { Danmaku } from "../danmaku/danmaku.svelte.ts";
import DanmakuButton from "../danmaku/danmaku-button.svelte";
import DanmakuLayer from "../danmaku/danmaku-layer.svelte";
import { giftApi } from "../gifts/gift-api.ts";
import GiftDock from "../gifts/gift-dock.svelte";
import GiftOverlay from "../gifts/gift-overlay.svelte";
import { GiftStage } from "../gifts/gift-stage.svelte.ts";
import { Gifts } from "../gifts/gifts.svelte.ts";
import { hearGifts } from "../gifts/hear-gifts.ts";
import { receiversIn } from "../gifts/receivers.ts";
import { Invited } from "./invitation.svelte.ts";
import InvitationCard from "./invitation-card.svelte";

export class Company {
  readonly ChatPanel = ChatPanel;
  readonly DanmakuButton = DanmakuButton;
  readonly DanmakuLayer = DanmakuLayer;
  readonly GiftDock = GiftDock;
  readonly GiftOverlay = GiftOverlay;
  readonly InvitationCard = InvitationCard;
  readonly giftApi = giftApi;
  readonly receiversIn = receiversIn;
  readonly giftStage: GiftStage;
  readonly gifts: Gifts;
  readonly chat: OpenRoom;
  readonly danmaku = new Danmaku();
  readonly invited = new Invited();
  readonly #session = new RoomSession();
  readonly #end: () => void;

  constructor(slug: string, account: Account) {
    this.giftStage = new GiftStage({ giftOf: (id) => this.gifts.giftOf(id) });
    this.gifts = new Gifts({ slug, api: giftApi, stage: this.giftStage, name: () => account.user?.name ?? "" });
    this.chat = this.#session.open(slug);
    this.#end = $effect.root(() => {
      $effect(() => {
        if (account.state.at === "unknown") return;
        const identity = identityOf(account.user);
        untrack(() => void this.#session.use(identity));
      });
      $effect(() => hearGifts(this.chat, this.giftStage));
      $effect(() => this.chat.hear((entry) => this.invited.hear(entry, account.user?.id)));
    });
    // Names and pictures of gifts are needed over the picture and in the chat as well.
    void this.gifts.loadCatalogue();
  }

  close(): void {
    this.#end();
    this.#session.close();
  }
}
