import type { PublisherMetadata } from "../health/meter.ts";
import { AmfError, type AmfMap, type AmfValue, readAmf0 } from "../rtmp/guard-amf.ts";

/** A publisher's onMetaData: what is of use in it, and its bytes as they belong into FLV. */
export interface MetadataTag {
  readonly values: PublisherMetadata;
  readonly body: Buffer;
}

// The AMF0 string "@setDataFrame", with which RTMP wraps what FLV stores bare.
const SET_DATA_FRAME = Buffer.from("\x02\x00\x0d@setDataFrame", "latin1");

/** Reads a script tag; undefined for other data messages and for what cannot be read. */
export function readMetadata(data: Buffer): MetadataTag | undefined {
  const wrapped = data.subarray(0, SET_DATA_FRAME.length).equals(SET_DATA_FRAME);
  const body = wrapped ? data.subarray(SET_DATA_FRAME.length) : data;
  try {
    const [name, values] = readAmf0(body);
    if (name !== "onMetaData" || !(values instanceof Map)) return undefined;
    return { values: pick(values), body };
  } catch (error) {
    if (error instanceof AmfError) return undefined;
    throw error;
  }
}

function pick(values: AmfMap): PublisherMetadata {
  const number = (value: AmfValue, most: number): number =>
    typeof value === "number" && value > 0 && value <= most ? value : 0;
  const encoder = values.get("encoder");
  return {
    encoder: typeof encoder === "string" ? encoder.slice(0, 120) : "",
    width: Math.round(number(values.get("width"), 16_384)),
    height: Math.round(number(values.get("height"), 16_384)),
    fps: number(values.get("framerate"), 1_000),
  };
}
