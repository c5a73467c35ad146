/** The last packets of a stream, for retransmission; shared by all who forward it. */

export interface KeptPacket {
  readonly extended: number;
  readonly timestamp: number;
  readonly marker: boolean;
  readonly payload: Buffer;
}

/** At 30 pictures and 2.5 Mbit/s a second holds about 260 packets. Oldest are overwritten. */
const RING_PACKETS = 1_024;

export class PacketRing {
  readonly #slots = new Array<KeptPacket | undefined>(RING_PACKETS);

  push(packet: KeptPacket): void {
    this.#slots[packet.extended % RING_PACKETS] = packet;
  }

  find(extended: number): KeptPacket | undefined {
    const kept = this.#slots[extended % RING_PACKETS];
    return kept?.extended === extended ? kept : undefined;
  }

  clear(): void {
    this.#slots.fill(undefined);
  }
}
