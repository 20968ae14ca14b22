import type { Clock } from '../../federation/ports.js';
import type { WorkItem } from '../model/work.js';
import type { BulkOperation, Collection } from '../store/port.js';

/** What is to become of an item that was claimed. */
export type Verdict =
  /** It is over: the document goes. */
  | { next: 'finish' }
  /** It is over: the document stays, with these further fields, until it is swept. */
  | { next: 'keep'; set: Record<string, unknown> }
  | { next: 'retry'; dueAt: Date; error: string; set?: Record<string, unknown> }
  /** It will not be tried again; it stays for people to look at. */
  | { next: 'dead'; error: string; set?: Record<string, unknown> }
  /** As if it had never been claimed. */
  | { next: 'release' }
  /** It was begun and not ended: back to the queue, and what runs it next knows. */
  | { next: 'interrupt' };

export interface Settlement<T extends WorkItem> {
  item: T;
  verdict: Verdict;
}

export interface QueueDeps {
  clock: Clock;
  /** Names this process among all that share the store. */
  claim: string;
  leaseMs: number;
}

/** A durable queue over one collection of work items. Items are taken by lease; only a settled one leaves. */
export interface Queue<T extends WorkItem> {
  readonly leaseMs: number;
  /** Ready items with `dueAt` in [from, until], earliest first. */
  due(range: { from: string; until: string; limit: number }): Promise<T[]>;
  /** The items of a lane that are due, in order. */
  inLane(lane: string, limit: number): Promise<T[]>;
  /** The first lane after `lane` (by name) that has a ready item, with the time that its first falls due. */
  nextLane(lane: string): Promise<{ lane: string; dueAt: string } | null>;
  /** Leases those of `items` that are still to be had, in two or three operations for any number. */
  claim(items: readonly T[]): Promise<T[]>;
  /** Puts the end of leases off. @returns their new end */
  extend(ids: readonly string[]): Promise<string>;
  /** Writes verdicts. Those whose lease went to another process meanwhile are skipped. */
  settle(batch: readonly Settlement<T>[]): Promise<void>;
  /** Makes items ready whose lease ran out, except those in `held`. @returns how many */
  reclaimExpired(held: (id: string) => boolean): Promise<number>;
  /** Makes every leased item ready: for a process that knows it is alone. @returns how many */
  reclaimAll(): Promise<number>;
  /** The fields with which a document is inserted as already leased by this process. */
  leased(leaseMs?: number): Pick<WorkItem, 'state' | 'leaseUntil' | 'claim' | 'attempts'>;
}

/** What is leased, by whomever: with its lease, so that an index finds it. */
export const leased = { state: 'leased', leaseUntil: { $gt: '' } } as const;

const expiredPage = 1000;
const noLease = { leaseUntil: null, claim: null } as const;
const unleased = { state: 'ready', ...noLease } as const;

export function createQueue<T extends WorkItem>(collection: Collection<T>, deps: QueueDeps): Queue<T> {
  const { claim, leaseMs } = deps;
  const nowIso = (): string => deps.clock.now().toISOString();
  const leaseEnd = (ms = leaseMs): string => new Date(deps.clock.now().getTime() + ms).toISOString();

  return {
    leaseMs,
    due: ({ from, until, limit }) =>
      collection
        .find({ state: 'ready', dueAt: { $gte: from, $lte: until } })
        .sort({ dueAt: 1, _id: 1 })
        .limit(limit)
        .toArray(),

    inLane: (lane, limit) =>
      collection
        .find({ state: 'ready', lane, dueAt: { $lte: nowIso() } })
        .sort({ dueAt: 1, _id: 1 })
        .limit(limit)
        .toArray(),

    nextLane: async (lane) => {
      const sort = { lane: 1, dueAt: 1 } as const;
      const found = await collection.findOne({ state: 'ready', lane: { $gt: lane } }, { sort });
      return found && { lane: found.lane, dueAt: found.dueAt };
    },

    claim: async (items) => {
      if (!items.length) return [];
      const ids = items.map((item) => item._id);
      const lease = { state: 'leased', claim, leaseUntil: leaseEnd() } as const;
      const { modifiedCount } = await collection.updateMany(
        { _id: { $in: ids }, state: 'ready' },
        { $set: lease, $inc: { attempts: 1 } },
      );
      if (modifiedCount === 0) return [];
      const claimed = items.map((item) => ({ ...item, ...lease, attempts: item.attempts + 1 }));
      if (modifiedCount === items.length) return claimed;
      const won = await collection.find({ _id: { $in: ids }, claim }).toArray();
      const mine = new Set(won.map((item) => item._id));
      return claimed.filter((item) => mine.has(item._id));
    },

    extend: async (ids) => {
      const leaseUntil = leaseEnd();
      await collection.updateMany({ _id: { $in: ids }, claim }, { $set: { leaseUntil } });
      return leaseUntil;
    },

    settle: async (batch) => {
      const operations = toOperations(batch, claim);
      if (operations.length) await collection.bulkWrite(operations, { ordered: false });
    },

    reclaimExpired: async (held) => {
      const filter = { ...leased, leaseUntil: { $lt: nowIso() } };
      const expired = await collection.find(filter).limit(expiredPage).toArray();
      const ids = expired.map((item) => item._id).filter((id) => !held(id));
      if (!ids.length) return 0;
      return (await collection.updateMany({ ...filter, _id: { $in: ids } }, { $set: unleased }))
        .modifiedCount;
    },

    reclaimAll: async () => (await collection.updateMany(leased, { $set: unleased })).modifiedCount,

    leased: (ms) => ({ state: 'leased', leaseUntil: leaseEnd(ms), claim, attempts: 1 }),
  };
}

/** All that finish or are released go in one operation each; the others differ and have their own. */
function toOperations<T extends WorkItem>(
  batch: readonly Settlement<T>[],
  claim: string,
): BulkOperation<T>[] {
  const idsOf = (next: Verdict['next']): string[] =>
    batch.filter(({ verdict }) => verdict.next === next).map(({ item }) => item._id);
  const finished = idsOf('finish');
  const released = idsOf('release');
  const interrupted = idsOf('interrupt');
  const operations: BulkOperation<T>[] = [];
  if (finished.length) operations.push({ deleteMany: { filter: { _id: { $in: finished }, claim } } });
  if (released.length) {
    const update = { $set: unleased, $inc: { attempts: -1 } };
    operations.push({ updateMany: { filter: { _id: { $in: released }, claim }, update } });
  }
  if (interrupted.length)
    operations.push({
      updateMany: { filter: { _id: { $in: interrupted }, claim }, update: { $set: unleased } },
    });
  for (const { item, verdict } of batch) {
    if (verdict.next === 'finish' || verdict.next === 'release' || verdict.next === 'interrupt') continue;
    operations.push({
      updateOne: { filter: { _id: item._id, claim }, update: { $set: fieldsAfter(verdict) } },
    });
  }
  return operations;
}

function fieldsAfter(
  verdict: Exclude<Verdict, { next: 'finish' | 'release' | 'interrupt' }>,
): Record<string, unknown> {
  switch (verdict.next) {
    case 'keep':
      return { state: 'done', ...noLease, ...verdict.set };
    case 'retry': {
      const dueAt = verdict.dueAt.toISOString();
      return { state: 'ready', dueAt, lastError: verdict.error, ...noLease, ...verdict.set };
    }
    case 'dead':
      return { state: 'dead', lastError: verdict.error, ...noLease, ...verdict.set };
  }
}
