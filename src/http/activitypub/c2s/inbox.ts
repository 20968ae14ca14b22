import type { Request, Response } from 'express';
import type { JsonObject } from '../../../../federation/ports.js';
import { toActivity } from '../../../../federation/vocabulary/build.js';
import {
  toOrderedCollection,
  toOrderedCollectionPage,
} from '../../../../federation/vocabulary/collection.js';
import { accountsById } from '../../../domain/accounts.js';
import { homeTimeline } from '../../../domain/home.js';
import type { Account } from '../../../model/account.js';
import type { Status } from '../../../model/status.js';
import { loadActivities } from '../../../outbox/objects/load.js';
import { actorEndpoints, toWireTime } from '../../../outbox/objects/parts.js';
import { sendDocument } from '../answer.js';
import { isSet, optionalId } from '../query.js';
import type { Site } from '../site.js';

const pageSize = 20;

/**
 * What reached an account, newest first: the home timeline as activities. Those of local accounts stand in full; those of
 * others name their object, which `proxyUrl` fetches from its origin.
 */
export async function homeInbox(
  site: Site,
  req: Request,
  { res, who }: { res: Response; who: Account },
): Promise<void> {
  const { inbox: id } = actorEndpoints(who.uri);
  const document = isSet(req, 'page')
    ? await inboxPage(site, req, who)
    : toOrderedCollection({ id, first: `${id}?page=true` });
  sendDocument(req, res, document, { personal: true });
}

async function inboxPage({ ctx }: Site, req: Request, who: Account): Promise<JsonObject> {
  const { inbox: id } = actorEndpoints(who.uri);
  const maxId = optionalId(req, 'max_id');
  const statuses = await homeTimeline(ctx, who._id, { limit: pageSize, maxId });
  const authors = await accountsById(
    ctx,
    statuses.map((s) => s.accountId),
  );
  const shown = await shownUris(ctx, statuses);
  const local = await loadActivities(
    ctx,
    statuses.filter((s) => s.local),
  );
  const toItem = (status: Status): JsonObject | undefined => {
    const author = authors.get(status.accountId);
    return status.local ? local.get(status._id) : author && toRemoteActivity(status, author, shown);
  };
  const orderedItems = statuses.flatMap((status) => toItem(status) ?? []);
  const last = statuses.at(-1);
  return toOrderedCollectionPage({
    id: `${id}?page=true${maxId === undefined ? '' : `&max_id=${maxId}`}`,
    partOf: id,
    orderedItems,
    ...(last && { next: `${id}?page=true&max_id=${last._id}` }),
  });
}

async function shownUris(ctx: Site['ctx'], statuses: readonly Status[]): Promise<Map<string, string>> {
  const ids = statuses.flatMap((s) => s.reblogOfId ?? []);
  const found = ids.length ? await ctx.db.statuses.find({ _id: { $in: ids } }).toArray() : [];
  return new Map(found.map((s) => [s._id, s.uri]));
}

/** A Create of another server has an id that we did not keep: it is transient here. */
function toRemoteActivity(status: Status, author: Account, shown: ReadonlyMap<string, string>): JsonObject {
  const isReblog = status.reblogOfId !== null;
  return toActivity({
    id: isReblog ? status.uri : null,
    type: isReblog ? 'Announce' : 'Create',
    actor: author.uri,
    object: shown.get(status.reblogOfId ?? '') ?? status.uri,
    published: toWireTime(status.createdAt),
  });
}
