/** Tells a room's mixer what to connect to and what to show, as publication, stage and wanted layout change. */
import type { Publication } from "@lianmai/ingest/contract";
import type { Stage } from "@lianmai/ingest/stage";
import type { MixerProcess } from "../bus/mixer-process.ts";
import type { LayoutChoice } from "../layout/document.ts";
import type { Size } from "../layout/geometry.ts";
import { planLayout } from "../layout/plan-layout.ts";
import { planStage } from "./plan-stage.ts";

export class StageDirector {
  readonly #room: string;
  readonly #mixer: Pick<MixerProcess, "sources" | "stage">;
  #publication: Publication | null = null;
  #stage: Stage | null = null;
  #choice: LayoutChoice = { kind: "auto" };
  #canvas: Size | null = null;
  #toldSources = "";
  #toldStage = "";

  constructor(options: { readonly room: string; readonly mixer: Pick<MixerProcess, "sources" | "stage"> }) {
    this.#room = options.room;
    this.#mixer = options.mixer;
  }

  publication(publication: Publication | null): void {
    this.#publication = publication;
    this.#tell();
  }

  /** The stage as it now is; older ones than the last are ignored. */
  stage(stage: Stage): void {
    if (this.#stage && stage.version <= this.#stage.version) return;
    this.#stage = stage;
    this.#tell();
  }

  layout(choice: LayoutChoice): void {
    this.#choice = choice;
    this.#tell();
  }

  /** The program has begun; before that there is nothing to lay out. */
  canvas(canvas: Size): void {
    this.#canvas = canvas;
    this.#tell();
  }

  #tell(): void {
    const plan = planStage({ room: this.#room, publication: this.#publication, stage: this.#stage });
    const sources = JSON.stringify(plan.sources);
    if (sources !== this.#toldSources) this.#mixer.sources(plan.sources);
    this.#toldSources = sources;
    if (!this.#canvas) return;
    const layout = planLayout(plan.participants, { room: this.#room, choice: this.#choice, canvas: this.#canvas });
    const stage = { layout, cast: plan.cast, gains: plan.gains };
    const told = JSON.stringify(stage);
    if (told !== this.#toldStage) this.#mixer.stage(stage);
    this.#toldStage = told;
  }
}
