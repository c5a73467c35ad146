/** A page's part in a room's stage: its connection and its own devices, kept together. */
import { OwnDevices } from "./own-devices.svelte.ts";
import { SCREEN_BITS, SIZES } from "./picture-size.ts";
import { StageClient } from "./stage-client.svelte.ts";
import { createStageWay } from "./stage-events.ts";
import { meOf, seatedOf } from "./stage-state.ts";

export class StageSession {
  readonly slug: string;
  readonly client: StageClient;
  readonly devices: OwnDevices;

  constructor(slug: string) {
    this.slug = slug;
    this.client = new StageClient({ way: createStageWay(slug) });
    this.devices = new OwnDevices((tracks, own) => {
      this.client.send(tracks, own);
      this.client.limit({ camera: SIZES[this.devices.choices.size].bitsPerSecond, screen: SCREEN_BITS });
    });
  }

  get stage() {
    return this.client.state.stage;
  }

  get me() {
    return meOf(this.client.state);
  }

  get seated() {
    return seatedOf(this.stage);
  }

  start(): void {
    this.client.start();
  }

  close(): void {
    this.client.close();
    this.devices.close();
  }
}
