import { domainRules } from '../domain/domains.js';
import { isLimited } from '../policy/domains.js';
import { toStatus } from '../api/entities/statuses.js';
import { viewOf } from '../api/entities/view.js';
import { accountsById } from '../domain/accounts.js';
import type { Ctx } from '../domain/ctx.js';
import { loadStatusForMany } from '../domain/facts/one-for-many.js';
import type { StatusFacts } from '../domain/facts/statuses.js';
import { hiddenBy } from '../domain/home-recipients.js';
import { viewersOf } from '../domain/visible.js';
import type { Account } from '../model/account.js';
import type { FilterContext } from '../model/filters.js';
import type { Status } from '../model/status.js';
import { isLeftOut } from '../policy/filters.js';
import type { Audience, Renderer } from './render.js';

/**
 * A status as each of the audience may see it: not of those whom they hide, nor what their filters leave out. One
 * rendering serves all whose view of it is the same. The number of queries does not depend on how many they are.
 */
export async function createStatusRenderer(
  ctx: Ctx,
  status: Status,
  audience: readonly Audience[],
): Promise<Renderer> {
  const viewers = [...new Set(audience.map((a) => a.viewerId))];
  const publicViewers = [...new Set(audience.flatMap((a) => (a.isPublic ? [a.viewerId] : [])))];
  const [seeing, factsOf] = await Promise.all([
    viewersOf(ctx, viewers, status),
    loadStatusForMany(ctx, viewers, status),
  ]);
  const shown = await shownOf(ctx, status);
  const [hides, wanted] = await Promise.all([
    hiddenBy(ctx, viewers, { status, shown }),
    publicAudience(ctx, publicViewers, status),
  ]);
  let forAll: string | null = null;
  return {
    async payload(viewerId, isPublic) {
      if (!seeing.has(viewerId) || (isPublic && !wanted.has(viewerId))) return null;
      if (viewerId !== status.accountId && hides(viewerId).size) return null;
      const { facts, shared } = await factsOf(viewerId);
      if (!facts.statuses.length || isFilteredOut(facts, shown, isPublic ? 'public' : 'home')) return null;
      const render = (): string => JSON.stringify(toStatus(viewOf(ctx, viewerId), facts, status));
      return shared ? (forAll ??= render()) : render();
    },
  };
}

async function shownOf(ctx: Ctx, status: Status): Promise<Status> {
  if (status.reblogOfId === null) return status;
  return (await ctx.db.statuses.findOne({ _id: status.reblogOfId })) ?? status;
}

/** True when a filter of the viewer leaves it out of such a place. */
export function isFilteredOut({ filtered }: StatusFacts, shown: Status, place: FilterContext): boolean {
  return isLeftOut(filtered.get(shown._id) ?? [], place);
}

/** Of these viewers, those who want a status on a public stream, as on the public timelines. */
async function publicAudience(ctx: Ctx, viewers: string[], status: Status): Promise<Set<string>> {
  if (!viewers.length || status.visibility !== 'public') return new Set();
  const author = (await accountsById(ctx, [status.accountId])).get(status.accountId);
  if (!author || isLimited(await domainRules(ctx), author)) return new Set();
  const elsewhere = await refusingDomain(ctx, viewers, author);
  return new Set(viewers.filter((id) => id === author._id || !elsewhere.has(id)));
}

/** Who blocks the author's domain, and does not follow the author all the same. */
async function refusingDomain(ctx: Ctx, viewers: string[], author: Account): Promise<Set<string>> {
  if (author.domain === null) return new Set();
  const [blocks, follows] = await Promise.all([
    ctx.db.userDomainBlocks.find({ accountId: { $in: viewers }, domain: author.domain }).toArray(),
    ctx.db.follows.find({ accountId: { $in: viewers }, targetId: author._id }).toArray(),
  ]);
  const following = new Set(follows.map((f) => f.accountId));
  return new Set(blocks.map((b) => b.accountId).filter((id) => !following.has(id)));
}
