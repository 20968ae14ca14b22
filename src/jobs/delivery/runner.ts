import type { Ctx } from '../../domain/ctx.js';
import { domainRules } from '../../domain/domains.js';
import type { Delivery } from '../../model/work.js';
import { whyNotWanted } from '../../outbox/still-wanted.js';
import { isSuspended } from '../../policy/domains.js';
import { backOff, errorText } from '../handlers/back-off.js';
import { noteInboxGone } from '../handlers/inbox-gone.js';
import type { Queue } from '../queue.js';
import type { RunnerOptions } from '../runner-options.js';
import { Runner } from '../runner.js';
import { createBodies } from './bodies.js';
import { createDeliver } from './deliver.js';
import { createFollowersSummaries } from './followers-summaries.js';
import { Peers } from './peers.js';
import { recent } from './recent.js';

export interface DeliveryOptions extends Pick<
  RunnerOptions<Delivery>,
  'clock' | 'log' | 'pollMs' | 'overlapMs' | 'mostMs' | 'gatherMs'
> {
  /** The instance's generation when this process started. */
  generation: number;
  peers: Peers;
}

/** Deliveries that wait in memory, leased, when this process fans out itself. */
const adoptMax = 1000;
/** How old an answer about the generation may be, ms. */
const generationMs = 100;
/** Our own failures: the store, a key that cannot be unsealed. */
const errorSchedule = { firstSeconds: 10, maxSeconds: 3600 };

/** The worker of deliveries: a lane per host, its rules from what is known about the host. */
export function createDeliveryRunner(
  ctx: Ctx,
  queue: Queue<Delivery>,
  { generation, peers, ...common }: DeliveryOptions,
): Runner<Delivery> {
  const superseded = createGuard(ctx, generation);
  const dropLane = async (host: string, reason: string): Promise<void> => {
    const { deletedCount } = await ctx.db.deliveries.deleteMany({ state: 'ready', lane: host });
    runner.forget(host);
    if (!deletedCount) return;
    peers.note(host, `${reason}: ${deletedCount} deliveries dropped`);
    ctx.log.info({ host, reason, deliveries: deletedCount }, 'deliveries were dropped');
  };
  const runner: Runner<Delivery> = new Runner({
    ...common,
    name: 'deliveries',
    queue,
    concurrency: ctx.settings.deliveryConcurrency,
    adoptMax,
    rules: {
      allowance: (host) => (superseded.known() ? { running: 0, held: 0 } : peers.allowance(host)),
      orderKey: (delivery) => `${delivery.accountId} ${delivery.inbox}`,
    },
    prepare: async (hosts) => {
      if (!hosts.length) return;
      await peers.prepare(hosts);
      const current = await domainRules(ctx);
      for (const host of hosts) {
        if (isSuspended(current, host)) await dropLane(host, 'suspended domain');
        else if (peers.isDead(host)) await dropLane(host, 'dead host');
      }
    },
    run: createDeliver(ctx, {
      peers,
      bodies: createBodies(ctx.db.activities),
      isCurrent: superseded.admits,
      isSuspended: async (host) => isSuspended(await domainRules(ctx), host),
      whyNotWanted: (delivery) => whyNotWanted(ctx, delivery),
      followersSummary: createFollowersSummaries(ctx),
      inboxGone: (delivery) => noteInboxGone(ctx, delivery),
    }),
    onError: (delivery, error) => ({
      next: 'retry',
      dueAt: backOff(ctx, delivery.attempts, errorSchedule),
      error: errorText(error),
    }),
  });
  return runner;
}

interface Guard {
  known(): boolean;
  /** Whether this process may send that delivery. */
  admits(delivery: Delivery): Promise<boolean>;
}

/** A restored copy raises the generation when it takes over; from then on this process sends nothing. */
function createGuard(ctx: Ctx, started: number): Guard {
  const current = recent(
    generationMs,
    async () => (await ctx.db.instance.findOne({}))?.generation ?? started,
  );
  let superseded = false;
  return {
    known: () => superseded,
    admits: async (delivery) => {
      const generation = Math.max(await current(), delivery.generation);
      if (generation > started && !superseded) {
        superseded = true;
        ctx.log.error(
          { started, generation },
          'another copy of this instance took over: this one sends nothing more',
        );
      }
      return !superseded;
    },
  };
}
