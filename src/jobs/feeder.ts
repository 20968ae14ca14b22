import type { Clock } from '../../federation/ports.js';
import type { WorkItem } from '../model/work.js';
import { nextTurn } from '../turns.js';
import type { Lanes } from './lanes.js';
import type { Queue } from './queue.js';

export interface FeederDeps<T extends WorkItem> {
  queue: Queue<T>;
  lanes: Lanes<T>;
  clock: Clock;
  /** How far clocks of processes may differ, and how late a write may show: this much of the past is read again. */
  overlapMs: number;
  /** How far the sweep looks ahead, so that the next look can be timed. */
  aheadMs: number;
  /** Loads what the rules of these lanes need to know. */
  prepare(lanes: readonly string[]): Promise<void>;
}

const pageSize = 500;
const hopsPerRound = 64;
const hopsPerTurn = 16;
/** With this many hungry lanes known, the scan waits. */
const enoughLanes = 512;
const lanesPerRound = 32;
/** Reading those is some milliseconds' work where the store is part of this process. */
const lanesPerTurn = 4;
/** After a full page the scan has taken over; sweeping the same items again at once would only repeat them. */
const restAfterFullMs = 200;

/**
 * Finds due items and claims them, in batches. Two ways that complete each other: the sweep reads what fell due since it
 * last looked (all that a fan-out needs, one query); the scan hops from lane to lane over the index, whose cost is the
 * number of lanes, not of items, and which misses nothing. Lanes with more than they may hold are read by themselves,
 * in turn, so that 100,000 items of a dead host are never looked at one by one.
 */
export class Feeder<T extends WorkItem> {
  readonly #deps: FeederDeps<T>;
  #sweepWanted = false;
  #sweptUntil: number;
  #restUntil = 0;
  #nextDueAt: number | null = null;
  /** The lane after which the scan goes on; null when it is at rest. */
  #scanAt: string | null = null;
  #scanAgain = false;

  constructor(deps: FeederDeps<T>) {
    this.#deps = deps;
    this.#sweptUntil = deps.clock.now().getTime();
  }

  /** When the next look is worth it, in ms, as far as the last one could tell. */
  get nextDueAt(): number | null {
    return this.#nextDueAt;
  }

  requestSweep(): void {
    this.#sweepWanted = true;
  }

  requestScan(): void {
    this.#restUntil = 0;
    this.#startScan();
  }

  /** True when a call of `feed` might find something. */
  wants(): boolean {
    return this.#sweepMayRun() || this.#scanMayRun() || this.#deps.lanes.hungryCount > 0;
  }

  /** One round that claims at most `demand` items. */
  async feed(demand: number): Promise<void> {
    const found = new Map<string, T>();
    if (this.#sweepMayRun()) await this.#sweep(found, demand);
    if (this.#scanMayRun()) await this.#scan();
    if (this.#deps.lanes.hungryCount > 0 && found.size < demand) await this.#feedLanes(found, demand);
    this.#deps.lanes.put(await this.#deps.queue.claim([...found.values()]));
  }

  #sweepMayRun(): boolean {
    return this.#sweepWanted && performance.now() >= this.#restUntil;
  }

  #scanMayRun(): boolean {
    return this.#scanAt !== null && this.#deps.lanes.hungryCount < enoughLanes;
  }

  #startScan(): void {
    if (this.#scanAt === null) this.#scanAt = '';
    else this.#scanAgain = true;
  }

  async #sweep(found: Map<string, T>, demand: number): Promise<void> {
    this.#sweepWanted = false;
    const now = this.#deps.clock.now().getTime();
    const from = new Date(Math.min(this.#sweptUntil, now) - this.#deps.overlapMs).toISOString();
    const until = new Date(now + this.#deps.aheadMs).toISOString();
    const page = await this.#deps.queue.due({ from, until, limit: pageSize });
    const fellDue = page.filter((item) => Date.parse(item.dueAt) <= now);
    const soon = page[fellDue.length];
    this.#nextDueAt = soon ? Date.parse(soon.dueAt) : null;
    if (fellDue.length === pageSize) {
      this.#startScan();
      this.#restUntil = performance.now() + restAfterFullMs;
      this.#nextDueAt = now + restAfterFullMs;
    }
    this.#sweptUntil = now;
    await this.#deps.prepare([...new Set(fellDue.map((item) => item.lane))]);
    this.#pick(fellDue, found, demand);
  }

  /** Takes what may be held; the rest, and all of lanes that have older items in the store, is left to its lane's turn. */
  #pick(items: readonly T[], found: Map<string, T>, demand: number): void {
    const { lanes } = this.#deps;
    const taken = new Map<string, number>();
    const left = new Set<string>();
    for (const item of items) {
      if (lanes.has(item._id)) continue;
      const count = taken.get(item.lane) ?? 0;
      const queued = left.has(item.lane) || lanes.hasBacklog(item.lane);
      if (queued || found.size >= demand || count >= lanes.room(item.lane)) {
        left.add(item.lane);
        continue;
      }
      taken.set(item.lane, count + 1);
      found.set(item._id, item);
    }
    for (const lane of left) if (!lanes.hasBacklog(lane)) lanes.setBacklog(lane, true);
  }

  async #scan(): Promise<void> {
    const { lanes, queue, clock } = this.#deps;
    const now = clock.now().toISOString();
    const due: string[] = [];
    for (let hop = 0; hop < hopsPerRound && this.#scanAt !== null; hop++) {
      if (hop % hopsPerTurn === hopsPerTurn - 1) await nextTurn();
      const next = await queue.nextLane(this.#scanAt);
      if (next && next.dueAt <= now) due.push(next.lane);
      if (next) this.#scanAt = next.lane;
      else {
        this.#scanAt = this.#scanAgain ? '' : null;
        this.#scanAgain = false;
      }
    }
    await this.#deps.prepare(due);
    for (const lane of due) if (!lanes.hasBacklog(lane)) lanes.setBacklog(lane, true);
  }

  async #feedLanes(found: Map<string, T>, demand: number): Promise<void> {
    const { lanes, queue } = this.#deps;
    const swept = new Set([...found.values()].map((item) => item.lane));
    let left = demand - found.size;
    const wanted: { lane: string; room: number }[] = [];
    for (const lane of lanes.hungry(lanesPerRound)) {
      const room = Math.min(lanes.room(lane), left);
      if (room <= 0 || swept.has(lane)) continue;
      left -= room;
      wanted.push({ lane, room });
    }
    const read = async ({ lane, room }: { lane: string; room: number }): Promise<void> => {
      const items = await queue.inLane(lane, room);
      for (const item of items) if (!lanes.has(item._id)) found.set(item._id, item);
      lanes.setBacklog(lane, items.length === room);
    };
    for (let at = 0; at < wanted.length; at += lanesPerTurn) {
      if (at > 0) await nextTurn();
      await Promise.all(wanted.slice(at, at + lanesPerTurn).map(read));
    }
  }
}
