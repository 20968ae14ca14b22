import type { Ctx } from '../domain/ctx.js';

/** Hosts that are looked at in one round; a round comes every minute. */
const mostHosts = 5000;
const slice = 500;
/** Slices of one host in one round; the rest waits for the next. */
const slicesPerRound = 20;

/**
 * Gives up what waits for a host beyond what may wait for one (LANDFALL_DELIVERIES_PER_HOST), the longest due first: a
 * host that is slow or down for long must not fill the disk of those who write to it. They stay for `landfall queue`, as
 * all that was given up.
 */
export async function thinHosts(ctx: Ctx): Promise<void> {
  for (let lane = '', looked = 0; looked < mostHosts; looked++) {
    const next = await ctx.db.deliveries.findOne(
      { state: 'ready', lane: { $gt: lane } },
      { sort: { lane: 1, dueAt: 1 } },
    );
    if (!next) return;
    lane = next.lane;
    await thinHost(ctx, lane);
  }
}

async function thinHost(ctx: Ctx, lane: string): Promise<void> {
  const { deliveries } = ctx.db;
  const most = ctx.settings.deliveriesPerHost;
  const waiting = { state: 'ready', lane };
  for (let i = 0; i < slicesPerRound; i++) {
    const over = (await deliveries.countDocuments(waiting, { limit: most + slice })) - most;
    if (over <= 0) return;
    const oldest = await deliveries.find(waiting).sort({ dueAt: 1, _id: 1 }).limit(over).toArray();
    await deliveries.updateMany(
      { _id: { $in: oldest.map((d) => d._id) }, state: 'ready' },
      { $set: { state: 'dead', lastError: 'given up: too much waits for this host' } },
    );
    ctx.log.warn(
      { host: lane, deliveries: oldest.length },
      'too much waits for a host: the oldest is given up',
    );
  }
}
