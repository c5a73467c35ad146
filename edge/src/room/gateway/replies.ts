import type { FaultCode, NackCode } from "../../protocol/room/codes.ts";
import type { GatewayMetrics } from "./gateway-metrics.ts";
import { outFrame } from "./out-frame.ts";
import type { Outlet } from "./outlet.ts";

/** Why a publication was refused, beside its code. */
export interface Refusal {
  readonly code: NackCode;
  readonly retryMs?: number;
  readonly untilMs?: number;
  readonly hint?: string;
}

/** What a fault is about, beside its code. */
export interface FaultDetails {
  readonly of?: string;
  readonly room?: string;
  readonly detail?: string;
  readonly retryMs?: number;
}

/** Refusals of one connection: sent, and counted. */
export class Replies {
  readonly #outlet: Outlet;
  readonly #metrics: GatewayMetrics;

  constructor(outlet: Outlet, metrics: GatewayMetrics) {
    this.#outlet = outlet;
    this.#metrics = metrics;
  }

  nack(room: string, cid: string, { code, retryMs, untilMs, hint }: Refusal): void {
    this.#metrics.nacked(code);
    const times = { ...(retryMs !== undefined && { retryMs }), ...(untilMs !== undefined && { untilMs }) };
    this.#outlet.send(outFrame({ t: "nack", room, cid, code, ...times, ...(hint && { hint }) }));
  }

  fault(code: FaultCode, details: FaultDetails = {}): void {
    this.#metrics.faulted(code);
    this.#outlet.send(outFrame({ t: "fault", code, ...details }));
  }
}
