/** What the stage's pages ask of the edge by HTTP. */
import type { OpenStage } from "@lianmai/edge/protocol";
import type { LayoutChoice } from "@lianmai/edge/protocol/layout";
import type { IceServer } from "@lianmai/ingest/signalling";
import { request } from "../api/request.ts";

const at = (slug: string): string => `/rooms/${encodeURIComponent(slug)}`;

/** One function per operation; each throws an ApiError. */
export const stageApi = {
  open: (slug: string, signal: AbortSignal) => request<OpenStage>("GET", `${at(slug)}/stage`, { signal }),
  layout: (slug: string) => request<LayoutChoice>("GET", `${at(slug)}/layout`),
  chooseLayout: (slug: string, body: LayoutChoice) => request<LayoutChoice>("PUT", `${at(slug)}/layout`, { body }),
  iceServers: () => request<{ readonly iceServers: readonly IceServer[] }>("GET", "/connection-test"),
  /** Has an offer answered by a peer that only measures. */
  testOffer: (sdp: string) => request<{ readonly sdp: string }>("POST", "/connection-test", { body: { sdp } }),
};
