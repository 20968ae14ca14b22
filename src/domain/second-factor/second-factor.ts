import type { SecondFactor } from '../../model/access.js';
import type { Account, User } from '../../model/account.js';
import { now, type Ctx } from '../ctx.js';
import { requestMail } from '../mail/request.js';
import { enrolmentUri, newTotpSecret, stepOfCode } from './codes.js';
import { tidyFactors } from './factors.js';
import { newRecoveryCodes, useRecoveryCode } from './recovery.js';

/** A sealed secret opens for the user it was made for only. */
const purposeOf = (userId: string): string => `second-factor:${userId}`;

/** What an authenticator app needs. The same one is given until a code of it was proven, or a day has passed. */
export async function beginEnrolment(
  ctx: Ctx,
  { user, account }: { user: User; account: Account },
): Promise<{ secret: string; uri: string } | null> {
  const known = await ctx.db.secondFactors.findOne({ userId: user._id });
  if (known?.enabledAt) return null;
  const fresh = known && Date.parse(known.createdAt) > ctx.clock.now().getTime() - 86_400_000;
  const opened = fresh ? await ctx.seals.open(purposeOf(user._id), known.sealedSecret) : null;
  const secret = opened ?? (await storeSecret(ctx, user._id));
  const server = ctx.names.handleDomain;
  return { secret, uri: enrolmentUri({ server, username: account.username, secret }) };
}

/** Puts a new secret, not proven yet, in the place of the one before. */
async function storeSecret(ctx: Ctx, userId: string): Promise<string> {
  const secret = newTotpSecret();
  const fields = {
    sealedSecret: await ctx.seals.seal(purposeOf(userId), secret),
    enabledAt: null,
    lastStep: 0,
    createdAt: now(ctx),
  };
  await ctx.db.secondFactors.updateOne(
    { userId },
    { $set: fields, $setOnInsert: { _id: ctx.ids.next(), recoveryHashes: [] } },
    { upsert: true },
  );
  return secret;
}

/**
 * Turns codes on once one of them shows that the app has the secret. @returns recovery codes, which are shown this once
 * (none where those of a passkey are at hand already); null when the code is wrong, or there is nothing to turn on
 */
export async function enableSecondFactor(ctx: Ctx, userId: string, code: string): Promise<string[] | null> {
  const factor = await ctx.db.secondFactors.findOne({ userId });
  if (!factor || factor.enabledAt !== null) return null;
  const step = await checkCode(ctx, factor, code);
  if (step === null) return null;
  const { codes, recoveryHashes } = newRecoveryCodes(ctx);
  const first = factor.recoveryHashes.length === 0;
  const { modifiedCount } = await ctx.db.secondFactors.updateOne(
    { _id: factor._id, enabledAt: null, sealedSecret: factor.sealedSecret },
    { $set: { enabledAt: now(ctx), lastStep: step, ...(first && { recoveryHashes }) } },
  );
  if (!modifiedCount) return null;
  await requestMail(ctx, { mail: 'second-factor-on', userId });
  return first ? codes : [];
}

/** Turns codes off. Passkeys stay, and recovery codes with them. */
export async function disableSecondFactor(ctx: Ctx, userId: string): Promise<void> {
  const known = await ctx.db.secondFactors.findOne({ userId });
  if (!known?.enabledAt) return;
  await storeSecret(ctx, userId);
  await tidyFactors(ctx, userId);
  await requestMail(ctx, { mail: 'second-factor-off', userId });
}

/** Takes a code of the app or a recovery code; each works once, also when it comes twice at the same moment. */
export async function useCode(ctx: Ctx, userId: string, code: string): Promise<boolean> {
  const factor = await ctx.db.secondFactors.findOne({ userId });
  const step = factor?.enabledAt ? await checkCode(ctx, factor, code) : null;
  if (!factor || step === null) return useRecoveryCode(ctx, userId, code);
  const taken = await ctx.db.secondFactors.updateOne(
    { _id: factor._id, lastStep: { $lt: step } },
    { $set: { lastStep: step } },
  );
  return taken.modifiedCount === 1;
}

async function checkCode(ctx: Ctx, factor: SecondFactor, code: string): Promise<number | null> {
  const secret = await ctx.seals.open(purposeOf(factor.userId), factor.sealedSecret);
  if (secret === null) {
    // The instance key is another one. Recovery codes still work.
    ctx.log.error({ userId: factor.userId }, 'a second factor cannot be unsealed');
    return null;
  }
  return stepOfCode({ secret, code, at: ctx.clock.now(), afterStep: factor.lastStep });
}
