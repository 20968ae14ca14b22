import type { Ctx } from '../domain/ctx.js';
import { hostOf } from '../domain/urls.js';
import { isId } from '../model/ids.js';
import type { Status } from '../model/status.js';
import type { Delivery, OutActivity } from '../model/work.js';
import { knownHosts, type HostState } from './report.js';

/** What became of one post of ours on its way to other servers. */
export interface PostReport {
  post: string;
  createdAt: string;
  /** What was sent about it: Create, Update, Announce; newest first. */
  activities: {
    activity: string;
    type: string;
    createdAt: string;
    /** False while its deliveries are still being written. */
    fannedOut: boolean;
    /** Deliveries that are not done yet, and those that were given up. All others were accepted. */
    waiting: number;
    dead: number;
  }[];
  /** The deliveries behind these numbers, those that were tried most often first. */
  late: LateDelivery[];
}

export interface LateDelivery {
  activity: string;
  type: string;
  inbox: string;
  state: string;
  attempts: number;
  dueAt: string;
  reason: string | null;
  host: HostState;
}

/** Deliveries of one activity are read up to here. */
const mostRead = 5000;

/**
 * Where a post is late, and why. `post`: its IRI, its URL or its id; `host`: one server only. Null when there is no such
 * post of ours.
 */
export async function postReport(
  ctx: Ctx,
  post: string,
  { host, limit }: { host?: string | undefined; limit: number },
): Promise<PostReport | null> {
  const status = await findOwnPost(ctx, post);
  if (!status) return null;
  const about = { accountId: status.accountId, statusId: status._id };
  const activities = await ctx.db.activities.find(about).sort({ _id: -1 }).limit(20).toArray();
  const found = await Promise.all(activities.map((activity) => deliveriesOf(ctx, activity, host)));
  const late = activities
    .flatMap((activity, i) => (found[i] ?? []).map((delivery) => ({ activity, delivery })))
    .sort((a, b) => b.delivery.attempts - a.delivery.attempts)
    .slice(0, limit);
  const hosts = await knownHosts(
    ctx,
    late.map(({ delivery }) => delivery.lane),
  );
  return {
    post: status.uri,
    createdAt: status.createdAt,
    activities: activities.map(({ uri, type, createdAt, fannedOutAt }, i) => {
      const dead = (found[i] ?? []).filter((d) => d.state === 'dead').length;
      const waiting = (found[i]?.length ?? 0) - dead;
      return { activity: uri, type, createdAt, fannedOut: fannedOutAt !== undefined, waiting, dead };
    }),
    late: late.map(({ activity, delivery: { inbox, state, attempts, dueAt, lastError, lane } }) => ({
      activity: activity.uri,
      type: activity.type,
      inbox,
      state,
      attempts,
      dueAt,
      reason: lastError,
      host: hosts(lane),
    })),
  };
}

async function findOwnPost(ctx: Ctx, post: string): Promise<Status | null> {
  const { statuses } = ctx.db;
  const found = isId(post)
    ? await statuses.findOne({ _id: post })
    : ((await statuses.findOne({ uri: post })) ?? (await statuses.findOne({ url: post })));
  return found?.local ? found : null;
}

/** Those that are not done: what was accepted is gone, or kept as `done` for a moment. Found by the start of their key. */
async function deliveriesOf(ctx: Ctx, { _id }: OutActivity, host: string | undefined): Promise<Delivery[]> {
  // Keys are `activityId inbox`; `!` is the character after the space.
  const found = await ctx.db.deliveries
    .find({ key: { $gt: `${_id} `, $lt: `${_id}!` } })
    .limit(mostRead)
    .toArray();
  return found.filter(
    (delivery) => delivery.state !== 'done' && (host === undefined || hostOf(delivery.inbox) === host),
  );
}
