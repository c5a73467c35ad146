import { it } from "vitest";
import "./not-there.ts";

it("never runs", () => undefined);
