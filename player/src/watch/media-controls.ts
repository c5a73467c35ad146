/** Registers the player controls in use and gives them their texts; the only file that knows media-chrome. */

/**
 * Registers the controls, made with the texts of this language from now on. The first picture does not wait for them:
 * until then the frame is an element like any other.
 */
export async function loadControls(tag: string): Promise<void> {
  const [{ setLanguage }] = await Promise.all([
    import("media-chrome/dist/utils/i18n.js"),
    import("media-chrome/dist/lang/zh-CN.js"),
  ]);
  setLanguage(tag);
  await Promise.all([
    import("media-chrome/dist/media-controller.js"),
    import("media-chrome/dist/media-loading-indicator.js"),
    import("media-chrome/dist/media-control-bar.js"),
    import("media-chrome/dist/media-play-button.js"),
    import("media-chrome/dist/media-mute-button.js"),
    import("media-chrome/dist/media-volume-range.js"),
    import("media-chrome/dist/media-pip-button.js"),
    import("media-chrome/dist/media-fullscreen-button.js"),
  ]);
}
