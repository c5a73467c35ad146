/** Gifts: bodies of their routes. Their entries in the room's log are in room/entry.ts. */
import { type Static, Type } from "typebox";
import { cidSchema } from "./room/entry.ts";
import { KIND_LIMITS } from "./room/limits.ts";
import { userIdSchema } from "./room/people.ts";

/** Most of one gift in one send. */
export const MAX_GIFT_QUANTITY = 999;
/** Most coins in one transfer: sums of millions of them stay exact. */
export const MAX_COINS = 100_000_000;

const closed = { additionalProperties: false };
const coins = (minimum: number) => Type.Integer({ minimum, maximum: MAX_COINS });

/** Pictures that the player has. */
export const giftArtSchema = Type.Enum([
  "heart",
  "rose",
  "lollipop",
  "boba",
  "lantern",
  "crown",
  "fireworks",
  "rocket",
]);
export type GiftArt = Static<typeof giftArtSchema>;

/** A gift of the price list. `combo`: sends that follow each other are counted up together. */
export const catalogueGiftSchema = Type.Object(
  {
    id: Type.String({ minLength: 1, maxLength: 40, pattern: "^[a-z0-9-]+$" }),
    nameEn: Type.String({ minLength: 1, maxLength: 40 }),
    nameZh: Type.String({ minLength: 1, maxLength: 40 }),
    price: coins(1),
    art: giftArtSchema,
    combo: Type.Boolean(),
  },
  closed,
);
export type CatalogueGift = Static<typeof catalogueGiftSchema>;

/** From how many coins on a paid message is pinned for how long. */
export const paidTierSchema = Type.Object({ amount: coins(1), pinMs: Type.Integer() });
export type PaidTier = Static<typeof paidTierSchema>;

/** Answer of GET /api/v1/gifts. */
export const catalogueSchema = Type.Object({
  version: Type.Integer(),
  gifts: Type.Array(catalogueGiftSchema),
  paidTiers: Type.Array(paidTierSchema),
  /** A gift of the same kind within this time continues the combo. */
  comboWindowMs: Type.Integer(),
});
export type Catalogue = Static<typeof catalogueSchema>;

/** Body of PUT /api/v1/gifts: the whole new price list. */
export const catalogueChangeSchema = Type.Object(
  {
    /** The version that the change was made from. */
    replaces: Type.Integer({ minimum: 0 }),
    gifts: Type.Array(catalogueGiftSchema, { minItems: 1, maxItems: 100 }),
  },
  closed,
);
export type CatalogueChange = Static<typeof catalogueChangeSchema>;

/** Absolute state of a combo; readers overwrite what they knew. Nothing follows a final one but a refund. */
export const comboSchema = Type.Object({
  id: Type.String(),
  quantity: Type.Integer(),
  value: Type.Integer(),
  final: Type.Boolean(),
});
export type ComboTotals = Static<typeof comboSchema>;

/** Body of POST /api/v1/rooms/:slug/gifts. */
export const giftSendSchema = Type.Object(
  {
    /** The sender's own id of this send: the same again changes nothing and gets the same answer. */
    cid: cidSchema,
    gift: Type.String({ minLength: 1, maxLength: 40 }),
    quantity: Type.Integer({ minimum: 1, maximum: MAX_GIFT_QUANTITY }),
    /** The price that the sender saw: another one is refused. */
    unitPrice: coins(1),
    /** Id of somebody in a seat of the room's stage; for the host without. */
    to: Type.Optional(userIdSchema),
    /** Ends the combo with this gift. */
    final: Type.Optional(Type.Boolean()),
    /** Program time that the sender saw. */
    mediaMs: Type.Optional(Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER })),
  },
  closed,
);
export type GiftSend = Static<typeof giftSendSchema>;

/** Body of POST /api/v1/rooms/:slug/paid-messages. */
export const paidSendSchema = Type.Object(
  {
    cid: cidSchema,
    amount: coins(1),
    text: Type.String({ minLength: 1, maxLength: KIND_LIMITS.paid.maxCharacters }),
    mediaMs: Type.Optional(Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER })),
  },
  closed,
);
export type PaidSend = Static<typeof paidSendSchema>;

