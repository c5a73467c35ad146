/** A camera and a microphone that are made up in the page: a small picture that moves, and a tone by which one is known. */

/** Apart from each other and from the encoder's 440 Hz and its beep at four times that. */
export const GUEST_TONES_HZ = [700, 1_050, 1_400, 2_300] as const;
/** What the encoder of `publish` sends without pause. */
export const ENCODER_TONE_HZ = 440;

/** Few, and small: five browsers and a whole service share the machine. */
const PICTURES_PER_SECOND = 5;

/** Source of a script that runs before the page's own. */
export function toneDevices(hertz: number): string {
  return `(() => {
    localStorage.setItem("lianmai.devices", '{"size":"360p"}');
    let made;
    const make = () => {
      const sound = new AudioContext();
      const tone = new OscillatorNode(sound, { frequency: ${hertz} });
      const out = sound.createMediaStreamDestination();
      tone.connect(new GainNode(sound, { gain: 0.2 })).connect(out);
      tone.start();
      const canvas = Object.assign(document.createElement("canvas"), { width: 320, height: 180 });
      const pen = canvas.getContext("2d");
      let at = 0;
      setInterval(() => {
        at += 1;
        pen.fillStyle = "hsl(${hertz % 360} 60% 40%)";
        pen.fillRect(0, 0, 320, 180);
        pen.fillStyle = "white";
        pen.fillRect((at * 7) % 320, 60, 40, 40);
      }, 1000 / ${PICTURES_PER_SECOND});
      return { sound: out.stream, picture: canvas.captureStream(${PICTURES_PER_SECOND}) };
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
