/**
 * Makes one continuous track of a publisher's layers: one run of sequence numbers and one timeline, whatever layer it
 * comes from. Switches at keyframes only. Pure.
 */
import type { SenderReport } from "../rtp/rtcp.ts";

/** A packet of one layer, as received. */
export interface LayerPacket {
  readonly layer: number;
  readonly extended: number;
  readonly timestamp: number;
  readonly arrivalMs: number;
  /** May begin a track: always true of sound. */
  readonly startsHere: boolean;
  /** Carries nothing: it is taken out of the run. */
  readonly empty: boolean;
  readonly report: SenderReport | undefined;
}

export interface Rewritten {
  /** Never wraps; its low 16 bits are the sequence number. */
  readonly extended: number;
  readonly timestamp: number;
  /** First packet of a layer. */
  readonly switched: boolean;
  /** Grows with each switch. */
  readonly stay: number;
}

export interface Origin {
  readonly layer: number;
  readonly extended: number;
  readonly timestampOffset: number;
  readonly stay: number;
  /** Whether the layer has not been left since. */
  readonly current: boolean;
}

interface Run {
  /** Grows with each switch: runs of one stay on a layer share it. */
  readonly stay: number;
  readonly layer: number;
  readonly fromIn: number;
  readonly fromOut: number;
  readonly timestampOffset: number;
}

interface Last {
  readonly timestamp: number;
  readonly arrivalMs: number;
  readonly inTimestamp: number;
  readonly report: SenderReport | undefined;
}

/** Runs remembered, so that late packets and retransmissions of the last second find theirs. */
const KEPT_RUNS = 32;

export class TrackRewriter {
  readonly #clockRate: number;
  #runs: Run[] = [];
  #highestOut: number;
  #last: Last | undefined;
  #current: number | undefined;
  #stay = 0;

  constructor(options: { readonly clockRate: number; readonly firstSequence: number }) {
    this.#clockRate = options.clockRate;
    this.#highestOut = 0x1_0000 + options.firstSequence - 1;
  }

  /** The layer being forwarded. */
  get layer(): number | undefined {
    return this.#current;
  }

  /** Newest number given out. */
  get highest(): number {
    return this.#highestOut;
  }

  /** Leaves the layer: the next keyframe of a wanted one begins a new run. */
  leave(): void {
    this.#current = undefined;
  }

  /** What the packet becomes; undefined: it is not of this track. `wanted`: the layer to be on. */
  push(packet: LayerPacket, wanted: number): Rewritten | undefined {
    if (packet.layer === wanted && packet.layer !== this.#current) return this.#begin(packet);
    if (packet.layer !== this.#current) return undefined;
    const run = this.#runs.findLast(
      (candidate) => candidate.stay === this.#stay && packet.extended >= candidate.fromIn,
    );
    if (!run) return undefined;
    const extended = run.fromOut + packet.extended - run.fromIn;
    const newest = extended > this.#highestOut;
    if (packet.empty) {
      // In order, it closes the gap it would leave; late, it is not missed.
      if (newest) this.#keep({ ...run, fromIn: packet.extended + 1, fromOut: extended });
      return undefined;
    }
    const timestamp = (packet.timestamp + run.timestampOffset) >>> 0;
    if (newest) this.#advance(extended, timestamp, packet);
    return { extended, timestamp, switched: false, stay: run.stay };
  }

  /** Where a number given out came from: for retransmission. */
  origin(sequence: number): Origin | undefined {
    const out = this.#highestOut + (((sequence - this.#highestOut + 0x1_8000) & 0xffff) - 0x8000);
    const run = this.#runs.findLast((candidate) => out >= candidate.fromOut);
    if (!run || out > this.#highestOut) return undefined;
    return {
      layer: run.layer,
      extended: run.fromIn + out - run.fromOut,
      timestampOffset: run.timestampOffset,
      stay: run.stay,
      current: run.stay === this.#stay && this.#current !== undefined,
    };
  }

  /** A sender report of the current layer on the track's timeline; undefined when it is of another. */
  report(layer: number, rtpTimestamp: number): number | undefined {
    const run = this.#runs.at(-1);
    if (!run || layer !== this.#current || run.layer !== layer) return undefined;
    return (rtpTimestamp + run.timestampOffset) >>> 0;
  }

  #begin(packet: LayerPacket): Rewritten | undefined {
    if (!packet.startsHere || packet.empty) return undefined;
    const timestamp = this.#last ? this.#continued(this.#last, packet) : packet.timestamp;
    const extended = this.#highestOut + 1;
    this.#stay += 1;
    this.#keep({
      stay: this.#stay,
      layer: packet.layer,
      fromIn: packet.extended,
      fromOut: extended,
      timestampOffset: (timestamp - packet.timestamp) | 0,
    });
    this.#current = packet.layer;
    this.#advance(extended, timestamp, packet);
    return { extended, timestamp, switched: true, stay: this.#stay };
  }

  /** By the publisher's clock where both layers have reported it, else by when the packets came. */
  #continued(last: Last, packet: LayerPacket): number {
    const elapsedMs =
      last.report && packet.report
        ? this.#ntpMs(packet.report, packet.timestamp) - this.#ntpMs(last.report, last.inTimestamp)
        : packet.arrivalMs - last.arrivalMs;
    return (last.timestamp + Math.max(1, Math.round((elapsedMs * this.#clockRate) / 1_000))) >>> 0;
  }

  #ntpMs(report: SenderReport, timestamp: number): number {
    return report.ntpMs + (((timestamp - report.rtpTimestamp) | 0) * 1_000) / this.#clockRate;
  }

  #advance(extended: number, timestamp: number, packet: LayerPacket): void {
    this.#highestOut = extended;
    this.#last = {
      timestamp,
      arrivalMs: packet.arrivalMs,
      inTimestamp: packet.timestamp,
      report: packet.report,
    };
  }

  #keep(run: Run): void {
    this.#runs = [...this.#runs, run].slice(-KEPT_RUNS);
  }
}
