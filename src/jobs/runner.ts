import { setMaxListeners } from 'node:events';
import type { WorkItem } from '../model/work.js';
import { createPace, type Pace } from '../turns.js';
import { Adoption, extendLeases, heldFactor } from './adoption.js';
import { Feeder } from './feeder.js';
import { Lanes } from './lanes.js';
import type { Verdict } from './queue.js';
import type { RunnerOptions } from './runner-options.js';
import { createSettler, type Settler } from './settler.js';
import { createTimers, patience, type Timers } from './timers.js';
import { UnderWay } from './under-way.js';

/** Beginning one takes a fraction of a millisecond; a hundred at once would hold up everybody else. */
const begunPerTurn = 4;
const scanEveryMs = 15_000;
const reclaimEveryMs = 2000;
const extendEveryMs = 3000;
const afterFailureMs = 1000;

/** The worker loop of one queue in one process: keeps up to `concurrency` items under way, lanes in turn. */
export class Runner<T extends WorkItem> {
  readonly adoption: Adoption<T>;
  readonly #options: RunnerOptions<T>;
  readonly #lanes: Lanes<T>;
  readonly #feeder: Feeder<T>;
  readonly #settler: Settler<T>;
  readonly #timers: Timers;
  readonly #pace: Pace;
  readonly #abort = new AbortController();
  readonly #under: UnderWay<T>;
  #state: 'new' | 'running' | 'stopping' = 'new';
  #feeding: Promise<void> | null = null;
  #watchers: (() => void)[] = [];
  #count = 0;

