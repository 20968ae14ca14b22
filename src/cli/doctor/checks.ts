import { access, constants, statfs } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { Context } from '../../context.js';
import { findAuditBreak } from '../../domain/audit.js';
import { getInstance } from '../../domain/instance.js';
import { timeOfId } from '../../model/ids.js';
import { checkPublicAddress } from './address.js';

export interface Check {
  name: string;
  result: 'ok' | 'warning' | 'failed';
  text: string;
}

const ok = (text: string): Omit<Check, 'name'> => ({ result: 'ok', text });
const warning = (text: string): Omit<Check, 'name'> => ({ result: 'warning', text });
const failed = (text: string): Omit<Check, 'name'> => ({ result: 'failed', text });

const checks: Readonly<Record<string, (ctx: Context) => Promise<Omit<Check, 'name'>>>> = {
  database: checkDatabase,
  keys: checkKeys,
  clock: checkClock,
  disk: checkDisk,
  owner: checkOwner,
  'audit log': checkAudit,
  queues: checkQueues,
  address: async (ctx) => checkPublicAddress(ctx),
};

/** Every check; one that throws is a failed one. */
export async function checkAll(ctx: Context): Promise<Check[]> {
  const found: Check[] = [];
  for (const [name, check] of Object.entries(checks)) {
    const result = await check(ctx).catch((error: unknown) =>
      failed(error instanceof Error ? error.message : String(error)),
    );
    found.push({ name, ...result });
  }
  return found;
}

async function checkDatabase(ctx: Context) {
  const began = performance.now();
  await ctx.store.ping();
  const ms = (performance.now() - began).toFixed(1);
  return ok(`${ctx.store.engine === 'embedded' ? 'embedded' : 'MongoDB'}, answers in ${ms} ms`);
}

async function checkKeys(ctx: Context) {
  const { actorId } = await getInstance(ctx);
  return (await ctx.keys.signingKey(actorId, 'rsa'))
    ? ok('can be unsealed')
    : failed("the instance's own key is missing");
}

/** Signatures are good for some minutes only, so a wrong clock cuts a server off. */
const maxSkewMs = 30_000;

async function checkClock(ctx: Context) {
  const [newest] = await ctx.db.statuses.find({}).sort({ _id: -1 }).limit(1).toArray();
  const aheadMs = newest ? timeOfId(newest._id).getTime() - ctx.clock.now().getTime() : 0;
  if (aheadMs > maxSkewMs)
    return failed(
      `the newest post was written ${Math.round(aheadMs / 1000)} s from now: the clock went back`,
    );
  const skews = await skewsToPeers(ctx);
  if (!skews.length) return ok('plausible (no other server to compare it with)');
  const middle = skews.sort((a, b) => a - b)[skews.length >> 1] ?? 0;
  const text = `${Math.round(Math.abs(middle) / 1000)} s ${middle < 0 ? 'behind' : 'ahead of'} ${skews.length} other servers`;
  return Math.abs(middle) > maxSkewMs ? failed(text) : ok(text);
}

/** Ours minus theirs, in ms, for a few servers that answered lately. */
async function skewsToPeers(ctx: Context): Promise<number[]> {
  const peers = await ctx.db.peers.find({ breaker: 'closed' }).limit(3).toArray();
  const scheme = ctx.settings.federateLoopback ? 'http' : 'https';
  const answers = await Promise.all(
    peers.map(async ({ _id }) => {
      const url = `${scheme}://${_id}/.well-known/nodeinfo`;
      const answer = await ctx.http.request({ method: 'GET', url, timeoutMs: 5000, maxBytes: 65_536 });
      const date = answer.outcome === 'response' ? Date.parse(answer.headers['date'] ?? '') : NaN;
      return ctx.clock.now().getTime() - date;
    }),
  );
  return answers.filter((skew) => !Number.isNaN(skew));
}

const fewBytes = 2 * 1024 ** 3;
const noBytes = 200 * 1024 ** 2;

async function checkDisk({ settings }: Context) {
  const folder = resolve(settings.data);
  await access(folder, constants.R_OK | constants.W_OK);
  const { bavail, bsize } = await statfs(folder);
  const free = bavail * bsize;
  const text = `${(free / 1024 ** 3).toFixed(1)} GB free in ${folder}`;
  return free < noBytes ? failed(text) : free < fewBytes ? warning(text) : ok(text);
}

async function checkOwner(ctx: Context) {
  const owner = await ctx.db.users.findOne({ role: 'owner' });
  return owner ? ok('there is one') : warning('none yet: landfall account create NAME --role owner');
}

async function checkAudit(ctx: Context) {
  const broken = await findAuditBreak(ctx);
  return broken === null ? ok('unbroken') : failed(`entry ${broken} was changed or removed`);
}

/** Work that fell due so long ago that nobody seems to do it. */
const lateMs = 10 * 60_000;

async function checkQueues(ctx: Context) {
  const before = new Date(ctx.clock.now().getTime() - lateMs).toISOString();
  const late = { state: 'ready', dueAt: { $lt: before } };
  const [jobs, received, dead] = await Promise.all([
    ctx.db.jobs.countDocuments(late, { limit: 1000 }),
    ctx.db.received.countDocuments(late, { limit: 1000 }),
    ctx.db.jobs.countDocuments({ state: 'dead' }, { limit: 1000 }),
  ]);
  if (jobs || received)
    return warning(`${jobs + received} items are due for more than 10 minutes: is a worker running?`);
  return dead ? warning(`${dead} jobs were given up: landfall queue`) : ok('nothing is late');
}
