import { Router } from 'express';
import type { Request } from 'express';
import type { JsonObject } from '../../../federation/ports.js';
import { parseActivity, type RemoteActivity } from '../../../federation/vocabulary/activity.js';
import { instanceActorUri } from '../../domain/urls.js';
import { notFound } from '../../errors.js';
import type { Account } from '../../model/account.js';
import type { OutActivity } from '../../model/work.js';
import { isOpen } from '../../outbox/audience.js';
import { loadActivities } from '../../outbox/objects/load.js';
import { toQuoteAuthorization } from '../../outbox/objects/quotes.js';
import { sendDocument } from './answer.js';
import { findByIdText, getActive, getSeen, pathOf, throwIfBuried } from './lookup.js';
import { ownUris } from './own-hosts.js';
import { textParam } from './query.js';
import type { Site } from './site.js';
import { viewerOf, viewerOfStatus } from './viewer.js';

/** Activities that can be fetched under their id, and stamps of consent to quotes. */
export function activityRoutes(site: Site): Router {
  const router = Router();
  router.get('/users/:name/activities/:id', async (req, res) => {
    const account = await getActive(site.ctx, textParam(req, 'name'));
    const [kind, id] = splitLast(textParam(req, 'id'));
    const shown =
      kind === 'announce' ? await announce(site, req, { account, id }) : await sent(site, req, account);
    sendDocument(req, res, shown.document, { personal: !shown.open });
  });
  router.get('/actor/activities/:id', async (req, res) => {
    const instance = await site.ctx.db.accounts.findOne({ uri: instanceActorUri(site.ctx.names) });
    if (!instance) throw notFound();
    const shown = await sent(site, req, instance);
    sendDocument(req, res, shown.document, { personal: !shown.open });
  });
  router.get('/users/:name/quote_authorizations/:id', async (req, res) => {
    const account = await getActive(site.ctx, textParam(req, 'name'));
    sendDocument(req, res, await stamp(site, req, account));
  });
  return router;
}

interface Shown {
  document: JsonObject;
  open: boolean;
}

async function announce(
  site: Site,
  req: Request,
  { account, id }: { account: Account; id: string },
): Promise<Shown> {
  const wrapper = await findByIdText(site, id);
  if (wrapper?.accountId !== account._id || pathOf(wrapper.uri) !== req.path) {
    await throwIfBuried(site, req.path);
    throw notFound();
  }
  const seen = await getSeen(site, await viewerOfStatus(site, req, wrapper), wrapper);
  const document = (await loadActivities(site.ctx, [seen])).get(seen._id);
  if (!document) throw notFound();
  return { document, open: isOpen(seen) };
}

/** One that was sent, as it was. What was taken back since is not shown any more. */
async function sent(site: Site, req: Request, account: Account): Promise<Shown> {
  const { db } = site.ctx;
  const uris = await ownUris(site.ctx, site.hosts, req.path);
  const stored = await db.activities.findOne({ uri: { $in: uris } });
  if (stored?.accountId !== account._id || !(await stillStands(site, stored))) throw notFound();
  const document = JSON.parse(stored.body) as JsonObject;
  const viewerId = await viewerOf(site, req, stored.public);
  if (!stored.public && !(await isParty(site, viewerId, document))) throw notFound();
  return { document, open: stored.public };
}

async function stillStands({ ctx }: Site, { type, uri }: OutActivity): Promise<boolean> {
  if (type === 'Like') return (await ctx.db.favourites.findOne({ uri })) !== null;
  if (type === 'Follow') return (await ctx.db.follows.findOne({ uri })) !== null;
  if (type === 'Block') return (await ctx.db.blocks.findOne({ uri })) !== null;
  return true;
}

/** Its author, or somebody whom it was addressed to. */
async function isParty({ ctx }: Site, viewerId: string | null, document: JsonObject): Promise<boolean> {
  const viewer = viewerId === null ? null : await ctx.db.accounts.findOne({ _id: viewerId });
  if (!viewer) return false;
  const activity = parseActivity(document);
  if ('invalid' in activity) return false;
  return partiesOf(activity).includes(viewer.uri);
}

const partiesOf = ({ actor, to, cc, object }: RemoteActivity): string[] => [
  actor,
  ...to,
  ...cc,
  ...(object === null ? [] : [object]),
];

/** @throws AppError 404 for one that does not stand, or is about something that the viewer may not see */
async function stamp(site: Site, req: Request, account: Account): Promise<JsonObject> {
  const { ctx } = site;
  const approval = await ctx.db.quoteApprovals.findOne({ _id: textParam(req, 'id') });
  if (approval?.accountId !== account._id || approval.revokedAt) throw notFound();
  const quoted = await ctx.db.statuses.findOne({ _id: approval.statusId });
  if (!quoted) throw notFound();
  await getSeen(site, await viewerOfStatus(site, req, quoted), quoted);
  return toQuoteAuthorization(account, approval, quoted.uri);
}

function splitLast(name: string): [kind: string, id: string] {
  const at = name.lastIndexOf('-');
  return at < 0 ? [name, ''] : [name.slice(0, at), name.slice(at + 1)];
}
