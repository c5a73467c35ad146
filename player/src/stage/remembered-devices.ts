/** Which devices somebody chose the last time, kept in the browser. */
import { keep, readKeptJson } from "../kept.ts";
import { isPictureSize, type PictureSize } from "./picture-size.ts";

export interface DeviceChoices {
  /** Device ids; empty for the browser's choice. */
  readonly microphone: string;
  readonly camera: string;
  readonly echo: boolean;
  readonly noise: boolean;
  readonly size: PictureSize;
}

const KEY = "lianmai.devices";
const USUAL: DeviceChoices = { microphone: "", camera: "", echo: true, noise: true, size: "720p" };

export function readChoices(): DeviceChoices {
  const kept = (readKeptJson(KEY) ?? {}) as Partial<DeviceChoices>;
  return { ...USUAL, ...kept, size: isPictureSize(kept.size) ? kept.size : USUAL.size };
}

export function saveChoices(choices: DeviceChoices): void {
  keep(KEY, JSON.stringify(choices));
}
