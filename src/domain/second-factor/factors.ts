import type { Passkey } from '../../model/access.js';
import type { Account, User } from '../../model/account.js';
import { acctOf } from '../accounts.js';
import { asStaff } from '../audit.js';
import type { Ctx } from '../ctx.js';
import { requestMail } from '../mail/request.js';
import { endAllAccess } from '../sessions.js';

/** What signing in asks for besides the password: any one of these. */
export interface Factors {
  /** Codes of an app. */
  codes: boolean;
  passkeys: Passkey[];
  /** Recovery codes that are left. */
  recoveryCodes: number;
}

/** Null: the password is enough. Recovery codes alone are no factor. */
export async function findFactors(ctx: Ctx, userId: string): Promise<Factors | null> {
  const [stored, passkeys] = await Promise.all([
    ctx.db.secondFactors.findOne({ userId }),
    ctx.db.passkeys.find({ userId }).sort({ _id: 1 }).limit(100).toArray(),
  ]);
  const codes = (stored?.enabledAt ?? null) !== null;
  if (!codes && !passkeys.length) return null;
  return { codes, passkeys, recoveryCodes: stored?.recoveryHashes.length ?? 0 };
}

/** Forgets recovery codes once nothing is left that they stand in for. */
export async function tidyFactors(ctx: Ctx, userId: string): Promise<void> {
  if ((await findFactors(ctx, userId)) === null) await ctx.db.secondFactors.deleteOne({ userId });
}

/**
 * For somebody who lost app, passkeys and recovery codes: the password is enough again, and everything that is signed
 * in ends, so that nobody stays in by what was taken away.
 */
export async function resetFactors(
  ctx: Ctx,
  by: string,
  { account, user }: { account: Account; user: User },
): Promise<{ codes: boolean; passkeys: number }> {
  const factors = await findFactors(ctx, user._id);
  const had = { codes: factors?.codes ?? false, passkeys: factors?.passkeys.length ?? 0 };
  const act = { actor: by, action: 'account.second_factor_reset', target: acctOf(account), details: had };
  await asStaff(ctx, act, async () => {
    const userId = user._id;
    await ctx.db.passkeys.deleteMany({ userId });
    await ctx.db.passkeyChallenges.deleteMany({ userId });
    await ctx.db.secondFactors.deleteOne({ userId });
    await endAllAccess(ctx, userId);
    if (factors) await requestMail(ctx, { mail: 'second-factor-off', userId });
  });
  return had;
}
