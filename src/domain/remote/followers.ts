import { followersDigest } from '../../../federation/followers/digest.js';
import type { FollowersSummary } from '../../../federation/followers/header.js';
import { sameOrigin } from '../../../federation/inbox/origin.js';
import type { JsonObject } from '../../../federation/ports.js';
import { parseCollection, type RemoteCollection } from '../../../federation/vocabulary/collection.js';
import type { Account } from '../../model/account.js';
import type { Ctx } from '../ctx.js';
import { publish } from '../events.js';
import { acceptFollow, unfollow } from '../follows.js';
import { followersAt, originOf } from '../partial-followers.js';
import { isSuspendedHere } from '../relationships.js';
import { activityUri } from '../urls.js';

const mostPages = 10;
/** Ids are looked up in batches of this size. */
const batchSize = 500;
/** So many follows that we know nothing of are taken back at once; the next time, more. */
const mostUndone = 200;

interface Drift {
  actor: Account;
  /** The local followers that we know of. */
  known: Account[];
}

/**
 * Compares what another server says about the followers of one of its actors here with what we know (FEP-8fcf). Null where
 * both agree, and where the actor may not say this: another collection than its own, a URL on another host.
 */
export async function findDrift(
  ctx: Ctx,
  actorUri: string,
  { collectionId, url, digest }: FollowersSummary,
): Promise<Drift | null> {
  const actor = await ctx.db.accounts.findOne({ uri: actorUri });
  if (!actor?.remote || actor.domain === null || actor.remote.followersUri !== collectionId) return null;
  if (!sameOrigin(url, actor.uri) || (await isSuspendedHere(ctx, actor))) return null;
  const known = await followersAt(ctx, actor, originOf(ctx.names.origin));
  if (!known || followersDigest(known.map((a) => a.uri)) === digest) return null;
  return { actor, known };
}

/**
 * Mends what differs, as Mastodon does. Whom the other server does not list stops following; a request that it lists was
 * accepted; a follow that nobody here knows of is taken back there. Nothing is done unless the list fits the digest that the
 * actor signed and names nobody but accounts of this server.
 */
export async function synchroniseFollowers(
  ctx: Ctx,
  actorUri: string,
  summary: FollowersSummary,
): Promise<void> {
  const drift = await findDrift(ctx, actorUri, summary);
  const listed = drift && (await fetchListed(ctx, summary.url));
  if (!drift || !listed) return;
  const ours = originOf(ctx.names.origin);
  if ([...listed].some((uri) => originOf(uri) !== ours) || followersDigest(listed) !== summary.digest) {
    ctx.log.info({ actor: actorUri }, 'a list of followers does not fit what was said about it');
    return;
  }
  const { actor, known } = drift;
  for (const follower of known) if (!listed.has(follower.uri)) await unfollow(ctx, follower._id, actor._id);
  const expected = new Set(known.map((a) => a.uri));
  await settleUnexpected(
    ctx,
    actor,
    [...listed].filter((uri) => !expected.has(uri)),
  );
}

async function settleUnexpected(ctx: Ctx, actor: Account, uris: readonly string[]): Promise<void> {
  let undone = 0;
  for (let at = 0; at < uris.length; at += batchSize) {
    const batch = { uri: { $in: uris.slice(at, at + batchSize) } };
    for (const account of await ctx.db.accounts.find(batch).toArray()) {
      if (account.domain !== null || account.deletedAt !== null || undone === mostUndone) continue;
      const follow = await ctx.db.follows.findOne({ accountId: account._id, targetId: actor._id });
      if (follow) await acceptFollow(ctx, account._id, actor._id);
      else {
        undone += 1;
        await disown(ctx, account, actor);
      }
    }
  }
}

/** Takes back a follow of which we do not know the id: the other side finds it by who follows whom. */
function disown(ctx: Ctx, account: Account, actor: Account): Promise<void> {
  return publish(ctx, {
    type: 'follow.undone',
    accountId: account._id,
    targetId: actor._id,
    uri: activityUri(account.uri, 'follow', ctx.ids.next()),
    wasAccepted: false,
  });
}

/** The ids in a collection and its pages, all of one host; null when it cannot be had whole, or is too large. */
async function fetchListed(ctx: Ctx, url: string): Promise<ReadonlySet<string> | null> {
  const ids = new Set<string>();
  const most = ctx.settings.collectionItems;
  let next: string | JsonObject | null = url;
  for (let pages = 0; next !== null; pages++) {
    const document: JsonObject | null = pages > mostPages ? null : await fetchPage(ctx, next, url);
    const page: RemoteCollection | null = document && parseCollection(document, most + 1);
    if (!page) return null;
    for (const item of page.items) {
      if (typeof item !== 'string') return null;
      ids.add(item);
    }
    if (ids.size > most) return null;
    next = page.next;
  }
  return ids;
}

async function fetchPage(ctx: Ctx, page: string | JsonObject, from: string): Promise<JsonObject | null> {
  if (typeof page !== 'string') return page;
  if (!sameOrigin(page, from)) return null;
  const loaded = await ctx.documents.load(page);
  return loaded.outcome === 'ok' && sameOrigin(loaded.url, from) ? loaded.document : null;
}
