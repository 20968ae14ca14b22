import { belongsInHome } from '../policy/home.js';
import type { Follow } from '../model/relations.js';
import type { Status } from '../model/status.js';
import type { Ctx } from './ctx.js';

/** A status on its way into timelines. */
export interface Arriving {
  status: Status;
  /** What it shows: the reblogged one, or itself. */
  shown: Status;
}

/** Of these follows of its author, the accounts in whose home a status belongs. */
export async function recipients(
  ctx: Ctx,
  followers: readonly Follow[],
  { status, shown }: Arriving,
): Promise<string[]> {
  const ids = followers.map((f) => f.accountId);
  if (!ids.length) return [];
  const parent = status.inReplyToAccountId;
  const [hiddenOf, parentFollows] = await Promise.all([
    hiddenBy(ctx, ids, { status, shown }),
    parent
      ? ctx.db.follows.find({ accountId: { $in: ids }, targetId: parent, state: 'accepted' }).toArray()
      : [],
  ]);
  const followsParent = new Set(parentFollows.map((f) => f.accountId));
  return followers
    .filter((f) =>
      belongsInHome(status, shown, {
        followerId: f.accountId,
        showReblogs: f.reblogs,
        languages: f.languages,
        following: new Set(parent && followsParent.has(f.accountId) ? [parent] : []),
        hidden: hiddenOf(f.accountId),
      }),
    )
    .map((f) => f.accountId);
}

/** Of everybody involved in a status, those whom each of these accounts blocks, is blocked by, or mutes. */
export async function hiddenBy(
  ctx: Ctx,
  ids: readonly string[],
  { status, shown }: Arriving,
): Promise<(id: string) => Set<string>> {
  const readers = [...ids];
  const involved = [
    ...new Set([status.accountId, shown.accountId, ...status.mentions.map((m) => m.accountId)]),
  ];
  const [blocks, blockedBy, mutes] = await Promise.all([
    ctx.db.blocks.find({ accountId: { $in: readers }, targetId: { $in: involved } }).toArray(),
    ctx.db.blocks.find({ accountId: { $in: involved }, targetId: { $in: readers } }).toArray(),
    ctx.db.mutes.find({ accountId: { $in: readers }, targetId: { $in: involved } }).toArray(),
  ]);
  const at = ctx.clock.now().toISOString();
  const active = mutes.filter((m) => m.expiresAt === null || m.expiresAt > at);
  return (id) =>
    new Set([
      ...[...blocks, ...active].filter((b) => b.accountId === id).map((b) => b.targetId),
      ...blockedBy.filter((b) => b.targetId === id).map((b) => b.accountId),
    ]);
}
