/** A camera and a microphone made up in a page, that beep a fixed time of the page's sound clock after each flash. */
import { madeUpDevices } from "@lianmai/e2e/made-up-devices";
import { FLASH_EVERY_MS, FLASH_MS } from "@lianmai/ingest/testing/flash-show";

const GAIN = 0.2;
const RAMP_S = 0.002;
/** So few that the browsers leave the machine to what is looked at; a flash begins with one of them. */
const PICTURE = { width: 320, height: 180, perSecond: 15 } as const;
/** How often it is looked whether the next picture is due. */
const LOOK_EVERY_MS = 8;
/**
 * A page on a full machine draws when it gets the time: a beep is planned when its flash has been drawn, so that the one
 * is right however late the other.
 */
export const BEEP_AFTER_MS = 200;

/** Source of a script that runs before the page's own. The sound clock is that of what has been made, not heard. */
export function flashDevices(options: { readonly hertz: number; readonly offsetMs: number }): string {
  const { hertz, offsetMs } = options;
  const { width, height, perSecond } = PICTURE;
  return madeUpDevices(`
    const sound = new AudioContext({ sampleRate: 48000 });
    const tone = new OscillatorNode(sound, { frequency: ${hertz} });
    const loud = new GainNode(sound, { gain: 0 });
    const out = sound.createMediaStreamDestination();
    tone.connect(loud).connect(out);
    tone.start();
    const canvas = Object.assign(document.createElement("canvas"), { width: ${width}, height: ${height} });
    const pen = canvas.getContext("2d");
    const stream = canvas.captureStream(0);
    const [track] = stream.getVideoTracks();
    const every = ${FLASH_EVERY_MS / 1_000}, long = ${FLASH_MS / 1_000};
    const beep = (at) => {
      loud.gain.setValueAtTime(0, at);
      loud.gain.linearRampToValueAtTime(${GAIN}, at + ${RAMP_S});
      loud.gain.setValueAtTime(${GAIN}, at + long);
      loud.gain.linearRampToValueAtTime(0, at + long + ${RAMP_S});
    };
    let [drawn, isLit] = [0, false];
    setInterval(() => {
      const now = sound.currentTime;
      if (now * ${perSecond} < drawn) return;
      drawn = Math.floor(now * ${perSecond}) + 1;
      const wasLit = isLit;
      isLit = now >= every && now % every < long;
      if (isLit && !wasLit) beep(now + ${(BEEP_AFTER_MS + offsetMs) / 1_000});
      pen.fillStyle = isLit ? "white" : "hsl(${hertz % 360} 60% 15%)";
      pen.fillRect(0, 0, ${width}, ${height});
      pen.fillStyle = "gray";
      pen.fillRect((drawn * 7) % ${width}, 0, 30, 12);
      track.requestFrame();
    }, ${LOOK_EVERY_MS});
    return { sound: out.stream, picture: stream };
  `);
}
