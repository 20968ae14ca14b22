import type { Ctx } from '../domain/ctx.js';
import {
  createCardSweep,
  createGraveSweep,
  sweepParts,
  sweepUploads,
  sweepUses,
} from '../domain/housekeeping.js';
import { createOrphanSweep } from '../domain/orphan-files.js';
import { refreshTrends } from '../domain/trend-rankings.js';
import { sweepUserIps } from '../domain/user-ips.js';
import type { Logger } from '../log.js';
import { idAtTime } from '../model/ids.js';
import type { OutActivity } from '../model/work.js';
import { toJob } from './intents.js';
import { thinHosts } from './thin-hosts.js';
import { isDuplicateKey, type Collection, type Document, type Filter } from '../store/port.js';

const minuteMs = 60_000;
const dayMs = 86_400_000;
const slice = 500;
/** Slices of one kind in one round; the rest waits for the next. */
const slicesPerRound = 20;

/** How long things are kept that serve no purpose any more, in days. */
const keepDays = {
  /** Longer than a signature is good for, so that a repeated request is recognised. */
  processed: 2,
  ignored: 7,
  dead: 14,
  /** Longer than a fan-out is tried. */
  sent: 1,
  /** Longer than any delivery is tried. */
  activities: 14,
  undone: 30,
  /** Longer than a code is good for, whose second use revokes what it gave. */
  revoked: 30,
};

type Step = (ctx: Ctx) => Promise<unknown>;

/** Each is bounded, may be repeated, and may run in several processes at once. */
const steps: Readonly<Record<string, Step>> = {
  codes: (ctx) => deleteExpired(ctx, ctx.db.authorizationCodes),
  sessions: (ctx) => deleteExpired(ctx, ctx.db.webSessions),
  mailTokens: (ctx) => deleteExpired(ctx, ctx.db.mailTokens),
  passkeyChallenges: (ctx) => deleteExpired(ctx, ctx.db.passkeyChallenges),
  attempts: (ctx) => deleteExpired(ctx, ctx.db.attempts),
  idempotency: (ctx) => deleteExpired(ctx, ctx.db.idempotency),
  revoked: (ctx) => deleteSlices(ctx.db.accessTokens, { revokedAt: { $lt: before(ctx, keepDays.revoked) } }),
  mutes: (ctx) => deleteExpired(ctx, ctx.db.mutes),
  processed: (ctx) =>
    deleteSlices(ctx.db.received, { outcome: 'processed', _id: { $lt: idBefore(ctx, keepDays.processed) } }),
  ignored: (ctx) =>
    deleteSlices(ctx.db.received, {
      outcome: { $in: ['ignored', 'failed'] },
      _id: { $lt: idBefore(ctx, keepDays.ignored) },
    }),
  deadDeliveries: (ctx) =>
    deleteSlices(ctx.db.deliveries, { state: 'dead', dueAt: { $lt: before(ctx, keepDays.dead) } }),
  sentDeliveries: (ctx) =>
    deleteSlices(ctx.db.deliveries, { state: 'done', dueAt: { $lt: before(ctx, keepDays.sent) } }),
  deadJobs: (ctx) => deleteSlices(ctx.db.jobs, { state: 'dead', dueAt: { $lt: before(ctx, keepDays.dead) } }),
  undone: (ctx) =>
    deleteSlices(ctx.db.undoneActivities, { createdAt: { $lt: before(ctx, keepDays.undone) } }),
  sentMails: (ctx) =>
    deleteSlices(ctx.db.jobs, { state: 'done', dueAt: { $lt: before(ctx, keepDays.sent) } }),
  emailSubscriptions: (ctx) => deleteExpired(ctx, ctx.db.emailSubscriptions),
  postMailings: (ctx) => deleteSlices(ctx.db.postMailings, { dueAt: { $lt: before(ctx, keepDays.dead) } }),
  signals: (ctx) =>
    deleteSlices(ctx.db.signals, { _id: { $lt: idAtTime(new Date(ctx.clock.now().getTime() - minuteMs)) } }),
  crowded: thinHosts,
  polls: endPolls,
  uploads: sweepUploads,
  parts: sweepParts,
  uses: sweepUses,
  addresses: sweepUserIps,
  trends: refreshTrends,
};

