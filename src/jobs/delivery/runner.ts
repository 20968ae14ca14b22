import { signRequest } from '../../../federation/signature/sign.js';
import type { Ctx } from '../../domain/ctx.js';
import type { Delivery } from '../../model/work.js';
import { backOff } from '../handlers/back-off.js';
import { errorText } from '../handlers/jobs.js';
import type { Queue, Verdict } from '../queue.js';
import { Runner, type RunnerOptions } from '../runner.js';

type Common = Pick<RunnerOptions<Delivery>, 'clock' | 'log' | 'pollMs' | 'overlapMs'> & {
  generation: number;
};

export function createDeliveryRunner(
  ctx: Ctx,
  queue: Queue<Delivery>,
  { generation: _generation, ...common }: Common,
): Runner<Delivery> {
  const { deliveryPerHost, deliveryConcurrency } = ctx.settings;
  const again = (delivery: Delivery, error: string): Verdict => ({
    next: 'retry',
    dueAt: backOff(ctx, delivery.attempts, { firstSeconds: 10, maxSeconds: 86_400 }),
    error,
  });
  return new Runner({
    ...common,
    name: 'deliveries',
    queue,
    concurrency: deliveryConcurrency,
    rules: {
      allowance: () => ({ running: deliveryPerHost, held: deliveryPerHost * 4 }),
      orderKey: (delivery) => `${delivery.accountId} ${delivery.inbox}`,
    },
    run: async (delivery, signal) => {
      const activity = await ctx.db.activities.findOne({ _id: delivery.activityId });
      const key = await ctx.keys.signingKey(delivery.accountId, 'rsa');
      if (!activity || !key) return { next: 'finish' };
      const body = Buffer.from(activity.body);
      const headers = { 'content-type': 'application/activity+json' };
      const answer = await ctx.http.request({
        method: 'POST',
        url: delivery.inbox,
        body,
        headers,
        signal,
        sign: ({ url }) =>
          signRequest('cavage', { method: 'POST', url, headers, body, key, now: ctx.clock.now() }),
      });
      if (answer.outcome === 'response' && answer.status < 300) return { next: 'finish' };
      return again(delivery, answer.outcome === 'response' ? `status ${answer.status}` : answer.reason);
    },
    onError: (delivery, error) => again(delivery, errorText(error)),
  });
}
