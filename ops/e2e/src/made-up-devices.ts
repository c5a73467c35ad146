/** A camera and a microphone that a page makes up itself, in place of the browser's. */

/**
 * Source of a script that runs before the page's own. `make`: source of a function body that gives
 * `{ sound: MediaStream, picture: MediaStream }`; it runs once, when a device is first asked for.
 */
export function madeUpDevices(make: string): string {
  return `(() => {
    localStorage.setItem("lianmai.devices", '{"size":"360p"}');
    let made;
    const make = () => {${make}};
    navigator.mediaDevices.getUserMedia = async ({ audio, video }) => {
      made ??= make();
      return new MediaStream([
        ...(audio ? made.sound.getAudioTracks() : []).map((track) => track.clone()),
        ...(video ? made.picture.getVideoTracks() : []).map((track) => track.clone()),
      ]);
    };
  })()`;
}
