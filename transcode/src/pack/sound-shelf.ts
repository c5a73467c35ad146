/** The program's newest sound, from which every rung cuts the same access units. */
import { type EncodedSound, SAMPLES_PER_ACCESS_UNIT } from "./encoded.ts";
import type { FragmentRun, FragmentSample } from "./fragment.ts";

/** About ten seconds; policy: the oldest is dropped. */
const MAX_UNITS = 480;

export class SoundShelf {
  #units: EncodedSound[] = [];
  #dropped = 0;

  /** Sample after the last access unit; 0 before the first. */
  get end(): number {
    const last = this.#units.at(-1);
    return last ? last.sample + SAMPLES_PER_ACCESS_UNIT : 0;
  }

  /** Access units not used because they overlap what is already here. */
  get dropped(): number {
    return this.#dropped;
  }

  push(unit: EncodedSound): void {
    if (this.#units.length > 0 && unit.sample < this.end) {
      this.#dropped++;
      return;
    }
    // A copy: the bytes are a view on a much larger chunk of the encoder's stream.
    this.#units.push({ sample: unit.sample, data: Buffer.from(unit.data) });
    if (this.#units.length > MAX_UNITS) this.#units.splice(0, MAX_UNITS / 8);
  }

  /** The access units that start in [from, to), as a run; null when there are none. A hole stretches the unit before it. */
  cut(from: number, to: number): FragmentRun | null {
    const first = this.#search(from);
    const last = this.#search(to);
    const units = this.#units.slice(first, last);
    if (!units[0]) return null;
    const samples: FragmentSample[] = units.map((unit, at) => ({
      data: unit.data,
      duration: (units[at + 1]?.sample ?? unit.sample + SAMPLES_PER_ACCESS_UNIT) - unit.sample,
      key: true,
    }));
    return { start: units[0].sample, samples };
  }

  /** Index of the first unit that starts at `sample` or later. */
  #search(sample: number): number {
    let low = 0;
    let high = this.#units.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#units[middle]?.sample ?? 0) < sample) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
