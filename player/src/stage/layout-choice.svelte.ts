/** The layout a room's host has chosen: shown at once, kept on the server. */
import type { LayoutChoice } from "@lianmai/edge/protocol/layout";
import { stageApi } from "./stage-api.ts";

export class ChosenLayout {
  choice = $state.raw<LayoutChoice>({ kind: "auto" });
  readonly #slug: string;

  constructor(slug: string) {
    this.#slug = slug;
  }

  async load(): Promise<void> {
    this.choice = await stageApi.layout(this.#slug);
  }

  /** Throws an ApiError, with the choice as it was. */
  async choose(choice: LayoutChoice): Promise<void> {
    const before = this.choice;
    this.choice = choice;
    try {
      this.choice = await stageApi.chooseLayout(this.#slug, choice);
    } catch (error) {
      this.choice = before;
      throw error;
    }
  }
}
