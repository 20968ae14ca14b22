import { createHash } from 'node:crypto';
import type { Ctx } from '../../domain/ctx.js';
import { resolveActor } from '../../domain/remote/actors.js';
import type { Delivery } from '../../model/work.js';
import { isDuplicateKey } from '../../store/port.js';
import { toJob } from '../intents.js';

/** Accounts of a host that are compared with the inbox, and of those that have it, how many are asked for anew. */
const mostAccounts = 1000;
const mostRefreshed = 3;

/** An inbox answered 404 or 410: has its actors looked at, in a job whose name keeps it from being there twice. */
export async function noteInboxGone(ctx: Ctx, delivery: Delivery): Promise<void> {
  const hash = createHash('sha256').update(delivery.inbox).digest('base64url');
  const payload = { inbox: delivery.inbox, host: delivery.lane };
  const job = { ...toJob(ctx, { kind: 'inbox-gone', payload }), _id: `inbox-gone-${hash}` };
  await ctx.db.jobs.insertOne(job).catch((error: unknown) => {
    if (!isDuplicateKey(error)) throw error;
  });
  ctx.jobs.nudge('jobs');
}

/** Fetches the actors behind an inbox that is gone: those that answer 410 are deleted here, with their follows. */
export async function inboxGone(ctx: Ctx, payload: Record<string, unknown>): Promise<void> {
  const { inbox, host } = payload;
  if (typeof inbox !== 'string' || typeof host !== 'string') return;
  const neighbours = await ctx.db.accounts
    .find({ domain: host })
    .sort({ _id: -1 })
    .limit(mostAccounts)
    .toArray();
  const behind = neighbours.filter(
    ({ remote, deletedAt }) => !deletedAt && (remote?.inbox === inbox || remote?.sharedInbox === inbox),
  );
  const personal = behind.filter(({ remote }) => remote?.inbox === inbox);
  for (const account of [...personal, ...behind].slice(0, mostRefreshed))
    await resolveActor(ctx, account.uri, { refresh: true });
}
