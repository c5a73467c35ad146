/** How a viewer wants the chat over the picture, remembered by the browser. */
import { keep, readKeptJson } from "../kept.ts";

export const DENSITIES = ["low", "medium", "high"] as const;

export interface DanmakuSettings {
  readonly isOn: boolean;
  readonly density: (typeof DENSITIES)[number];
  /** 0.2 to 1. */
  readonly opacity: number;
}

const KEY = "lianmai.danmaku";
export const MIN_OPACITY = 0.2;
const DEFAULT: DanmakuSettings = { isOn: true, density: "medium", opacity: 0.9 };

/** Settings of an earlier visit; sensible ones at the first, or for what is not understood. */
export function loadSettings(): DanmakuSettings {
  return settingsFrom(readKeptJson(KEY));
}

/** Reads what was stored, field by field. */
export function settingsFrom(saved: unknown): DanmakuSettings {
  if (typeof saved !== "object" || saved === null) return DEFAULT;
  const { isOn, density, opacity } = saved as Partial<Record<keyof DanmakuSettings, unknown>>;
  const known = DENSITIES.find((each) => each === density);
  const number = Number(opacity);
  return {
    isOn: typeof isOn === "boolean" ? isOn : DEFAULT.isOn,
    density: known ?? DEFAULT.density,
    opacity: number >= MIN_OPACITY && number <= 1 ? number : DEFAULT.opacity,
  };
}

export function saveSettings(settings: DanmakuSettings): void {
  keep(KEY, JSON.stringify(settings));
}
