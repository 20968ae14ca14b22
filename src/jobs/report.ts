import type { Ctx } from '../domain/ctx.js';
import type { Delivery, Peer, WorkItem } from '../model/work.js';
import type { Collection } from '../store/port.js';
import { leased } from './queue.js';

/** What waits, runs and failed in one queue. `waiting`: not done yet, whether due, put off or under way. */
export interface QueueFigures {
  waiting: number;
  /** Of these, what may run now. */
  due: number;
  /** Of these, what a process has in hand. */
  leased: number;
  /** Given up. */
  dead: number;
  /** When the oldest that waits was written. */
  oldestAt: string | null;
}

export interface LaneFigures extends QueueFigures {
  lane: string;
  /** When the first falls due. */
  nextDueAt: string | null;
  lastError: string | null;
}

/** How another server fares. */
export interface HostState {
  breaker: Peer['breaker'];
  failures: number;
  failingSince: string | null;
  nextProbeAt: string | null;
  lastReason: string | null;
  lastSuccessAt: string | null;
}

export type HostFigures = LaneFigures & HostState;

export interface QueueReport {
  deliveries: QueueFigures & { hosts: HostFigures[]; hostsNotShown: number };
  received: QueueFigures & { ignored: number; failed: number };
  jobs: QueueFigures & { lanes: LaneFigures[] };
}

/** Lanes that are looked at. With more, those late in the alphabet are not in the report, but in its totals. */
const mostLanes = 2000;

/** The state of the queues. Costs a few queries per lane that has anything. */
export async function queueReport(ctx: Ctx, { hosts = 50 }: { hosts?: number } = {}): Promise<QueueReport> {
  const { deliveries, received, jobs } = ctx.db;
  const [lanes, jobLanes] = [await lanesOf(ctx, deliveries), await lanesOf(ctx, jobs)];
  lanes.sort((a, b) => b.waiting - a.waiting || b.dead - a.dead);
  const shown = lanes.slice(0, hosts);
  return {
    deliveries: {
      ...(await figuresOf(ctx, deliveries, {})),
      hosts: await withPeers(ctx, shown),
      hostsNotShown: lanes.length - shown.length,
    },
    received: {
      ...(await figuresOf(ctx, received, {})),
      ignored: await received.countDocuments({ outcome: 'ignored' }),
      failed: await received.countDocuments({ outcome: 'failed' }),
    },
    jobs: { ...(await figuresOf(ctx, jobs, {})), lanes: jobLanes },
  };
}

/** The totals of the queues, and how other servers fare: a bounded number of index reads. */
export async function queueTotals(ctx: Ctx): Promise<{
  queues: Record<'deliveries' | 'received' | 'jobs', QueueFigures>;
  received: Record<'processed' | 'ignored' | 'failed', number>;
  breakers: Record<'open' | 'half-open' | 'dead', number>;
  hosts: { host: string; breaker: string; reason: string; waiting: number }[];
}> {
  const outcome = (name: string): Promise<number> => ctx.db.received.countDocuments({ outcome: name });
  const breaker = (state: string): Promise<number> => ctx.db.peers.countDocuments({ breaker: state });
  return {
    queues: {
      deliveries: await figuresOf(ctx, ctx.db.deliveries, {}),
      received: await figuresOf(ctx, ctx.db.received, {}),
      jobs: await figuresOf(ctx, ctx.db.jobs, {}),
    },
    received: {
      processed: await outcome('processed'),
      ignored: await outcome('ignored'),
      failed: await outcome('failed'),
    },
    breakers: {
      open: await breaker('open'),
      'half-open': await breaker('half-open'),
      dead: await breaker('dead'),
    },
    hosts: (await unwellHosts(ctx)).map(({ host, breaker: state, lastReason, waiting }) => ({
      host,
      breaker: state,
      reason: lastReason ?? '',
      waiting,
    })),
  };
}

export type HostReport = HostFigures & {
  /** The oldest that wait or were given up, with their reasons. */
  items: {
    activity: string;
    type: string;
    inbox: string;
    state: string;
    attempts: number;
    dueAt: string;
    reason: string | null;
  }[];
};

/** Why something is late at one host. */
export async function hostReport(ctx: Ctx, host: string, limit = 20): Promise<HostReport> {
  const figures = await laneFigures(ctx, ctx.db.deliveries, host);
  const [peer] = await withPeers(ctx, [figures]);
  const found: Delivery[] = [];
  for (const state of [leased, { state: 'ready' }, { state: 'dead' }]) {
    const left = limit - found.length;
    if (left <= 0) break;
    const filter = { ...state, lane: host };
    found.push(...(await ctx.db.deliveries.find(filter).sort({ dueAt: 1 }).limit(left).toArray()));
  }
  const ids = [...new Set(found.map((d) => d.activityId))];
  const activities = ids.length ? await ctx.db.activities.find({ _id: { $in: ids } }).toArray() : [];
  const byId = new Map(activities.map((a) => [a._id, a]));
  const items = found.map(({ activityId, inbox, state, attempts, dueAt, lastError }) => {
    const activity = byId.get(activityId);
    return {
      activity: activity?.uri ?? activityId,
      type: activity?.type ?? '?',
      inbox,
      state,
      attempts,
      dueAt,
      reason: lastError,
    };
  });
  return { ...figures, ...unknown, ...peer, items };
}

