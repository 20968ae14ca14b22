import { createFollowersDigest, type FollowersDigest } from '../../federation/followers/digest.js';
import { parseHttp } from '../../federation/vocabulary/iris.js';
import type { Account } from '../model/account.js';
import type { Ctx } from './ctx.js';

/** Followers are read in pages of this size. */
const pageSize = 1000;
/** Accounts with more followers are not compared: each look at a part of them reads them all. */
const mostFollowers = 50_000;

/** Scheme, host and port of an id: what decides whose it is (FEP-8fcf). Null for one that is no http(s) URL. */
export const originOf = (uri: string): string | null => parseHttp(uri)?.origin ?? null;

/** The accepted followers of an account whose ids begin with this origin; null: too many to compare. */
export async function followersAt(
  ctx: Ctx,
  account: Account,
  origin: string | null,
): Promise<Account[] | null> {
  if (account.followersCount > mostFollowers) return null;
  const found: Account[] = [];
  for await (const follower of followersOf(ctx, account._id)) {
    if (originOf(follower.uri) === origin) found.push(follower);
    if (found.length > ctx.settings.collectionItems) return null;
  }
  return found;
}

/** The digest of an account's accepted followers of each origin; null: too many to compare. */
export async function followersDigests(
  ctx: Ctx,
  account: Account,
): Promise<ReadonlyMap<string, string> | null> {
  if (account.followersCount > mostFollowers) return null;
  const parts = new Map<string, { digest: FollowersDigest; size: number }>();
  for await (const { uri } of followersOf(ctx, account._id)) {
    const origin = originOf(uri) ?? '';
    const part = parts.get(origin) ?? { digest: createFollowersDigest(), size: 0 };
    part.digest.add(uri);
    part.size += 1;
    parts.set(origin, part);
  }
  if ([...parts.values()].some(({ size }) => size > ctx.settings.collectionItems)) return null;
  return new Map([...parts].map(([origin, { digest }]) => [origin, digest.hex()]));
}

async function* followersOf(ctx: Ctx, targetId: string): AsyncGenerator<Account> {
  for (let after = ''; ;) {
    const filter = { targetId, state: 'accepted', _id: { $gt: after } };
    const page = await ctx.db.follows.find(filter).sort({ _id: 1 }).limit(pageSize).toArray();
    const last = page.at(-1);
    if (!last) return;
    yield* await ctx.db.accounts.find({ _id: { $in: page.map((f) => f.accountId) } }).toArray();
    if (page.length < pageSize) return;
    after = last._id;
  }
}
