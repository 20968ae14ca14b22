import type { WorkItem } from '../model/work.js';

/** How many items of a lane may run at once, and how many may be held by this process in all (running and next). */
export interface Allowance {
  running: number;
  held: number;
}

export interface LaneRules<T> {
  /** Zeros stop a lane: its items stay in the store, untouched. */
  allowance(lane: string): Allowance;
  /** Lanes of a crowd may together run so many at once, however many lanes they are. Null: the lane is of none. */
  crowd?(lane: string): { running: number } | null;
  /** Items of a lane with the same key run one after the other, in order. Null: no such bond. */
  orderKey?(item: T): string | null;
}

interface Lane<T> {
  name: string;
  waiting: T[];
  running: number;
  busyKeys: Set<string>;
  /** The store has more due items than are held here. */
  backlog: boolean;
}

/** The claimed items of one process, sorted into lanes that take turns. Knows no store and no clock. */
export class Lanes<T extends WorkItem> {
  readonly #rules: LaneRules<T>;
  readonly #lanes = new Map<string, Lane<T>>();
  /** Insertion order is the order of turns. */
  readonly #startable = new Set<Lane<T>>();
  readonly #hungry = new Set<Lane<T>>();
  readonly #stopped = new Set<Lane<T>>();
  readonly #held = new Map<string, T>();
  #running = 0;
  /** Of those, the ones in lanes of the crowd. */
  #crowded = 0;

  constructor(rules: LaneRules<T>) {
    this.#rules = rules;
  }

  /** Items that are held but do not run yet. */
  get waiting(): number {
    return this.#held.size - this.#running;
  }

  has(id: string): boolean {
    return this.#held.has(id);
  }

  items(): IterableIterator<T> {
    return this.#held.values();
  }

  /** Takes items in; order within a lane is kept. */
  put(items: readonly T[]): void {
    const touched = new Set<Lane<T>>();
    for (const item of items) {
      const lane = this.#laneOf(item.lane);
      this.#held.set(item._id, item);
      lane.waiting.push(item);
      touched.add(lane);
    }
    for (const lane of touched) this.#refresh(lane);
  }

  /** The next item whose turn it is, from now on running; null when none may start. */
  take(): T | null {
    for (const lane of this.#startable) {
      const crowd = this.#rules.crowd?.(lane.name);
      if (crowd && this.#crowded >= crowd.running) continue;
      this.#startable.delete(lane);
      const [item] = lane.waiting.splice(this.#nextIndex(lane), 1);
      if (!item) continue;
      this.#running += 1;
      if (crowd) this.#crowded += 1;
      lane.running += 1;
      const key = this.#rules.orderKey?.(item);
      if (key != null) lane.busyKeys.add(key);
      this.#refresh(lane);
      return item;
    }
    return null;
  }

  /** A taken item runs no more. */
  done(item: T): void {
    const lane = this.#laneOf(item.lane);
    this.#running -= 1;
    if (this.#rules.crowd?.(item.lane)) this.#crowded -= 1;
    lane.running -= 1;
    this.#held.delete(item._id);
    const key = this.#rules.orderKey?.(item);
    if (key != null) lane.busyKeys.delete(key);
    this.#refresh(lane);
  }

  /** How many more of a lane may be held. */
  room(name: string): number {
    const lane = this.#lanes.get(name);
    return this.#rules.allowance(name).held - (lane ? lane.running + lane.waiting.length : 0);
  }

  /** Those of `items` that may be held now besides what is, in order: where older ones wait in the store, none may. */
  fitting(items: readonly T[], most: number): T[] {
    let left = most - this.waiting;
    const rooms = new Map<string, number>();
    return items.filter(({ lane }) => {
      const room = rooms.get(lane) ?? (this.hasBacklog(lane) ? 0 : this.room(lane));
      if (left <= 0 || room <= 0) return false;
      left -= 1;
      rooms.set(lane, room - 1);
      return true;
    });
  }

  hasBacklog(name: string): boolean {
    return this.#lanes.get(name)?.backlog ?? false;
  }

  /** The store has (`true`) or has not more due items of this lane than are held here. Sends the lane to the end of the hungry. */
  setBacklog(name: string, more: boolean): void {
    if (!more && !this.#lanes.has(name)) return;
    const lane = this.#laneOf(name);
    lane.backlog = more;
    this.#hungry.delete(lane);
    this.#refresh(lane);
  }

  /** Lanes with a backlog that run low, those that waited longest first. */
  hungry(limit: number): string[] {
    const names: string[] = [];
    for (const lane of this.#hungry) {
      if (names.length === limit) break;
      names.push(lane.name);
    }
    return names;
  }

  get hungryCount(): number {
    return this.#hungry.size;
  }

  /** Lanes that might not run when last looked at, but are known to have items: `review` looks again. */
  stopped(): string[] {
    return [...this.#stopped].map((lane) => lane.name);
  }

  /** Looks at the rules of a lane again. @returns items that must not wait here any longer */
  review(name: string): T[] {
    const lane = this.#lanes.get(name);
    if (!lane) return [];
    return this.#evict(lane, Math.max(0, this.#rules.allowance(name).held - lane.running));
  }

  /** Every item that does not run, taken out. */
  evictAll(): T[] {
    return [...this.#lanes.values()].flatMap((lane) => this.#evict(lane, 0));
  }

  #evict(lane: Lane<T>, keep: number): T[] {
    const out = lane.waiting.splice(keep);
    for (const item of out) this.#held.delete(item._id);
    if (out.length) lane.backlog = true;
    this.#refresh(lane);
    return out;
  }

  #laneOf(name: string): Lane<T> {
    const known = this.#lanes.get(name);
    if (known) return known;
    const lane: Lane<T> = { name, waiting: [], running: 0, busyKeys: new Set(), backlog: false };
    this.#lanes.set(name, lane);
    return lane;
  }

  #refresh(lane: Lane<T>): void {
    const allowed = this.#rules.allowance(lane.name);
    toggle(this.#startable, lane, lane.running < allowed.running && this.#nextIndex(lane) >= 0);
    const free = allowed.held - lane.running - lane.waiting.length;
    toggle(this.#hungry, lane, lane.backlog && free > 0 && lane.waiting.length <= allowed.held / 4);
    const known = lane.running > 0 || lane.waiting.length > 0 || lane.backlog;
    toggle(this.#stopped, lane, known && allowed.running === 0);
    if (!known) this.#lanes.delete(lane.name);
  }

  /** The first waiting item that nothing in front of it holds back; -1 when there is none. */
  #nextIndex(lane: Lane<T>): number {
    const keyOf = this.#rules.orderKey;
    if (!keyOf) return lane.waiting.length ? 0 : -1;
    return lane.waiting.findIndex((item) => {
      const key = keyOf(item);
      return key === null || !lane.busyKeys.has(key);
    });
  }
}

function toggle<V>(set: Set<V>, value: V, member: boolean): void {
  if (member) set.add(value);
  else set.delete(value);
}
