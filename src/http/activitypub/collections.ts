import { Router } from 'express';
import type { Request } from 'express';
import type { JsonObject } from '../../../federation/ports.js';
import {
  toCollection,
  toOrderedCollection,
  toOrderedCollectionPage,
} from '../../../federation/vocabulary/collection.js';
import { accountsById } from '../../domain/accounts.js';
import { pinnedStatuses } from '../../domain/pins.js';
import { accountStatuses } from '../../domain/timelines.js';
import { instanceActorUri, tagUrl } from '../../domain/urls.js';
import { visibleOf } from '../../domain/visible.js';
import { notFound } from '../../errors.js';
import type { Account } from '../../model/account.js';
import { loadActivities, loadNotes } from '../../outbox/objects/load.js';
import { toNote } from '../../outbox/objects/note.js';
import { actorEndpoints } from '../../outbox/objects/parts.js';
import { sendDocument } from './answer.js';
import { getActive } from './lookup.js';
import { isSet, optionalId, textParam } from './query.js';
import type { Site } from './site.js';
import { viewerOf } from './viewer.js';

const outboxPage = 20;
const followsPage = 40;

type Builder = (account: Account, viewerId: string | null, req: Request) => Promise<JsonObject>;

/** The collections of an actor. Pages are named by `?page=true&max_id=…`, as Mastodon has them. */
export function collectionRoutes(site: Site): Router {
  const router = Router();
  const serve = (path: string, build: Builder): void => {
    router.get(`/users/:name/${path}`, async (req, res) => {
      const account = await getActive(site.ctx, textParam(req, 'name'));
      const viewerId = await viewerOf(site, req, true);
      await refuseBlocked(site, account, viewerId);
      sendDocument(req, res, await build(account, viewerId, req));
    });
  };
  serve('outbox', (account, viewerId, req) => outbox(site, account, { viewerId, req }));
  serve('followers', (account, viewerId, req) =>
    follows(site, account, { side: 'followers', viewerId, req }),
  );
  serve('following', (account, viewerId, req) =>
    follows(site, account, { side: 'following', viewerId, req }),
  );
  serve('collections/featured', (account, viewerId) => featured(site, account, viewerId));
  serve('collections/tags', (account) => featuredTags(site, account));
  router.get('/actor/outbox', async (req, res) => {
    await viewerOf(site, req, true);
    const id = `${instanceActorUri(site.ctx.names)}/outbox`;
    sendDocument(req, res, toOrderedCollection({ id, totalItems: 0, orderedItems: [] }));
  });
  return router;
}

/** @throws AppError 404 for those whom the account blocks */
export async function refuseBlocked({ ctx }: Site, account: Account, viewerId: string | null): Promise<void> {
  const block = viewerId && (await ctx.db.blocks.findOne({ accountId: account._id, targetId: viewerId }));
  if (block) throw notFound();
}

interface Asked {
  viewerId: string | null;
  req: Request;
}

/** What the viewer may see. The number is of what everybody may see: it says nothing about the rest. */
async function outbox(site: Site, account: Account, { viewerId, req }: Asked): Promise<JsonObject> {
  const { outbox: id } = actorEndpoints(account.uri);
  if (!isSet(req, 'page')) {
    const count = (visibility: string): Promise<number> =>
      site.ctx.db.statuses.countDocuments({ accountId: account._id, local: true, visibility });
    const [open, unlisted] = await Promise.all([count('public'), count('unlisted')]);
    return toOrderedCollection({
      id,
      totalItems: open + unlisted,
      first: `${id}?page=true`,
      last: `${id}?page=true&min_id=0`,
    });
  }
  const [maxId, minId] = [optionalId(req, 'max_id'), optionalId(req, 'min_id')];
  const page = { limit: outboxPage, maxId, minId };
  const statuses = await accountStatuses(site.ctx, viewerId, { accountId: account._id, page, options: {} });
  const [newest, oldest] = [statuses[0], statuses.at(-1)];
  const activities = await loadActivities(site.ctx, statuses);
  return toOrderedCollectionPage({
    id: pageId(id, { max_id: maxId, min_id: minId }),
    partOf: id,
    orderedItems: statuses.flatMap((s) => activities.get(s._id) ?? []),
    ...(oldest && { next: pageId(id, { max_id: oldest._id }) }),
    ...(newest && { prev: pageId(id, { min_id: newest._id }) }),
  });
}

type Side = 'followers' | 'following';

/** Those who hide their connections tell the number only; they themselves see them. */
async function follows(
  site: Site,
  account: Account,
  { side, viewerId, req }: Asked & { side: Side },
): Promise<JsonObject> {
  const { ctx } = site;
  const { [side]: id } = actorEndpoints(account.uri);
  const hidden = account.hideCollections && viewerId !== account._id;
  const totalItems = side === 'followers' ? account.followersCount : account.followingCount;
  if (!isSet(req, 'page'))
    return toOrderedCollection({ id, totalItems, ...(!hidden && { first: `${id}?page=true` }) });
  if (hidden) throw notFound();
  const [mine, other] =
    side === 'followers' ? (['targetId', 'accountId'] as const) : (['accountId', 'targetId'] as const);
  const maxId = optionalId(req, 'max_id');
  const filter = {
    [mine]: account._id,
    state: 'accepted',
    ...(maxId !== undefined && { _id: { $lt: maxId } }),
  };
  const found = await ctx.db.follows.find(filter).sort({ _id: -1 }).limit(followsPage).toArray();
  const people = await accountsById(
    ctx,
    found.map((f) => f[other]),
  );
  const shown = found.flatMap((f) => people.get(f[other]) ?? []);
  const last = found.length === followsPage ? found.at(-1) : undefined;
  return toOrderedCollectionPage({
    id: pageId(id, { max_id: maxId }),
    partOf: id,
    totalItems,
    orderedItems: shown.filter((a) => a.deletedAt === null && a.suspendedAt === null).map((a) => a.uri),
    ...(last && { next: pageId(id, { max_id: last._id }) }),
  });
}

async function featured(site: Site, account: Account, viewerId: string | null): Promise<JsonObject> {
  const { ctx } = site;
  const pinned = await visibleOf(ctx, viewerId, await pinnedStatuses(ctx, account._id));
  const facts = await loadNotes(ctx, pinned);
  const orderedItems = pinned.flatMap((status) => {
    const note = facts.get(status._id);
    return note ? [toNote(ctx.names, note)] : [];
  });
  const { featured: id } = actorEndpoints(account.uri);
  return toOrderedCollection({ id, totalItems: orderedItems.length, orderedItems });
}

async function featuredTags(site: Site, account: Account): Promise<JsonObject> {
  const { names, db } = site.ctx;
  const tags = await db.featuredTags.find({ accountId: account._id }).limit(100).toArray();
  const items = tags.map(({ tag, name }) => ({
    type: 'Hashtag',
    href: tagUrl(names, tag),
    name: `#${name}`,
  }));
  return toCollection({ id: actorEndpoints(account.uri).featuredTags, totalItems: items.length, items });
}

function pageId(collection: string, bounds: Record<string, string | undefined>): string {
  const query = new URLSearchParams({ page: 'true' });
  for (const [name, value] of Object.entries(bounds)) if (value !== undefined) query.set(name, value);
  return `${collection}?${query.toString()}`;
}
