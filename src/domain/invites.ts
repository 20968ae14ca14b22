import { AppError, forbidden, invalid, notFound } from '../errors.js';
import type { Invite } from '../model/access.js';
import type { Account, User } from '../model/account.js';
import { isOpenInvite, mayInvite } from '../policy/invites.js';
import { isStaff, standingOf } from '../policy/standing.js';
import { asStaff } from './audit.js';
import { acctOf } from './accounts.js';
import { now, type Ctx } from './ctx.js';
import { requestFollow } from './follows.js';

/** Invites that somebody may have open at the same time. */
export const mostOpenInvites = 100;
const longestCode = 64;

export interface InviteInput {
  /** Null: any number. */
  maxUses: number | null;
  /** From now on; null: for good. */
  lifetimeMs: number | null;
  autofollow: boolean;
}

/** Somebody of this server, or whoever sits at the machine itself. */
export type Inviter = { user: User; account: Account } | { console: string };

/**
 * Makes an invite; of staff, on record.
 * @throws AppError 403 for whom the instance lets nobody invite, 422 for numbers out of range and for too many
 */
export async function createInvite(ctx: Ctx, by: Inviter, input: InviteInput): Promise<Invite> {
  const { maxUses, lifetimeMs, autofollow } = input;
  if (maxUses !== null && !(Number.isInteger(maxUses) && maxUses >= 1 && maxUses <= 10_000))
    throw invalid('Max uses must be 1 to 10000');
  if (lifetimeMs !== null && !(lifetimeMs >= 1000 && lifetimeMs <= 10 * 365 * 86_400_000))
    throw invalid('Expires in must be between a second and ten years');
  if ('user' in by) await assertMayInvite(ctx, by.user);
  const expiresAt =
    lifetimeMs === null ? null : new Date(ctx.clock.now().getTime() + lifetimeMs).toISOString();
  const invite: Invite = {
    _id: ctx.ids.next(),
    // Without signs: it is typed on command lines too.
    code: ctx.randomToken(9).replace(/[-_]/g, 'x'),
    accountId: 'user' in by ? by.account._id : null,
    maxUses,
    uses: 0,
    expiresAt,
    autofollow: autofollow && 'user' in by,
    createdAt: now(ctx),
  };
  const details = { maxUses, expiresAt, autofollow };
  await onRecord(ctx, by, { action: 'invite.create', target: `invite ${invite._id}`, details }, () =>
    ctx.db.invites.insertOne(invite),
  );
  return invite;
}

async function assertMayInvite(ctx: Ctx, user: User): Promise<void> {
  if (!mayInvite(user.role, ctx.settings.invites)) throw forbidden();
  const open = (await invitesOf(ctx, user.accountId)).filter((i) => isOpenInvite(i, now(ctx)));
  if (open.length >= mostOpenInvites) throw invalid(`You may have ${mostOpenInvites} open invites`);
}

function onRecord<T>(
  ctx: Ctx,
  by: Inviter,
  act: { action: string; target: string; details?: Record<string, unknown> },
  run: () => Promise<T>,
): Promise<T> {
  if ('console' in by) return asStaff(ctx, { actor: by.console, ...act }, run);
  return isStaff(by.user) ? asStaff(ctx, { actor: acctOf(by.account), ...act }, run) : run();
}

const mostShown = 200;

/** The latest of somebody's invites, newest first; with null, of everybody's. */
export function invitesOf(ctx: Ctx, accountId: string | null): Promise<Invite[]> {
  const filter = accountId === null ? {} : { accountId };
  return ctx.db.invites.find(filter).sort({ _id: -1 }).limit(mostShown).toArray();
}

/** Ends an invite: one's own, or at the machine anybody's. @throws AppError 404 */
export async function revokeInvite(ctx: Ctx, by: Inviter, code: string): Promise<void> {
  const invite = await byCode(ctx, code);
  if (!invite || ('user' in by && invite.accountId !== by.account._id)) throw notFound();
  await onRecord(ctx, by, { action: 'invite.revoke', target: `invite ${invite._id}` }, () =>
    ctx.db.invites.updateOne({ _id: invite._id }, { $set: { expiresAt: now(ctx) } }),
  );
}

async function byCode(ctx: Ctx, code: string): Promise<Invite | null> {
  return code === '' || code.length > longestCode ? null : ctx.db.invites.findOne({ code });
}

/** An invite with which somebody may come at present; null when it is unknown, over, or of somebody who may not invite. */
export async function findInvite(ctx: Ctx, code: string): Promise<Invite | null> {
  const invite = await byCode(ctx, code);
  if (!invite || !isOpenInvite(invite, now(ctx))) return null;
  if (invite.accountId === null) return invite;
  const [user, account] = await Promise.all([
    ctx.db.users.findOne({ accountId: invite.accountId }),
    ctx.db.accounts.findOne({ _id: invite.accountId }),
  ]);
  if (!user || !account || standingOf(user, account) !== 'ok') return null;
  return mayInvite(user.role, ctx.settings.invites) ? invite : null;
}

/**
 * Makes an account on an invite. It counts before and is given back when that fails, so that it never serves more people
 * than it may, however many come at once.
 * @throws AppError 403 when others were faster
 */
export async function useInvite<T>(ctx: Ctx, { _id, maxUses }: Invite, create: () => Promise<T>): Promise<T> {
  const room = maxUses === null ? {} : { uses: { $lt: maxUses } };
  const taken = await ctx.db.invites.updateOne({ _id, ...room }, { $inc: { uses: 1 } });
  if (!taken.matchedCount) throw forbidden('This invite has been used up');
  try {
    return await create();
  } catch (error) {
    await ctx.db.invites.updateOne({ _id }, { $inc: { uses: -1 } });
    throw error;
  }
}

/** Who came with such an invite follows whoever sent it, as soon as they may act here. Safe to repeat. */
export async function followInviter(ctx: Ctx, accountId: string): Promise<void> {
  const [user, account] = await Promise.all([
    ctx.db.users.findOne({ accountId }),
    ctx.db.accounts.findOne({ _id: accountId }),
  ]);
  if (!user?.invite?.autofollow || !account || standingOf(user, account) !== 'ok') return;
  const inviter = await ctx.db.accounts.findOne({ _id: user.invite.byId ?? '' });
  if (!inviter) return;
  await requestFollow(ctx, account, inviter).catch((error: unknown) => {
    // They moved, or block each other by now.
    if (!(error instanceof AppError)) throw error;
  });
}
