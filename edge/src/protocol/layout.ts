/** The layout document and the function that makes it, for previews and for finding who is under a tap. */
export {
  ENCODER_ID,
  type LayoutChoice,
  type LayoutDocument,
  type LayoutKind,
  type LayoutTile,
  layoutDocumentSchema,
} from "@lianmai/transcode/layout/document";
export { type LayoutParticipant, planLayout } from "@lianmai/transcode/layout/plan-layout";
