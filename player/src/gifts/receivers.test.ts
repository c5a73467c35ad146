import type { LayoutDocument } from "@lianmai/edge/protocol/layout";
import { expect, it } from "vitest";
import { receiversIn } from "./receivers.ts";

const tile = (participantId: string, media: "camera" | "screen" = "camera") =>
  ({ participantId, name: participantId.toUpperCase(), media }) as LayoutDocument["tiles"][number];
const layout = (...tiles: LayoutDocument["tiles"]): LayoutDocument => ({ tiles }) as LayoutDocument;

it("lists who is in the picture once, without the host and oneself", () => {
  const shown = layout(tile("mei", "screen"), tile("host"), tile("mei"), tile("bo"), tile("me"));
  expect(receiversIn(shown, ["host", "me"])).toEqual([
    { id: "mei", name: "MEI" },
    { id: "bo", name: "BO" },
  ]);
  expect(receiversIn(shown, ["host", undefined])).toHaveLength(3);
  expect(receiversIn(undefined, [])).toEqual([]);
});
