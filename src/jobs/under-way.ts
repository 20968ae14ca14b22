export interface UnderWayOptions {
  /** Items at once, slow ones not counted. */
  concurrency: number;
  /** There may be room again. */
  onRoom(): void;
}

/** From this age on an item is slow: it only waits for somebody else, and counts no more but against its lane. */
const slowMs = 250;
/** All together, slow ones too, are at most this many times `concurrency`. */
export const slowFactor = 4;
/** While there is no room, so often is looked for some that became slow. */
const reliefMs = 50;

/** The items that run, in the order in which they began. One that takes long gives its place to others. */
export class UnderWay<T> {
  readonly #options: UnderWayOptions;
  /** With when they began, of `performance.now()`. */
  readonly #since = new Map<T, number>();
  readonly #slow = new Set<T>();
  #relief: NodeJS.Timeout | null = null;

  constructor(options: UnderWayOptions) {
    this.#options = options;
  }

  get size(): number {
    return this.#since.size;
  }

  has(item: T): boolean {
    return this.#since.has(item);
  }

  items(): T[] {
    return [...this.#since.keys()];
  }

  /** Those that began more than `ms` ago. */
  olderThan(ms: number): T[] {
    const before = performance.now() - ms;
    const old: T[] = [];
    for (const [item, since] of this.#since) {
      if (since >= before) break;
      old.push(item);
    }
    return old;
  }

  begin(item: T): void {
    this.#since.set(item, performance.now());
  }

  end(item: T): void {
    this.#since.delete(item);
    this.#slow.delete(item);
  }

  hasRoom(): boolean {
    const { concurrency } = this.#options;
    return this.size - this.#slow.size < concurrency && this.size < concurrency * slowFactor;
  }

  /** Something waits for room: `onRoom` is called in a moment. */
  relieve(): void {
    this.#relief ??= setTimeout(() => {
      this.#relief = null;
      for (const item of this.olderThan(slowMs)) this.#slow.add(item);
      this.#options.onRoom();
    }, reliefMs).unref();
  }

  stop(): void {
    if (this.#relief) clearTimeout(this.#relief);
  }
}
