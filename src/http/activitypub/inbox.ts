import { hash } from 'node:crypto';
import { Router } from 'express';
import type { Request, Response } from 'express';
import { LRUCache } from 'lru-cache';
import type { Json } from '../../../federation/ports.js';
import type { Received as Verdict } from '../../../federation/inbox/receive.js';
import { readSummary } from '../../../federation/followers/header.js';
import { receive } from '../../../federation/inbox/receive.js';
import { typesOf } from '../../../federation/vocabulary/values.js';
import { now } from '../../domain/ctx.js';
import { domainRules } from '../../domain/domains.js';
import { findLocalAccount } from '../../domain/accounts.js';
import { hostOf, instanceActorUri } from '../../domain/urls.js';
import { AppError, gone, notFound, unavailable } from '../../errors.js';
import type { Received } from '../../model/work.js';
import { isSuspended } from '../../policy/domains.js';
import { jsonLimits } from '../../policy/json-limits.js';
import { createBacklog, type Backlog } from './backlog.js';
import { createFollowersCheck, type FollowersCheck } from './followers.js';
import { textParam } from './query.js';
import { readBody } from './read-body.js';
import { toSignedRequest } from './signer.js';
import type { Site } from './site.js';

/** When to come back, seconds, where nothing better is known. */
const retryAfter = 60;
/** An actor that is said to be gone is looked at this often at most: the rumour needs no valid signature. */
const lookAgainMs = 10 * 60_000;

/** `POST` to the shared inbox and to personal ones: verified, stored for good, then 202 (ActivityPub section 7). */
export function inboxRoutes(site: Site): Router {
  const router = Router();
  const backlog = createBacklog(site.ctx);
  const departures = new LRUCache<string, number>({ max: 1000 });
  const compareFollowers = createFollowersCheck(site.ctx);
  const take = async (req: Request, res: Response, recipientId: string | null): Promise<void> => {
    res.set('Cache-Control', 'private, no-store');
    await accept(site, req, { res, recipientId, backlog, departures, compareFollowers });
  };
  router.post('/inbox', (req, res) => take(req, res, null));
  router.post('/actor/inbox', async (req, res) => {
    const instance = await site.ctx.db.accounts.findOne({ uri: instanceActorUri(site.ctx.names) });
    await take(req, res, instance?._id ?? null);
  });
  router.post('/users/:name/inbox', async (req, res) => {
    const account = await findLocalAccount(site.ctx, textParam(req, 'name'));
    if (!account || account.actorType === 'Application') throw notFound();
    if (account.deletedAt !== null) throw gone();
    await take(req, res, account._id);
  });
  return router;
}

interface Taken {
  res: Response;
  recipientId: string | null;
  backlog: Backlog;
  /** When each actor was last looked at because it was said to be gone. */
  departures: LRUCache<string, number>;
  compareFollowers: FollowersCheck;
}

async function accept(site: Site, req: Request, taken: Taken): Promise<void> {
  const { ctx } = site;
  const { res, recipientId, backlog } = taken;
  if (await backlog.isFull()) throw later(res);
  const body = await readBody(req, ctx.settings.inboxBytes);
  const rules = await domainRules(ctx);
  const request = await toSignedRequest(ctx, req, { hosts: site.hosts, body });
  let wait = 0;
  const verdict = await receive(request, {
    keys: site.keys,
    clock: ctx.clock,
    limits: jsonLimits(ctx.settings),
    isBlocked: (host) => isSuspended(rules, host),
    knowsActor: async (uri) => (await ctx.db.accounts.findOne({ uri })) !== null,
    hasRoomFor: (host) => (wait = site.activityQuota(host)) === 0,
  });
  if (verdict.outcome === 'rejected') {
    if (verdict.status === 503) throw later(res, wait || retryAfter);
    throw new AppError(verdict.status, `Not accepted: ${verdict.reason}`);
  }
  if (verdict.outcome === 'ignored') await noteDeparture(site, verdict, taken.departures);
  else {
    const received = toReceived(site, { verdict, recipientId, body });
    if (await backlog.isFullFor(received.host)) throw later(res);
    const isNew = await ctx.jobs.takeReceived(received);
    if (isNew && verdict.outcome === 'accepted')
      await taken.compareFollowers(verdict.actor, readSummary(request.headers, verdict.covered));
  }
  // Not `res.json`, which works out an ETag.
  res.writeHead(202, { 'content-type': 'application/json; charset=utf-8', 'content-length': 2 }).end('{}');
}

function later(res: Response, seconds = retryAfter): AppError {
  res.set('Retry-After', String(seconds));
  return unavailable('Try again later');
}

type Kept = Extract<Verdict, { outcome: 'accepted' | 'forwarded' }>;

function toReceived(
  { ctx }: Site,
  { verdict, recipientId, body }: { verdict: Kept; recipientId: string | null; body: Buffer },
): Received {
  const at = now(ctx);
  const own = verdict.outcome === 'accepted';
  // What was passed on is queued under the one who did: nothing else about it is proven.
  const sender = verdict.key.owner;
  const host = hostOf(sender) ?? '';
  return {
    _id: ctx.ids.next(),
    state: 'ready',
    dueAt: at,
    leaseUntil: null,
    claim: null,
    attempts: 0,
    lane: sender,
    lastError: null,
    createdAt: at,
    activityId: verdict.activityId,
    actor: sender,
    host,
    backlogHost: host,
    type: verdict.type.slice(0, 100),
    objectType: objectType(verdict.activity['object']),
    body: body.toString('utf8'),
    recipientId,
    trust: own ? 'own' : 'forwarded',
    replayKey: hash('sha256', verdict.signature, 'base64url'),
    outcome: null,
    reason: null,
  };
}

function objectType(object: Json | undefined): string | null {
  return typesOf(Array.isArray(object) ? object[0] : object)[0]?.slice(0, 100) ?? null;
}

/** A known actor says that it is gone and its key is: nothing is proven, but worth a look at its own id. */
async function noteDeparture(
  { ctx }: Site,
  verdict: Extract<Verdict, { outcome: 'ignored' }>,
  departures: LRUCache<string, number>,
): Promise<void> {
  if (verdict.reason !== 'deleted-with-key') return;
  const { actor } = verdict;
  const at = ctx.clock.now().getTime();
  if (at - (departures.get(actor) ?? -Infinity) < lookAgainMs) return;
  departures.set(actor, at);
  await ctx.jobs.enqueue({ kind: 'refresh-actor', payload: { uri: actor }, lane: hostOf(actor) ?? actor });
}