  constructor(options: RunnerOptions<T>) {
    // Every item under way listens to it, up to the concurrency; it is no leak.
    setMaxListeners(0, this.#abort.signal);
    this.#options = options;
    this.#lanes = new Lanes<T>(options.rules);
    this.#feeder = new Feeder<T>({
      ...options,
      lanes: this.#lanes,
      aheadMs: options.pollMs,
      prepare: options.prepare ?? (async () => {}),
    });
    this.adoption = new Adoption<T>({
      ...options,
      lanes: this.#lanes,
      isRunning: () => this.#state === 'running',
      pump: () => this.#pump(),
      release: (items) => this.#release(items),
      requestScan: () => this.#feeder.requestScan(),
    });
    this.#settler = createSettler<T>({
      ...options,
      expectsMore: () => this.#under.size > 0,
      onFlushed: () => this.#pump(),
    });
    this.#timers = this.#createTimers();
    this.#under = new UnderWay<T>({ ...options, onRoom: () => this.#pump() });
    this.#pace = createPace(begunPerTurn, () => this.#pump());
  }

  /** How many items have run. */
  get count(): number {
    return this.#count;
  }

  start(): void {
    this.#state = 'running';
    this.#feeder.requestScan();
    this.#timers.start();
    this.#look();
  }

  /** Something new is in the store. */
  nudge(): void {
    this.#feeder.requestSweep();
    this.#pump();
  }

  /** The rules of this lane changed. */
  review(lane: string): void {
    this.#release(this.#lanes.review(lane));
    this.#pump();
  }

  /** The store has nothing of this lane any more. */
  forget(lane: string): void {
    this.#lanes.setBacklog(lane, false);
  }

  /** Resolves when nothing that may run is due or running. */
  async idle(): Promise<void> {
    if (this.#state !== 'running') return;
    this.#feeder.requestScan();
    this.#look();
    await this.#quiet();
  }

  /** Starts nothing more, waits up to `graceMs` for what runs, and returns the rest to the queue. */
  async stop(graceMs: number): Promise<void> {
    this.#state = 'stopping';
    this.#under.stop();
    this.#timers.stop();
    this.#settler.stop();
    await this.#feeding;
    this.#release(this.#lanes.evictAll());
    await patience(this.#quiet(), graceMs);
    this.#abort.abort();
    const late = this.#under.items();
    for (const item of late) this.#ended(item);
    this.#settler.add(late.map((item) => ({ item, verdict: { next: 'interrupt' } })));
    await this.#settler.flushed();
  }

  #quiet(): Promise<void> {
    return new Promise((resolve) => {
      this.#watchers.push(resolve);
      this.#pump();
    });
  }

  #isQuiet(): boolean {
    if (this.#under.size || this.#lanes.waiting || this.#feeding || this.#settler.size) return false;
    return this.#state !== 'running' || !this.#feeder.wants();
  }

  #pump(): void {
    const { concurrency } = this.#options;
    if (this.#state === 'running') {
      while (this.#under.hasRoom() && !this.#pace.isFull()) {
        const item = this.#lanes.take();
        if (!item) break;
        this.#pace.begun();
        void this.#work(item);
      }
      if (!this.#under.hasRoom() && this.#lanes.waiting > 0) this.#under.relieve();
      const demand = concurrency * heldFactor - this.#lanes.waiting;
      if (!this.#feeding && demand >= concurrency && this.#feeder.wants()) this.#feeding = this.#feed(demand);
    }
    if (this.#isQuiet()) for (const resolve of this.#watchers.splice(0)) resolve();
  }

  async #feed(demand: number): Promise<void> {
    try {
      await this.#feeder.feed(demand);
      this.#timers.wakeAt(this.#feeder.nextDueAt);
    } catch (error) {
      this.#options.log.error({ err: error, queue: this.#options.name }, 'work could not be claimed');
      this.#feeder.requestScan();
      await new Promise((resolve) => setTimeout(resolve, afterFailureMs));
    }
    this.#feeding = null;
    this.#pump();
  }

  async #work(item: T): Promise<void> {
    this.#under.begin(item);
    let verdict: Verdict;
    try {
      verdict = await this.#options.run(item, this.#abort.signal);
    } catch (error) {
      verdict = this.#options.onError(item, error);
      const fields = { err: error, queue: this.#options.name, id: item._id, attempts: item.attempts };
      this.#options.log.warn({ ...fields, verdict: verdict.next }, 'work failed');
    }
    // A stop that ran out of patience has returned the item already.
    if (!this.#under.has(item)) return;
    this.#ended(item);
    this.#settler.add([{ item, verdict }]);
    if (verdict.next === 'retry') this.#timers.wakeAt(verdict.dueAt.getTime());
    this.review(item.lane);
  }

  /** As if it had thrown; what it does from now on counts no more. */
  #giveUp(item: T): void {
    const error = new Error('it took too long');
    const verdict = this.#options.onError(item, error);
    this.#options.log.warn({ err: error, queue: this.#options.name, id: item._id }, 'work was given up');
    this.#ended(item);
    this.#settler.add([{ item, verdict }]);
  }

  #ended(item: T): void {
    this.#under.end(item);
    this.#lanes.done(item);
    this.#count += 1;
  }

  #release(items: readonly T[]): void {
    this.#settler.add(items.map((item) => ({ item, verdict: { next: 'release' } })));
  }

  /** What was returned to the queue fell due long ago, where the sweep does not look any more. */
  #scan(): void {
    this.#feeder.requestScan();
    this.#look();
  }

  #look(): void {
    for (const item of this.#under.olderThan(this.#options.mostMs)) this.#giveUp(item);
    this.#feeder.requestSweep();
    for (const lane of this.#lanes.stopped()) this.#release(this.#lanes.review(lane));
    this.#pump();
  }

  #createTimers(): Timers {
    const { queue, pollMs, clock, log, name } = this.#options;
    const isHeld = (id: string): boolean => this.#lanes.has(id) || this.#settler.has(id);
    return createTimers({
      clock,
      every: [
        // A store that answers slower than this would never be done looking; the next poll makes up for it.
        [pollMs, () => this.#feeding ?? this.#look()],
        [scanEveryMs, () => this.#scan()],
        [extendEveryMs, () => extendLeases(queue, clock, this.#lanes.items())],
        [reclaimEveryMs, async () => void ((await queue.reclaimExpired(isHeld)) && this.#scan())],
      ],
      wake: () => this.#look(),
      onError: (error) => log.warn({ err: error, queue: name }, 'upkeep of a queue failed'),
    });
  }
}
