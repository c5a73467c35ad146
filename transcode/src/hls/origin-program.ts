/** One program's media: encoded pictures and sound in, renditions out. Owns no sockets and no timers. */
import type { EncodedPicture, EncodedSound } from "../pack/encoded.ts";
import { createGrid, firstPictureOfPart, type Grid, msnOfPart, partOfPicture } from "../pack/grid.ts";
import { type PackedPart, PicturePacker, SoundPacker } from "../pack/pack-parts.ts";
import { SoundShelf } from "../pack/sound-shelf.ts";
import { SoundWatch } from "../pack/sound-watch.ts";
import type { RenditionReport } from "./media-playlist.ts";
import { type Variant, writeMultivariantPlaylist } from "./multivariant-playlist.ts";
import type { OriginProgramObserver, OriginProgramOptions, PublishedPart } from "./origin-program-options.ts";
import { Rendered } from "./rendered.ts";
import { Rendition, type RenditionContext } from "./rendition.ts";

/** From the first segment's time until renditions that have none are left out of the multivariant playlist. */
const ALL_RENDITIONS_MS = 3_000;
const RETAIN_MS = 15_000;
const MAX_RETAINED_BYTES = 64 * 1_024 * 1_024;
/** A program's sound should its encoder not tell in time: AAC-LC, 48 kHz, stereo. */
const USUAL_AUDIO_CONFIG = Buffer.from([0x11, 0x90]);

interface PictureFeed {
  readonly rendition: Rendition;
  readonly packer: PicturePacker;
  avcC: Buffer | null;
  /** Parts before this one are not taken: the rendition changes its setup at a segment. */
  notBefore: number;
}

export class OriginProgram {
  readonly room: string;
  readonly programId: string;
  readonly epoch: number;
  readonly grid: Grid;
  readonly renditions: ReadonlyMap<string, Rendition>;
  readonly #options: OriginProgramOptions;
  readonly #sound = new SoundShelf();
  readonly #pictures = new Map<string, PictureFeed>();
  readonly #audioOnly: { readonly rendition: Rendition; readonly packer: SoundPacker } | null;
  readonly #discontinuities = new Set<number>();
  #observer: OriginProgramObserver | null = null;
  #audioConfig: Buffer | null = null;
  readonly #soundWatch = new SoundWatch();
  #firstMediaAtMs: number | null = null;
  #headPart: number;
  #endIndex: number;
  #thumbnail: Buffer | null = null;
  #ended = false;