/** Answer of everything that moves coins. */
export const receiptSchema = Type.Object({
  tx: Type.String(),
  amount: Type.Integer(),
  /** Coins of the account afterwards. */
  balance: Type.Integer(),
  combo: Type.Union([comboSchema, Type.Null()]),
  /** True when this had been done before: nothing changed now. */
  repeated: Type.Boolean(),
});
export type GiftReceipt = Static<typeof receiptSchema>;

/** One line of a wallet's or a room's history. */
export const transferSchema = Type.Object({
  tx: Type.String(),
  kind: Type.Enum(["gift", "paid", "grant", "top-up", "refund"]),
  /** What it changed in the wallet: negative when spent. */
  change: Type.Integer(),
  atMs: Type.Integer(),
  room: Type.Union([Type.String(), Type.Null()]),
  user: Type.Object({ id: Type.String(), name: Type.String() }),
  /** Whom on the stage a gift was for; null for the host. */
  to: Type.Union([Type.Object({ id: Type.String(), name: Type.String() }), Type.Null()]),
  gift: Type.Union([Type.String(), Type.Null()]),
  quantity: Type.Union([Type.Integer(), Type.Null()]),
  note: Type.Union([Type.String(), Type.Null()]),
  refunded: Type.Boolean(),
});
export type TransferLine = Static<typeof transferSchema>;

/** Answer of GET /api/v1/wallet and of a room's transfers; `nextCursor` goes into `?cursor=`. */
export const walletSchema = Type.Object({
  balance: Type.Integer(),
  /** What came in as a host or a guest, less refunds. */
  income: Type.Integer(),
  transfers: Type.Array(transferSchema),
  nextCursor: Type.Union([Type.Integer(), Type.Null()]),
});
export type Wallet = Static<typeof walletSchema>;

/** Answer of GET /api/v1/rooms/:slug/transfers, for the host. */
export const roomTransfersSchema = Type.Object({
  transfers: Type.Array(transferSchema),
  nextCursor: Type.Union([Type.Integer(), Type.Null()]),
});
export type RoomTransfers = Static<typeof roomTransfersSchema>;

/** Answer of GET /api/v1/rooms/:slug/leaderboard. */
export const leaderboardSchema = Type.Object({
  period: Type.Enum(["program", "day", "all"]),
  /** Coins of everybody in the period. */
  total: Type.Integer(),
  places: Type.Array(
    Type.Object({
      place: Type.Integer(),
      user: Type.Object({ id: Type.String(), name: Type.String() }),
      value: Type.Integer(),
    }),
  ),
});
export type Leaderboard = Static<typeof leaderboardSchema>;

/** Body of POST /api/v1/transfers/:tx/refund and of the room's own. */
export const refundSchema = Type.Object(
  { cid: cidSchema, reason: Type.String({ minLength: 1, maxLength: 200 }) },
  closed,
);
export type Refund = Static<typeof refundSchema>;

/** Body of POST /api/v1/grants, for admins. */
export const grantSchema = Type.Object(
  {
    cid: cidSchema,
    /** Name of the account that gets the coins. */
    user: Type.String({ minLength: 2, maxLength: 40 }),
    amount: coins(1),
    reason: Type.String({ minLength: 1, maxLength: 200 }),
  },
  closed,
);
export type Grant = Static<typeof grantSchema>;

/** Body of POST /api/v1/payments/top-ups, signed by the payment system. */
export const topUpSchema = Type.Object(
  {
    /** Id of the account that gets the coins. */
    userId: Type.String({ minLength: 1, maxLength: 64 }),
    amount: coins(1),
    /** The payment's number over there. */
    reference: Type.String({ minLength: 1, maxLength: 200 }),
  },
  closed,
);
export type TopUp = Static<typeof topUpSchema>;
