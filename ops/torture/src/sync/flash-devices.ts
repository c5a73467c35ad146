/** A camera and a microphone made up in a page, that flash and beep at the same moment of the page's sound clock. */
import { madeUpDevices } from "@lianmai/e2e/made-up-devices";
import { FLASH_EVERY_MS, FLASH_MS } from "@lianmai/ingest/testing/flash-show";

const GAIN = 0.2;
const RAMP_S = 0.002;
/** So few that the browsers leave the machine to what is looked at; a flash begins with one of them. */
const PICTURE = { width: 320, height: 180, perSecond: 15 } as const;
/** How often it is looked whether the next picture is due. */
const LOOK_EVERY_MS = 8;

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
    let [drawn, planned] = [0, 1];
    setInterval(() => {
      const now = sound.currentTime;
      for (; planned * every < now + 1; planned += 1) {
        const at = planned * every + ${offsetMs / 1_000};
        loud.gain.setValueAtTime(0, at);
        loud.gain.linearRampToValueAtTime(${GAIN}, at + ${RAMP_S});
        loud.gain.setValueAtTime(${GAIN}, at + long);
        loud.gain.linearRampToValueAtTime(0, at + long + ${RAMP_S});
      }
      if (now * ${perSecond} < drawn) return;
      drawn = Math.floor(now * ${perSecond}) + 1;
      pen.fillStyle = now >= every && now % every < long ? "white" : "hsl(${hertz % 360} 60% 15%)";
      pen.fillRect(0, 0, ${width}, ${height});
      pen.fillStyle = "gray";
      pen.fillRect((drawn * 7) % ${width}, 0, 30, 12);
      track.requestFrame();
    }, ${LOOK_EVERY_MS});
    return { sound: out.stream, picture: stream };
  `);
}