  /** Throws RangeError when the grid does not fit together. */
  constructor(options: OriginProgramOptions) {
    this.#options = options;
    this.room = options.room;
    this.programId = options.programId;
    this.epoch = options.epoch;
    this.grid = createGrid({ ...options, fps: options.format.fps });
    const firstPart = partOfPicture(this.grid, options.firstIndex);
    this.#headPart = firstPart - 1;
    this.#endIndex = options.firstIndex;
    const context = this.#context(firstPart);
    const renditions = new Map(options.rungs.map((rung) => [rung.name, new Rendition(rung, context)]));
    this.renditions = renditions;
    const packing = { grid: this.grid, sound: this.#sound };
    let audioOnly: Rendition | null = null;
    for (const rendition of renditions.values()) {
      if (rendition.rung.width === 0) audioOnly = rendition;
      else
        this.#pictures.set(rendition.name, {
          rendition,
          packer: new PicturePacker(packing),
          avcC: null,
          notBefore: firstPart,
        });
    }
    this.#audioOnly = audioOnly && { rendition: audioOnly, packer: new SoundPacker({ ...packing, firstPart }) };
  }

  get ended(): boolean {
    return this.#ended;
  }

  get thumbnailJpeg(): Buffer | null {
    return this.#thumbnail;
  }

  /** Longest that a program takes to have its first segment in all renditions. */
  get startingMs(): number {
    return this.grid.segmentSeconds * 1_000 + ALL_RENDITIONS_MS;
  }

  /** One observer: the origin. */
  observe(observer: OriginProgramObserver | null): void {
    this.#observer = observer;
  }

  /** The rung's AVCDecoderConfigurationRecord. A change takes effect, with a discontinuity, at the next segment. */
  videoConfig(rungName: string, avcC: Buffer): void {
    const feed = this.#pictures.get(rungName);
    if (!feed || feed.rendition.gone || feed.avcC?.equals(avcC)) return;
    const changes = feed.avcC !== null;
    feed.avcC = Buffer.from(avcC);
    if (changes) this.#changeSetup(feed);
    else this.#configure(feed);
  }

  /** The sound's AudioSpecificConfig; the first holds for the whole epoch. */
  audioConfig(config: Buffer): void {
    if (this.#audioConfig) return;
    this.#audioConfig = Buffer.from(config);
    for (const feed of this.#pictures.values()) this.#configure(feed);
    this.#audioOnly?.rendition.configure({ avcC: null, audioConfig: this.#audioConfig });
    this.#advance();
  }

  /** Ignored: unknown or shed rungs, pictures that repeat, pictures before the first keyframe. */
  video(rungName: string, picture: EncodedPicture): void {
    const feed = this.#pictures.get(rungName);
    if (!feed?.avcC || this.#ended || feed.rendition.gone) return;
    if (partOfPicture(this.grid, picture.index) < feed.notBefore) return;
    this.#soundWatch.expected(this.#nowMs());
    this.#endIndex = Math.max(this.#endIndex, picture.index + 1);
    feed.packer.push(picture);
    this.#advance();
  }

  audio(sound: EncodedSound): void {
    if (this.#ended) return;
    this.#soundWatch.heard();
    this.#sound.push(sound);
    this.#advance();
  }

  thumbnail(jpeg: Buffer): void {
    this.#thumbnail = jpeg;
  }

  /**
   * What comes from `nextIndex` on does not continue what was: open segments are closed, the next one is marked.
   * Media goes on there, or at the next segment that has no part yet.
   */
  discontinuity(nextIndex: number): void {
    if (this.#ended) return;
    const nowMs = this.#nowMs();
    this.#flush();
    let part = partOfPicture(this.grid, nextIndex);
    for (const { head } of this.renditions.values()) {
      if (head && head.msn >= msnOfPart(this.grid, part)) part = (head.msn + 1) * this.grid.partsPerSegment;
    }
    this.#discontinuities.add(msnOfPart(this.grid, part));
    for (const feed of this.#pictures.values()) feed.notBefore = part;
    this.#audioOnly?.packer.skipTo(part);
    for (const rendition of this.#living()) {
      rendition.breakAt(part, nowMs);
      this.#observer?.changed(rendition);
    }
  }

  /** Gives a rung up: it leaves the multivariant playlist, its own answers 410 `rendition-gone`. */
  shed(rungName: string): void {
    const rendition = this.renditions.get(rungName);
    if (!rendition || rendition.gone) return;
    rendition.giveUp();
    this.#observer?.gone(rendition);
  }

  /** Closes what is open and ends every playlist. Idempotent. */
  end(): void {
    if (this.#ended) return;
    this.#flush();
    this.#ended = true;
    const nowMs = this.#nowMs();
    for (const rendition of this.#living()) {
      rendition.end(nowMs);
      this.#observer?.changed(rendition);
    }
    this.#observer?.ended();
  }

  /** Frees what is past its time, gives up sound that does not come. For a timer. */
  tick(): void {
    if (!this.#ended) this.#advance();
    for (const rendition of this.renditions.values()) rendition.window.expire(this.#nowMs());
  }

  /** The multivariant playlist; null while it would lack renditions that are about to start. */
  multivariant(): Rendered | null {
    if (this.#firstMediaAtMs === null) return null;
    const living = this.#living();
    const ready = living.filter((rendition) => rendition.started && rendition.head);
    const patient = this.#nowMs() - this.#firstMediaAtMs < this.startingMs && !this.#ended;
    const pictures = ready.some((rendition) => rendition.rung.width > 0) || this.#pictures.size === 0;
    if (ready.length < living.length && (patient || !pictures)) return null;
    const variants: Variant[] = [];
    for (const rendition of ready) {
      const variant = rendition.variant(`${this.programId}/${rendition.name}/media.m3u8`);
      if (variant) variants.push(variant);
    }
    return new Rendered(writeMultivariantPlaylist(variants));
  }

  #context(firstPart: number): RenditionContext {
    const { epoch, startedAtMs, discontinuitySequence = 0, retainMs, maxRetainedBytes } = this.#options;
    return {
      ...{ grid: this.grid, epoch, startedAtMs, firstPart },
      discontinuitySequence,
      limits: { retainMs: retainMs ?? RETAIN_MS, maxRetainedBytes: maxRetainedBytes ?? MAX_RETAINED_BYTES },
      discontinuousAt: (msn) => this.#discontinuities.has(msn),
      dateRanges: (fromMs) => this.#options.dateRanges?.(fromMs) ?? [],
      reports: (of) => this.#reports(of),
    };
  }

  #living(): Rendition[] {
    return [...this.renditions.values()].filter((rendition) => !rendition.gone);
  }

  #reports(of: Rendition): RenditionReport[] {
    const reports: RenditionReport[] = [];
    for (const other of this.renditions.values()) {
      if (other === of || other.gone || !other.head) continue;
      reports.push({ uri: `../${other.name}/media.m3u8`, lastMsn: other.head.msn, lastPart: other.head.parts - 1 });
    }
    return reports;
  }

  #configure(feed: PictureFeed): void {
    if (feed.avcC && this.#audioConfig) feed.rendition.configure({ avcC: feed.avcC, audioConfig: this.#audioConfig });
  }

  /** Spec: rfc8216bis 6.2.1 [M5]. New parameters start with a discontinuity, in all renditions at the same segment. */
  #changeSetup(feed: PictureFeed): void {
    // The part that was begun cannot be completed: it becomes a gap, not a short part, as this is one rendition's matter.
    const complete = feed.packer.flush(Number.POSITIVE_INFINITY).filter((part) => part.frames === this.grid.partFrames);
    this.#publish(feed.rendition, complete);
    const heads = this.#living().map((rendition) => rendition.head?.msn ?? -1);
    const msn = Math.max(...heads, msnOfPart(this.grid, this.#headPart)) + 1;
    feed.notBefore = msn * this.grid.partsPerSegment;
    if (feed.rendition.head) this.#discontinuities.add(msn);
    this.#configure(feed);
  }

  #advance(): void {
    const soundEnd = Math.max(this.#options.firstIndex, this.#sound.end / this.grid.samplesPerFrame);
    const aheadMs = ((this.#endIndex - soundEnd) * 1_000) / this.grid.fps;
    const soundLost = this.#soundWatch.lost(this.#nowMs(), aheadMs);
    if (!this.#audioConfig) {
      if (soundLost) this.audioConfig(USUAL_AUDIO_CONFIG);
      return;
    }
    for (const feed of this.#pictures.values()) this.#publish(feed.rendition, feed.packer.take(soundLost));
    const taken = this.#audioOnly?.packer.take({ soundLost, headPart: this.#headPart });
    if (this.#audioOnly && taken) this.#publish(this.#audioOnly.rendition, taken);
  }

  #flush(): void {
    if (!this.#audioConfig && this.#endIndex > this.#options.firstIndex) this.audioConfig(USUAL_AUDIO_CONFIG);
    const endIndex = this.#flushIndex();
    for (const feed of this.#pictures.values()) this.#publish(feed.rendition, feed.packer.flush(endIndex));
    if (this.#audioOnly) this.#publish(this.#audioOnly.rendition, this.#audioOnly.packer.flush(endIndex));
  }

  /** Where both tracks end: hls.js never sees the end of a playlist whose last part its buffer does not reach. */
  #flushIndex(): number {
    const soundEnd = Math.floor(this.#sound.end / this.grid.samplesPerFrame);
    const soundMissing = this.#endIndex - soundEnd > this.grid.fps;
    return soundMissing ? this.#endIndex : Math.min(this.#endIndex, soundEnd);
  }

  #publish(rendition: Rendition, parts: readonly PackedPart[]): void {
    for (const part of parts) {
      const nowMs = this.#nowMs();
      if (!rendition.add(part, nowMs)) continue;
      this.#firstMediaAtMs ??= nowMs;
      if (rendition.rung.width > 0) this.#headPart = Math.max(this.#headPart, part.part);
      this.#report(rendition, part);
      this.#observer?.changed(rendition);
    }
  }

  #report(rendition: Rendition, part: PackedPart): void {
    const { onPart, clock, startedAtMs } = this.#options;
    if (!onPart && !this.#observer) return;
    const publishedAtMs = clock.wallMs();
    const endMs = startedAtMs + ((firstPictureOfPart(this.grid, part.part) + part.frames) * 1_000) / this.grid.fps;
    const published: PublishedPart = {
      room: this.room,
      programId: this.programId,
      rung: rendition.name,
      msn: msnOfPart(this.grid, part.part),
      part: part.part,
      partInSegment: (rendition.window.segments.at(-1)?.parts.length ?? 1) - 1,
      seconds: part.frames / this.grid.fps,
      independent: part.independent,
      bytes: part.bytes,
      publishedAtMs,
      delayMs: publishedAtMs - endMs,
    };
    onPart?.(published);
    this.#observer?.published(published);
  }

  #nowMs(): number {
    return this.#options.clock.monotonicMs();
  }
}
