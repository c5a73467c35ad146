/** A camera and a microphone that are made up in the page: a small picture that moves, and a tone by which one is known. */
import { madeUpDevices } from "./made-up-devices.ts";

/** Apart from each other and from the encoder's 440 Hz and its beep at four times that. */
export const GUEST_TONES_HZ = [700, 1_050, 1_400, 2_300] as const;
/** What the encoder of `publish` sends without pause. */
export const ENCODER_TONE_HZ = 440;

const GAIN = 0.3;

export interface ToneDevices {
  readonly hertz: number;
  readonly picture: { readonly width: number; readonly height: number; readonly perSecond: number };
}

/** Source of a script that runs before the page's own. */
export function toneDevices({ hertz, picture }: ToneDevices): string {
  const { width, height, perSecond } = picture;
  return madeUpDevices(`
    const sound = new AudioContext();
    const tone = new OscillatorNode(sound, { frequency: ${hertz} });
    const out = sound.createMediaStreamDestination();
    tone.connect(new GainNode(sound, { gain: ${GAIN} })).connect(out);
    tone.start();
    const canvas = Object.assign(document.createElement("canvas"), { width: ${width}, height: ${height} });
    const pen = canvas.getContext("2d", { willReadFrequently: true });
    let at = 0;
    setInterval(() => {
      at += 1;
      pen.fillStyle = "hsl(${hertz % 360} 60% 40%)";
      pen.fillRect(0, 0, ${width}, ${height});
      pen.fillStyle = "white";
      pen.fillRect((at * 7) % ${width}, ${height / 3}, 40, 40);
    }, 1000 / ${perSecond});
    return { sound: out.stream, picture: canvas.captureStream(${perSecond}) };
  `);
}
