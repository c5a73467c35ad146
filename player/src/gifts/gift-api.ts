/** The gifts' part of the edge's API. */
import type {
  Catalogue,
  GiftReceipt,
  GiftSend,
  Grant,
  Leaderboard,
  PaidSend,
  Refund,
  RoomTransfers,
  Wallet,
} from "@lianmai/edge/protocol";
import { request } from "../api/request.ts";

const at = (slug: string): string => `/rooms/${encodeURIComponent(slug)}`;
const from = (cursor: number | null): string => (cursor === null ? "" : `?cursor=${cursor}`);

/** One function per operation; each throws an ApiError. */
export const giftApi = {
  catalogue: () => request<Catalogue>("GET", "/gifts"),
  wallet: (cursor: number | null) => request<Wallet>("GET", `/wallet${from(cursor)}`),
  send: (slug: string, body: GiftSend) => request<GiftReceipt>("POST", `${at(slug)}/gifts`, { body }),
  say: (slug: string, body: PaidSend) => request<GiftReceipt>("POST", `${at(slug)}/paid-messages`, { body }),
  leaderboard: (slug: string, period: Leaderboard["period"]) =>
    request<Leaderboard>("GET", `${at(slug)}/leaderboard?period=${period}&limit=20`),
  roomTransfers: (slug: string, cursor: number | null) =>
    request<RoomTransfers>("GET", `${at(slug)}/transfers${from(cursor)}`),
  refund: (slug: string, tx: string, body: Refund) =>
    request<GiftReceipt>("POST", `${at(slug)}/transfers/${encodeURIComponent(tx)}/refund`, { body }),
  grant: (body: Grant) => request<GiftReceipt>("POST", "/grants", { body }),
};

/** Type of {@link giftApi}, for whoever takes it as a collaborator. */
export type GiftApi = typeof giftApi;
