import { isLimited, isShutOut } from '../policy/domains.js';
import type { Account } from '../model/account.js';
import type { Block, Follow, Mute } from '../model/relations.js';
import { now, type Ctx } from './ctx.js';
import { domainRules } from './domains.js';

/** How one account stands to another, both ways. */
export interface Relationship {
  follow: Follow | null;
  followedBy: Follow | null;
  block: Block | null;
  blockedBy: Block | null;
  mute: Mute | null;
  domainBlocked: boolean;
  endorsed: boolean;
  note: string;
}

/** Relationships of `viewerId` to each of `targets`: eight queries, however many targets. */
export async function relationshipsOf(
  ctx: Ctx,
  viewerId: string,
  targets: readonly Account[],
): Promise<Map<string, Relationship>> {
  const ids = targets.map((t) => t._id);
  const there = { accountId: viewerId, targetId: { $in: ids } };
  const back = { accountId: { $in: ids }, targetId: viewerId };
  const domains = [...new Set(targets.flatMap((t) => t.domain ?? []))];
  const [follows, followedBy, blocks, blockedBy, mutes, blockedDomains, notes, endorsements] =
    await Promise.all([
      ctx.db.follows.find(there).toArray(),
      ctx.db.follows.find(back).toArray(),
      ctx.db.blocks.find(there).toArray(),
      ctx.db.blocks.find(back).toArray(),
      ctx.db.mutes.find(there).toArray(),
      ctx.db.userDomainBlocks.find({ accountId: viewerId, domain: { $in: domains } }).toArray(),
      ctx.db.accountNotes.find(there).toArray(),
      ctx.db.endorsements.find(there).toArray(),
    ]);
  const to = <T extends { targetId: string }>(list: T[]) => new Map(list.map((x) => [x.targetId, x]));
  const from = <T extends { accountId: string }>(list: T[]) => new Map(list.map((x) => [x.accountId, x]));
  const [f, fb, b, bb, m, n] = [
    to(follows),
    from(followedBy),
    to(blocks),
    from(blockedBy),
    to(mutes),
    to(notes),
  ];
  const endorsed = new Set(endorsements.map((e) => e.targetId));
  const hiddenDomains = new Set(blockedDomains.map((d) => d.domain));
  return new Map(
    targets.map((t) => [
      t._id,
      {
        follow: f.get(t._id) ?? null,
        followedBy: fb.get(t._id) ?? null,
        block: b.get(t._id) ?? null,
        blockedBy: bb.get(t._id) ?? null,
        mute: activeMute(ctx, m.get(t._id)),
        domainBlocked: t.domain !== null && hiddenDomains.has(t.domain),
        endorsed: endorsed.has(t._id),
        note: n.get(t._id)?.comment ?? '',
      },
    ]),
  );
}

function activeMute(ctx: Ctx, mute: Mute | undefined): Mute | null {
  if (!mute || (mute.expiresAt !== null && mute.expiresAt <= now(ctx))) return null;
  return mute;
}

/** True when either blocks the other. */
export async function isBlockedEitherWay(ctx: Ctx, a: string, b: string): Promise<boolean> {
  const [one, other] = await Promise.all([
    ctx.db.blocks.findOne({ accountId: a, targetId: b }),
    ctx.db.blocks.findOne({ accountId: b, targetId: a }),
  ]);
  return one !== null || other !== null;
}

/**
 * Of `candidates`, those that `viewerId` must not be shown: blocked either way, muted, or on a domain it blocks (unless
 * it follows them). Three queries, or two more where domains come into it.
 */
export async function hiddenFrom(
  ctx: Ctx,
  viewerId: string,
  candidates: readonly Account[],
): Promise<Set<string>> {
  const others = candidates.filter((a) => a._id !== viewerId);
  if (!others.length) return new Set();
  const ids = others.map((a) => a._id);
  const there = { accountId: viewerId, targetId: { $in: ids } };
  const [blocks, blockedBy, mutes, byDomain] = await Promise.all([
    ctx.db.blocks.find(there).toArray(),
    ctx.db.blocks.find({ accountId: { $in: ids }, targetId: viewerId }).toArray(),
    ctx.db.mutes.find(there).toArray(),
    hiddenByDomain(ctx, viewerId, others),
  ]);
  const active = mutes.filter((m) => activeMute(ctx, m) !== null);
  return new Set([
    ...[...blocks, ...active].map((edge) => edge.targetId),
    ...blockedBy.map((b) => b.accountId),
    ...byDomain,
  ]);
}

async function hiddenByDomain(ctx: Ctx, viewerId: string, accounts: readonly Account[]): Promise<string[]> {
  const domains = [...new Set(accounts.flatMap((a) => a.domain ?? []))];
  if (!domains.length) return [];
  const blocked = await ctx.db.userDomainBlocks
    .find({ accountId: viewerId, domain: { $in: domains } })
    .toArray();
  const names = new Set(blocked.map((b) => b.domain));
  const ids = accounts.filter((a) => a.domain !== null && names.has(a.domain)).map((a) => a._id);
  if (!ids.length) return [];
  const follows = await ctx.db.follows.find({ accountId: viewerId, targetId: { $in: ids } }).toArray();
  const followed = new Set(follows.map((f) => f.targetId));
  return ids.filter((id) => !followed.has(id));
}

/** True when the instance itself suspends the account, the domain of its handle, or the host where it lives. */
export async function isSuspendedHere(ctx: Ctx, account: Account): Promise<boolean> {
  return account.suspendedAt !== null || account.deletedAt !== null || isServerSuspended(ctx, account);
}

/** True when the domain of its handle, or the host where it lives, is suspended. */
export async function isServerSuspended(ctx: Ctx, account: Account): Promise<boolean> {
  return isShutOut(await domainRules(ctx), account);
}

/** True for accounts that only their followers are shown: limited by staff themselves, or with their whole server. */
export async function isLimitedHere(ctx: Ctx, account: Account): Promise<boolean> {
  return isLimited(await domainRules(ctx), account);
}