async function lanesOf<T extends WorkItem>(ctx: Ctx, collection: Collection<T>): Promise<LaneFigures[]> {
  const names = new Set<string>();
  for (const state of ['ready', 'dead'] as const) {
    for (let last = ''; names.size < mostLanes;) {
      const next = await collection.findOne({ state, lane: { $gt: last } }, { sort: { lane: 1 } });
      if (!next) break;
      names.add(next.lane);
      last = next.lane;
    }
  }
  for (const { lane } of await collection.find(leased).limit(mostLanes).toArray()) names.add(lane);
  const lanes: LaneFigures[] = [];
  for (const name of names) lanes.push(await laneFigures(ctx, collection, name));
  return lanes;
}

async function laneFigures<T extends WorkItem>(
  ctx: Ctx,
  collection: Collection<T>,
  lane: string,
): Promise<LaneFigures> {
  const [figures, next, tried] = await Promise.all([
    figuresOf(ctx, collection, { lane }),
    collection.findOne({ state: 'ready', lane }, { sort: { dueAt: 1 } }),
    collection.findOne({ state: 'dead', lane }, { sort: { dueAt: -1 } }),
  ]);
  const lastError = next?.lastError ?? tried?.lastError ?? null;
  return { lane, ...figures, nextDueAt: next?.dueAt ?? null, lastError };
}

async function figuresOf<T extends WorkItem>(
  ctx: Ctx,
  collection: Collection<T>,
  which: { lane?: string },
): Promise<QueueFigures> {
  const now = ctx.clock.now().toISOString();
  const [ready, due, taken, dead, ...oldest] = await Promise.all([
    collection.countDocuments({ state: 'ready', ...which }),
    collection.countDocuments({ state: 'ready', ...which, dueAt: { $lte: now } }),
    collection.countDocuments({ ...leased, ...which }),
    collection.countDocuments({ state: 'dead', ...which }),
    collection.findOne({ state: 'ready', ...which }, { sort: { dueAt: 1 } }),
    // What was tried most often is put off farthest.
    collection.findOne({ state: 'ready', ...which }, { sort: { dueAt: -1 } }),
    collection.findOne({ ...leased, ...which }, { sort: { createdAt: 1 } }),
  ]);
  const oldestAt = oldest.flatMap((item) => item?.createdAt ?? []).sort()[0] ?? null;
  return { waiting: ready + taken, due, leased: taken, dead, oldestAt };
}

async function withPeers(ctx: Ctx, lanes: readonly LaneFigures[]): Promise<HostFigures[]> {
  const stateOf = await knownHosts(
    ctx,
    lanes.map((l) => l.lane),
  );
  return lanes.map((lane) => ({ ...lane, ...stateOf(lane.lane) }));
}

const unknown: HostState = {
  breaker: 'closed',
  failures: 0,
  failingSince: null,
  nextProbeAt: null,
  lastReason: null,
  lastSuccessAt: null,
};

/** What is known about these hosts; about others, nothing bad. */
export async function knownHosts(ctx: Ctx, hosts: readonly string[]): Promise<(host: string) => HostState> {
  const wanted = [...new Set(hosts)];
  const peers = wanted.length ? await ctx.db.peers.find({ _id: { $in: wanted } }).toArray() : [];
  const byHost = new Map(peers.map((peer) => [peer._id, toState(peer)]));
  return (host) => byHost.get(host) ?? unknown;
}

function toState(peer: Peer): HostState {
  const { breaker, failures, firstFailureAt: failingSince, nextProbeAt, lastReason, lastSuccessAt } = peer;
  return { breaker, failures, failingSince, nextProbeAt, lastReason, lastSuccessAt };
}

/** Hosts are told one by one up to this many: each is a time series of whoever collects them. */
const mostUnwell = 50;

/** Hosts that are not delivered to as usual, with what waits for them. */
export async function unwellHosts(ctx: Ctx): Promise<(HostState & { host: string; waiting: number })[]> {
  const found = await ctx.db.peers
    .find({ breaker: { $in: ['open', 'half-open', 'dead'] } })
    .limit(mostUnwell)
    .toArray();
  return Promise.all(
    found.map(async (peer) => {
      const counts = [{ state: 'ready' }, leased].map((state) =>
        ctx.db.deliveries.countDocuments({ ...state, lane: peer._id }),
      );
      const [ready, taken] = await Promise.all(counts);
      return { host: peer._id, waiting: (ready ?? 0) + (taken ?? 0), ...toState(peer) };
    }),
  );
}
