/** Names of a room's keys in Redis. All keys of a partition have one hash tag, so that one function call may use them. */

/** Rooms are spread over this many partitions; each has one tag and one doorbell channel. */
export const PARTITIONS = 128;
const SLOTS = 16_384;

/** CRC16/XMODEM, which Redis Cluster maps keys to slots by. */
export function crc16(text: string): number {
  let crc = 0;
  for (const byte of Buffer.from(text)) {
    crc ^= byte << 8;
    for (let bit = 0; bit < 8; bit += 1) crc = crc & 0x80_00 ? ((crc << 1) ^ 0x10_21) & 0xff_ff : (crc << 1) & 0xff_ff;
  }
  return crc;
}

/** Tags that spread the partitions evenly over the slots, however few nodes a cluster has. */
const TAGS = Array.from({ length: PARTITIONS }, (_, partition) => {
  const width = SLOTS / PARTITIONS;
  for (let number = 0; ; number += 1) {
    const tag = `p${partition}.${number}`;
    if (Math.floor((crc16(tag) % SLOTS) / width) === partition) return tag;
  }
});

/** Partition of a room. */
export const partitionOf = (roomId: string): number => crc16(roomId) % PARTITIONS;

const tagOf = (partition: number): string => TAGS[partition] ?? "p";

/** Keys of the room functions in their order. */
export function roomKeys(roomId: string): readonly string[] {
  const partition = partitionOf(roomId);
  const base = `room:{${tagOf(partition)}}:${roomId}`;
  return [
    `${base}:meta`,
    `${base}:log`,
    `${base}:people`,
    `${base}:seen`,
    `${base}:seen-before`,
    revokedKey(partition),
    dirtyKey(partition),
  ];
}

/** Stream of a room's entries. */
export const logKey = (roomId: string): string => `room:{${tagOf(partitionOf(roomId))}}:${roomId}:log`;
/** Least token version by user; each partition has its own copy. */
export const revokedKey = (partition: number): string => `room:{${tagOf(partition)}}:revoked`;
/** Rooms of a partition with entries that are not durable yet. */
export const dirtyKey = (partition: number): string => `room:{${tagOf(partition)}}:dirty`;
/** Channel on which a partition's rooms ring. */
export const doorbellChannel = (partition: number): string => `room:doorbell:${partition}`;
/** Pattern of all doorbells. */
export const DOORBELLS = "room:doorbell:*";
/** Channel of values of the sheddable plane, by partition. */
export const stateChannel = (partition: number): string => `room:state:${partition}`;
/** Values of the sheddable plane of a room. */
export const stateKey = (roomId: string): string => `room:{${tagOf(partitionOf(roomId))}}:${roomId}:state`;