/** All steps; those that walk through a collection know how far they came. */
export function createSteps(): Readonly<Record<string, Step>> {
  return {
    ...steps,
    activities: createActivitySweep(),
    graves: createGraveSweep(),
    cards: createCardSweep(),
    orphans: createOrphanSweep(),
  };
}

/** Looks once a minute for what has expired. @returns the way to stop, which waits for a round under way */
export function startSweeping(ctx: Ctx): () => Promise<void> {
  const all = createSteps();
  let round: Promise<void> | null = null;
  const sweep = (): void => {
    round ??= sweepOnce(ctx, all).finally(() => {
      round = null;
    });
  };
  const timer = setInterval(sweep, minuteMs).unref();
  return async () => {
    clearInterval(timer);
    await round;
  };
}

/** One round of every step; one that fails is logged and does not stop the others. */
export async function sweepOnce(ctx: Ctx, chosen: Readonly<Record<string, Step>> = steps): Promise<void> {
  for (const [name, step] of Object.entries(chosen)) {
    await step(ctx).catch((error: unknown) => warn(ctx.log, name, error));
  }
}

function warn(log: Logger, step: string, error: unknown): void {
  log.warn({ err: error, step }, 'a sweep failed');
}

const before = (ctx: Ctx, days: number): string =>
  new Date(ctx.clock.now().getTime() - days * dayMs).toISOString();
const idBefore = (ctx: Ctx, days: number): string =>
  idAtTime(new Date(ctx.clock.now().getTime() - days * dayMs));

function deleteExpired<T extends Document & { expiresAt: string | null }>(
  ctx: Ctx,
  collection: Collection<T>,
): Promise<void> {
  return deleteSlices(collection, { expiresAt: { $lt: before(ctx, 0) } });
}

async function deleteSlices<T extends Document>(collection: Collection<T>, filter: Filter): Promise<void> {
  for (let i = 0; i < slicesPerRound; i++) {
    const found = await collection.find(filter).limit(slice).toArray();
    if (found.length) await collection.deleteMany({ _id: { $in: found.map((document) => document._id) } });
    if (found.length < slice) return;
  }
}

/** Local and remote polls whose time is up: their end is an event, once. */
async function endPolls(ctx: Ctx): Promise<void> {
  const filter = { 'poll.closed': false, 'poll.expiresAt': { $lte: before(ctx, 0) } };
  const ended = await ctx.db.statuses.find(filter).limit(slice).toArray();
  for (const { _id: statusId } of ended) await endPoll(ctx, statusId);
  if (ended.length) ctx.jobs.nudge('jobs');
}

/** The name of the job keeps several processes, or a slow worker, from announcing the same end twice. */
async function endPoll(ctx: Ctx, statusId: string): Promise<void> {
  const payload = { event: { type: 'poll.ended', statusId } };
  const job = { ...toJob(ctx, { kind: 'event', payload }), _id: `poll-ended-${statusId}` };
  await ctx.db.jobs.insertOne(job).catch((error: unknown) => {
    if (!isDuplicateKey(error)) throw error;
  });
}

/**
 * Activities are kept for their deliveries and for readers of the outbox; those that belong to no status, or to one that
 * is gone, go. Walks on through the collection from round to round, and begins again at its end.
 */
export function createActivitySweep(): Step {
  let after = '';
  return async (ctx) => {
    const range = { $gt: after, $lt: before(ctx, keepDays.activities) };
    const page = await ctx.db.activities
      .find({ createdAt: range })
      .sort({ createdAt: 1 })
      .limit(slice)
      .toArray();
    const idle = await withoutStatus(ctx, page);
    if (idle.length) await ctx.db.activities.deleteMany({ _id: { $in: idle } });
    after = page.length < slice ? '' : (page.at(-1)?.createdAt ?? '');
  };
}

async function withoutStatus(ctx: Ctx, activities: readonly OutActivity[]): Promise<string[]> {
  const ids = activities.flatMap((a) => a.statusId ?? []);
  const statuses = ids.length ? await ctx.db.statuses.find({ _id: { $in: ids } }).toArray() : [];
  const alive = new Set(statuses.map((status) => status._id));
  return activities.filter((a) => a.statusId === null || !alive.has(a.statusId)).map((a) => a._id);
}
