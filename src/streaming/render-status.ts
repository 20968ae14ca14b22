import { domainRules } from '../domain/domains.js';
import { isLimited } from '../policy/domains.js';
import { toStatus } from '../api/entities/statuses.js';
import { viewOf } from '../api/entities/view.js';
import { accountsById } from '../domain/accounts.js';
import type { Ctx } from '../domain/ctx.js';
import { loadStatuses } from '../domain/facts/statuses.js';
import { hiddenBy } from '../domain/home-recipients.js';
import { visibleOf } from '../domain/visible.js';
import type { Account } from '../model/account.js';
import type { Status } from '../model/status.js';
import { isActive } from '../policy/filters.js';
import { canSee } from '../policy/visibility.js';
import type { Audience, Renderer } from './render.js';

/**
 * A status as each of the audience may see it. What has just begun nobody has favourited or voted on: one rendering
 * serves all but those whose view differs. The number of queries does not depend on how many those others are.
 */
export async function createStatusRenderer(
  ctx: Ctx,
  { status, fresh, audience }: { status: Status; fresh: boolean; audience: readonly Audience[] },
): Promise<Renderer> {
  const viewers = [...new Set(audience.map((a) => a.viewerId))];
  const publicViewers = [...new Set(audience.flatMap((a) => (a.isPublic ? [a.viewerId] : [])))];
  const wanted = await publicAudience(ctx, publicViewers, status);
  const special = fresh && isShareable(status) ? await withOwnView(ctx, viewers, status) : new Set(viewers);
  let shared: Promise<string> | null = null;
  const own = async (viewerId: string): Promise<string> => {
    const facts = await loadStatuses(ctx, viewerId, [status]);
    return JSON.stringify(toStatus(viewOf(ctx, viewerId), facts, status));
  };
  const forAll = async (viewerId: string): Promise<string> => {
    // The marks of nobody, so that those of whoever comes first are not shown to the others.
    const facts = await loadStatuses(ctx, null, [status]);
    return JSON.stringify(toStatus(viewOf(ctx, viewerId), facts, status));
  };
  return {
    async payload(viewerId, isPublic) {
      if (isPublic && !wanted.has(viewerId)) return null;
      if (!fresh && !(await visibleOf(ctx, viewerId, [status])).length) return null;
      return special.has(viewerId) ? own(viewerId) : (shared ??= forAll(viewerId));
    },
  };
}

function isShareable(status: Status): boolean {
  return status.reblogOfId === null && status.quote === null && status.quotePolicy !== 'followers';
}

/** Those to whom a fresh status looks different: its author, and who filters or has muted the thread. */
async function withOwnView(ctx: Ctx, viewers: string[], status: Status): Promise<Set<string>> {
  const [filters, mutes] = await Promise.all([
    ctx.db.filters.find({ accountId: { $in: viewers } }).toArray(),
    ctx.db.threadMutes.find({ accountId: { $in: viewers }, conversationId: status.conversationId }).toArray(),
  ]);
  const at = ctx.clock.now().toISOString();
  const filtering = filters.filter((f) => isActive(f, at)).map((f) => f.accountId);
  return new Set([status.accountId, ...filtering, ...mutes.map((m) => m.accountId)]);
}

/** Of these viewers, those who want a status on a public stream: as the public timelines, and no mention of the hidden. */
async function publicAudience(ctx: Ctx, viewers: string[], status: Status): Promise<Set<string>> {
  if (!viewers.length || status.visibility !== 'public') return new Set();
  const author = (await accountsById(ctx, [status.accountId])).get(status.accountId);
  if (!author || isLimited(await domainRules(ctx), author)) return new Set();
  const [hides, elsewhere] = await Promise.all([
    hiddenBy(ctx, viewers, { status, shown: status }),
    refusingDomain(ctx, viewers, author),
  ]);
  const authorSuspended = author.suspendedAt !== null || author.deletedAt !== null;
  const isWanted = (viewerId: string): boolean => {
    const hidden = hides(viewerId);
    const blockedByAuthor = hidden.has(author._id);
    if (!canSee(status, { viewerId, follows: false, blockedByAuthor, authorSuspended })) return false;
    return viewerId === author._id || (!hidden.size && !elsewhere.has(viewerId));
  };
  return new Set(viewers.filter(isWanted));
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
