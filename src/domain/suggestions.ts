import type { Account } from '../model/account.js';
import { isLimited, type DomainPolicy } from '../policy/domains.js';
import { accountsById } from './accounts.js';
import type { Ctx } from './ctx.js';
import { domainRules } from './domains.js';
import { hiddenFrom } from './relationships.js';

export interface Suggestion {
  account: Account;
  /** Why: people whom the viewer follows follow it, or many people here do. */
  source: 'friends_of_friends' | 'most_followed';
}

const mostFriends = 200;
const mostEdges = 5000;
const mostPopular = 100;

/**
 * Accounts that somebody may want to follow: those that most of its friends follow, then the most followed here. Only
 * accounts that agreed to be discovered, none that it follows, asked, hides or dismissed.
 */
export async function suggestionsFor(ctx: Ctx, who: Account, limit: number): Promise<Suggestion[]> {
  const mine = await ctx.db.follows.find({ accountId: who._id }).sort({ _id: -1 }).limit(mostEdges).toArray();
  const known = new Set([who._id, ...mine.map((f) => f.targetId)]);
  const friends = mine.filter((f) => f.state === 'accepted').map((f) => f.targetId);
  const scores = await friendsOfFriends(ctx, friends.slice(0, mostFriends), known);
  const popular = await ctx.db.accounts
    .find({ discoverable: true, domain: null })
    .sort({ lastStatusAt: -1 })
    .limit(mostPopular)
    .toArray();
  const near = await accountsById(ctx, [...scores.keys()]);
  const candidates = new Map([...near.values(), ...popular].map((a) => [a._id, a]));
  const dismissed = await ctx.db.suggestionDismissals.find({ accountId: who._id }).limit(mostEdges).toArray();
  for (const id of [...known, ...dismissed.map((d) => d.targetId)]) candidates.delete(id);
  const hidden = await hiddenFrom(ctx, who._id, [...candidates.values()]);
  const rules = await domainRules(ctx);
  const wanted = [...candidates.values()].filter((a) => isSuggestible(a, rules) && !hidden.has(a._id));
  const score = (a: Account): number => scores.get(a._id) ?? 0;
  return wanted
    .sort((a, b) => score(b) - score(a) || b.followersCount - a.followersCount)
    .slice(0, limit)
    .map((account) => ({ account, source: score(account) > 0 ? 'friends_of_friends' : 'most_followed' }));
}

/** How many friends follow each account, the most followed first. */
async function friendsOfFriends(
  ctx: Ctx,
  friends: readonly string[],
  known: ReadonlySet<string>,
): Promise<Map<string, number>> {
  if (!friends.length) return new Map();
  const edges = await ctx.db.follows
    .find({ accountId: { $in: [...friends] }, state: 'accepted' })
    .limit(mostEdges)
    .toArray();
  const counts = new Map<string, number>();
  for (const { targetId } of edges)
    if (!known.has(targetId)) counts.set(targetId, (counts.get(targetId) ?? 0) + 1);
  return new Map([...counts].sort((a, b) => b[1] - a[1]).slice(0, mostPopular));
}

function isSuggestible(account: Account, rules: DomainPolicy): boolean {
  return (
    account.discoverable === true &&
    account.movedToId === null &&
    account.suspendedAt === null &&
    !isLimited(rules, account) &&
    account.deletedAt === null
  );
}

/** Does not suggest an account again. */
export async function dismissSuggestion(ctx: Ctx, who: Account, targetId: string): Promise<void> {
  await ctx.db.suggestionDismissals.updateOne(
    { accountId: who._id, targetId },
    { $setOnInsert: { _id: ctx.ids.next() } },
    { upsert: true },
  );
}

/** People who agreed to be listed: the latest active, or the newest first. */
export async function directory(
  ctx: Ctx,
  viewerId: string | null,
  options: { order: 'active' | 'new'; local: boolean; limit: number; offset: number },
): Promise<Account[]> {
  const filter = { discoverable: true, ...(options.local && { domain: null }) };
  const sort = options.order === 'new' ? ({ _id: -1 } as const) : ({ lastStatusAt: -1 } as const);
  const found = await ctx.db.accounts
    .find(filter)
    .sort(sort)
    .skip(options.offset)
    .limit(options.limit)
    .toArray();
  const rules = await domainRules(ctx);
  const listed = found.filter((a) => isSuggestible(a, rules) && a.actorType !== 'Application');
  const hidden = viewerId ? await hiddenFrom(ctx, viewerId, listed) : new Set<string>();
  return listed.filter((a) => !hidden.has(a._id));
}
