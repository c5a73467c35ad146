export { HandoverError, HandoverReader, writeHandoverFrame } from "./frames.ts";
export {
  type HandoverFrame,
  type HandoverHeader,
  type HandoverTrack,
  handoverHeaderSchema,
  keyframeRequestUrl,
} from "./source-format.ts";
