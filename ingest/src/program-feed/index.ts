export {
  type FeedFrame,
  type FeedHeader,
  feedHeaderSchema,
  OPUS_PACKET_SAMPLES,
  type ProgramFeedRecord,
  programFeedRecordSchema,
  programFeedRedisKey,
} from "./feed-format.ts";
export { FeedError, FeedReader, writeFeedFrame } from "./frames.ts";
