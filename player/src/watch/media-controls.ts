/** Registers the player controls in use and gives them their texts; the only file that knows media-chrome. */
import "media-chrome/dist/media-controller.js";
import "media-chrome/dist/media-loading-indicator.js";
import "media-chrome/dist/lang/zh-CN.js";
import { setLanguage } from "media-chrome/dist/utils/i18n.js";

/** Texts of controls made from now on. */
export function controlsLanguage(tag: string): void {
  setLanguage(tag);
}

/** Registers what the control bar is made of, which the first picture does not wait for. */
export async function loadControls(): Promise<void> {
  await Promise.all([
    import("media-chrome/dist/media-control-bar.js"),
    import("media-chrome/dist/media-play-button.js"),
    import("media-chrome/dist/media-mute-button.js"),
    import("media-chrome/dist/media-volume-range.js"),
    import("media-chrome/dist/media-pip-button.js"),
    import("media-chrome/dist/media-fullscreen-button.js"),
  ]);
}
