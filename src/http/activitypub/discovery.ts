import { Router } from 'express';
import type { Request, Response } from 'express';
import { toHostMetaJson, toHostMetaXml } from '../../../federation/discovery/host-meta.js';
import { nodeinfoType, toNodeinfo, toNodeinfoDiscovery } from '../../../federation/discovery/nodeinfo.js';
import { parseResource, toWebfinger, type Resource } from '../../../federation/discovery/webfinger.js';
import { software } from '../../config/software.js';
import { findLocalAccount } from '../../domain/accounts.js';
import type { Ctx } from '../../domain/ctx.js';
import { cachedFor, getInstance, loadInstanceStats } from '../../domain/instance.js';
import { findOwnAccount } from '../../domain/remote/own.js';
import { actorUri, instanceActorUri, instanceUsername, mediaUrl, profileUrl } from '../../domain/urls.js';
import { badRequest, gone, notFound } from '../../errors.js';
import type { Account } from '../../model/account.js';
import { pictureType } from '../../outbox/objects/parts.js';
import { messagePage } from '../../web/layout.js';
import { sendBytes, sendJson, sendTagged, toRendered, type Rendered } from '../bytes.js';
import { queryOf } from '../params.js';
import { sendPage } from './answer.js';

const keepSeconds = 3 * 86_400;
const statsMs = 5 * 60_000;

/** WebFinger, host-meta, NodeInfo. CORS is the application's (http/cors.ts). */
export function discoveryRoutes(ctx: Ctx): Router {
  const router = Router();
  const { origin } = ctx.names;
  const cached = (res: Response): Response => {
    res.setHeader('Cache-Control', `public, max-age=${keepSeconds}`);
    return res;
  };
  const describe = once((account: Account) => toRendered(toDescriptor(ctx, account)));
  router.get('/.well-known/webfinger', async (req, res) => {
    const account = await getResource(ctx, queryOf(req)['resource']);
    sendTagged(req, cached(res), describe(account), 'application/jrd+json; charset=utf-8');
  });
  router.get('/.well-known/host-meta.json', (_req, res) => {
    sendJson(cached(res), toHostMetaJson(origin));
  });
  router.get('/.well-known/host-meta', (req, res) => {
    cached(res).vary('Accept');
    if (req.accepts(['application/xrd+xml', 'application/xml', 'application/json']) === 'application/json')
      return sendJson(res, toHostMetaJson(origin));
    sendBytes(res, Buffer.from(toHostMetaXml(origin)), { type: 'application/xrd+xml; charset=utf-8' });
  });
  router.get('/.well-known/nodeinfo', (_req, res) => {
    const links = toNodeinfoDiscovery({ origin, instanceActorUri: instanceActorUri(ctx.names) });
    sendJson(cached(res), links);
  });
  const figures = cachedFor(ctx, statsMs, () => loadFigures(ctx));
  const nodeinfo = {
    '2.0': once((found: Figures) => toRendered(toNodeinfo('2.0', found))),
    '2.1': once((found: Figures) => toRendered(toNodeinfo('2.1', found))),
  };
  for (const version of ['2.0', '2.1'] as const) {
    router.get(`/nodeinfo/${version}`, async (req, res) => {
      res.setHeader('Cache-Control', `public, max-age=${statsMs / 1000}`);
      sendTagged(req, res, nodeinfo[version](await figures()), nodeinfoType(version));
    });
  }
  router.get('/authorize_interaction', (req, res) => sendPage(req, res, { html: subscribePage(ctx, req) }));
  return router;
}

/** Makes something of an object once, for as long as that very object is handed out; it must not change. */
function once<K extends object>(make: (source: K) => Rendered): (source: K) => Rendered {
  const made = new WeakMap<K, Rendered>();
  return (source) => {
    const known = made.get(source) ?? make(source);
    // One that may still be changed by somebody is made anew.
    if (Object.isFrozen(source)) made.set(source, known);
    return known;
  };
}

/** @throws AppError 400 malformed, 404 nobody here, 410 gone */
async function getResource(ctx: Ctx, asked: unknown): Promise<Account> {
  const resource = typeof asked === 'string' ? parseResource(asked) : null;
  if (!resource) throw badRequest('The resource parameter is missing or malformed');
  const account = await findResource(ctx, resource);
  if (!account || account.domain !== null) throw notFound('There is nobody of that name here');
  if (account.deletedAt !== null || account.suspendedAt !== null) throw gone();
  return account;
}

async function findResource(ctx: Ctx, resource: Resource): Promise<Account | null> {
  if (resource.kind === 'url') return (await findOwnAccount(ctx, resource.url)) ?? null;
  const { username, domain } = resource;
  if (domain !== ctx.names.handleDomain && !ctx.names.isOwn(domain)) return null;
  const person = await findLocalAccount(ctx, username);
  if (person || username.toLowerCase() !== instanceUsername(ctx.names)) return person;
  return ctx.db.accounts.findOne({ uri: instanceActorUri(ctx.names) });
}

function toDescriptor(ctx: Ctx, account: Account) {
  const { names } = ctx;
  const { username, avatar, actorType } = account;
  const type = avatar?.path ? pictureType(avatar.path) : null;
  const aliases = actorType === 'Application' ? [] : [actorUri(names, username), profileUrl(names, username)];
  return toWebfinger({
    username,
    domain: names.handleDomain,
    actorUri: account.uri,
    profileUrl: account.url,
    aliases,
    subscribeTemplate: `${names.origin}/authorize_interaction?uri={uri}`,
    ...(avatar?.path && type && { avatar: { url: mediaUrl(names, avatar.path), mediaType: type } }),
  });
}

type Figures = Awaited<ReturnType<typeof loadFigures>>;

async function loadFigures(ctx: Ctx) {
  const [stats, instance, activeHalfyear] = await Promise.all([
    loadInstanceStats(ctx),
    getInstance(ctx),
    countActive(ctx, 180),
  ]);
  return Object.freeze({
    software: { name: software.name, version: software.version },
    openRegistrations: ctx.settings.registrations !== 'closed',
    usage: {
      users: stats.users,
      activeMonth: stats.activeMonth,
      activeHalfyear,
      localPosts: stats.localStatuses,
    },
    metadata: {
      nodeName: instance.title,
      nodeDescription: instance.shortDescription,
      // Clients that know servers by name know this one by its API.
      upstream: { name: 'mastodon', version: software.mastodonVersion },
    },
  });
}

/** How many people used a client within these days. */
async function countActive(ctx: Ctx, days: number): Promise<number> {
  const since = new Date(ctx.clock.now().getTime() - days * 86_400_000).toISOString();
  const tokens = await ctx.db.accessTokens.find({ lastUsedAt: { $gte: since } }).toArray();
  return new Set(tokens.flatMap((t) => t.userId ?? [])).size;
}

/** Where other servers send people who want to follow or answer from here (the subscribe template). */
function subscribePage(ctx: Ctx, req: Request): string {
  const { uri } = queryOf(req);
  const named = typeof uri === 'string' ? uri.slice(0, 500) : '';
  return messagePage(ctx, {
    title: 'Open it in your app',
    text: `To follow or answer, sign in to ${ctx.names.handleDomain} with your app and paste this into its search: ${named}`,
  });
}
