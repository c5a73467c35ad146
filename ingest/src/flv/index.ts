export { type AudioTag, parseAudioTag, parseVideoTag, type VideoCodec, type VideoTag } from "./parse-tag.ts";
export { FlvError, FlvReader, type FlvTag } from "./read-tags.ts";
