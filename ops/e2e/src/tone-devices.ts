/** A camera and a microphone that are made up in the page: a small picture that moves, and a tone by which one is known. */

/** Apart from each other and from the encoder's 440 Hz and its beep at four times that. */
export const GUEST_TONES_HZ = [700, 1_050, 1_400, 2_300] as const;
/** What the encoder of `publish` sends without pause. */
export const ENCODER_TONE_HZ = 440;

const GAIN = 0.3;

export interface MadeUpDevices {
  readonly hertz: number;
  readonly picture: { readonly width: number; readonly height: number; readonly perSecond: number };
}

/** Source of a script that runs before the page's own. */
export function toneDevices({ hertz, picture }: MadeUpDevices): string {
  const { width, height, perSecond } = picture;
  return `(() => {
    localStorage.setItem("lianmai.devices", '{"size":"360p"}');
    let made;
    const make = () => {
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
    };
    navigator.mediaDevices.getUserMedia = async ({ audio, video }) => {
      made ??= make();
      return new MediaStream([
        ...(audio ? made.sound.getAudioTracks() : []).map((track) => track.clone()),
        ...(video ? made.picture.getVideoTracks() : []).map((track) => track.clone()),
      ]);
    };
  })()`;
}
