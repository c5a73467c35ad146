/** Pictures of gifts, drawn for this service; hashed by the build or small enough to be inlined. */
import type { GiftArt } from "@lianmai/edge/protocol";
import boba from "./art/boba.svg";
import crown from "./art/crown.svg";
import fireworks from "./art/fireworks.svg";
import heart from "./art/heart.svg";
import lantern from "./art/lantern.svg";
import lollipop from "./art/lollipop.svg";
import rocket from "./art/rocket.svg";
import rose from "./art/rose.svg";

const PICTURES: Readonly<Record<GiftArt, string>> = { heart, rose, lollipop, boba, lantern, crown, fireworks, rocket };

/** Address of a gift's picture; the heart's for one that this player does not know. */
export const artOf = (art: GiftArt | undefined): string => PICTURES[art ?? "heart"] ?? heart;
