import type { Clock } from '../../federation/ports.js';
import type { WorkItem } from '../model/work.js';
import type { Lanes } from './lanes.js';
import type { Queue } from './queue.js';

/** Of the runner whose items these become. */
export interface AdoptionDeps<T extends WorkItem> {
  lanes: Lanes<T>;
  concurrency: number;
  adoptMax?: number;
  /** Loads what the rules of these lanes need to know. */
  prepare?(lanes: readonly string[]): Promise<void>;
  isRunning(): boolean;
  /** There is something to begin. */
  pump(): void;
  /** Returns items to the queue. */
  release(items: readonly T[]): void;
  requestScan(): void;
}

/** Items in memory at once, as a multiple of those under way. */
export const heldFactor = 4;

/** What this process inserts as leased goes to its own worker: nothing has to be looked for and claimed. */
export class Adoption<T extends WorkItem> {
  readonly #deps: AdoptionDeps<T>;

  constructor(deps: AdoptionDeps<T>) {
    this.#deps = deps;
  }

  /** Those of `items`, which are about to be inserted, that may be inserted as leased and then adopted. */
  async fitting(items: readonly T[]): Promise<T[]> {
    if (!this.#deps.isRunning()) return [];
    await this.#deps.prepare?.([...new Set(items.map((item) => item.lane))]);
    return this.#fitting(items);
  }

  /** Runs items that this process inserted as leased. @returns those for which there is no room */
  adopt(items: readonly T[]): T[] {
    const mine = new Set(this.#fitting(items));
    this.#deps.lanes.put([...mine]);
    this.#deps.pump();
    return items.filter((item) => !mine.has(item));
  }

  /** Returns items that this process inserted as leased, and has no room for after all, to the queue. */
  giveBack(items: readonly T[]): void {
    if (!items.length) return;
    this.#deps.release(items);
    this.getInLine(items);
    this.#deps.requestScan();
  }

  /** These were inserted as ready: what comes after them in their lanes must not be adopted. */
  getInLine(items: readonly T[]): void {
    const { lanes, isRunning, pump } = this.#deps;
    if (!isRunning()) return;
    for (const lane of new Set(items.map((item) => item.lane))) lanes.setBacklog(lane, true);
    pump();
  }

  #fitting(items: readonly T[]): T[] {
    const { lanes, concurrency, adoptMax = 0, isRunning } = this.#deps;
    const usual = concurrency * heldFactor;
    // What waits in the store comes first: a flood of others must not have all the places, for as long as it lasts.
    const most = lanes.hungryCount > 0 ? usual : Math.max(usual, adoptMax);
    return isRunning() ? lanes.fitting(items, most) : [];
  }
}

/** Puts leases off that have used up half their time (those of adopted items are short from the start). */
export async function extendLeases<T extends WorkItem>(
  queue: Queue<T>,
  clock: Clock,
  held: Iterable<T>,
): Promise<void> {
  const soon = new Date(clock.now().getTime() + queue.leaseMs / 2).toISOString();
  const items = [...held].filter((item) => item.leaseUntil !== null && item.leaseUntil < soon);
  if (!items.length) return;
  const leaseUntil = await queue.extend(items.map((item) => item._id));
  for (const item of items) item.leaseUntil = leaseUntil;
}
