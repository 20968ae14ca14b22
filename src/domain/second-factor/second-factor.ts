import type { SecondFactor } from '../../model/access.js';
import type { Account, User } from '../../model/account.js';
import { now, type Ctx } from '../ctx.js';
import { requestMail } from '../mail/request.js';
import { hashSecret } from '../secrets.js';
import { enrolmentUri, newTotpSecret, stepOfCode } from './codes.js';

const recoveryCodes = 10;
const alphabet = 'abcdefghjkmnpqrstuvwxyz23456789';

/** A sealed secret opens for the user it was made for only. */
const purposeOf = (userId: string): string => `second-factor:${userId}`;

/** The factor that signing in asks for; null when there is none. */
export async function findSecondFactor(ctx: Ctx, userId: string): Promise<SecondFactor | null> {
  const factor = await ctx.db.secondFactors.findOne({ userId });
  return factor && factor.enabledAt !== null ? factor : null;
}

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

async function storeSecret(ctx: Ctx, userId: string): Promise<string> {
  const secret = newTotpSecret();
  const fields = {
    sealedSecret: await ctx.seals.seal(purposeOf(userId), secret),
    enabledAt: null,
    lastStep: 0,
    recoveryHashes: [],
    createdAt: now(ctx),
  };
  await ctx.db.secondFactors.updateOne(
    { userId },
    { $set: fields, $setOnInsert: { _id: ctx.ids.next() } },
    { upsert: true },
  );
  return secret;
}

/**
 * Turns the factor on once a code shows that the app has it. @returns the recovery codes, which are shown this once;
 * null when the code is wrong, or there is nothing to turn on
 */
export async function enableSecondFactor(ctx: Ctx, userId: string, code: string): Promise<string[] | null> {
  const factor = await ctx.db.secondFactors.findOne({ userId });
  if (!factor || factor.enabledAt !== null) return null;
  const step = await checkCode(ctx, factor, code);
  if (step === null) return null;
  const codes = Array.from({ length: recoveryCodes }, () => newRecoveryCode(ctx));
  const { modifiedCount } = await ctx.db.secondFactors.updateOne(
    { _id: factor._id, enabledAt: null, sealedSecret: factor.sealedSecret },
    { $set: { enabledAt: now(ctx), lastStep: step, recoveryHashes: codes.map(hashRecoveryCode) } },
  );
  if (!modifiedCount) return null;
  await requestMail(ctx, { mail: 'second-factor-on', userId });
  return codes;
}

export async function disableSecondFactor(ctx: Ctx, userId: string): Promise<void> {
  const { deletedCount } = await ctx.db.secondFactors.deleteOne({ userId });
  if (deletedCount) await requestMail(ctx, { mail: 'second-factor-off', userId });
}

/** Makes new recovery codes; the old ones are worth nothing then. */
export async function renewRecoveryCodes(ctx: Ctx, userId: string): Promise<string[]> {
  const codes = Array.from({ length: recoveryCodes }, () => newRecoveryCode(ctx));
  const recoveryHashes = codes.map(hashRecoveryCode);
  await ctx.db.secondFactors.updateOne({ userId, enabledAt: { $ne: null } }, { $set: { recoveryHashes } });
  return codes;
}

/** Takes a code of the app or a recovery code; each works once, also when it comes twice at the same moment. */
export async function useSecondFactor(ctx: Ctx, factor: SecondFactor, code: string): Promise<boolean> {
  const { _id } = factor;
  const step = await checkCode(ctx, factor, code);
  if (step !== null) {
    const taken = await ctx.db.secondFactors.updateOne(
      { _id, lastStep: { $lt: step } },
      { $set: { lastStep: step } },
    );
    return taken.modifiedCount === 1;
  }
  const hash = hashRecoveryCode(code.slice(0, 200));
  const used = await ctx.db.secondFactors.updateOne(
    { _id, recoveryHashes: hash },
    { $pull: { recoveryHashes: hash } },
  );
  return used.modifiedCount === 1;
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

/** Four groups of four: 79 bits, too many to guess, so that a plain hash keeps them. */
function newRecoveryCode(ctx: Ctx): string {
  let text = '';
  while (text.length < 16) {
    for (const byte of Buffer.from(ctx.randomToken(32), 'base64url')) {
      // The last, incomplete round of the alphabet would make its first letters more frequent.
      if (byte < alphabet.length * 8 && text.length < 16) text += alphabet.charAt(byte % alphabet.length);
    }
  }
  return (text.match(/.{4}/g) ?? []).join('-');
}

const hashRecoveryCode = (code: string): string => hashSecret(code.toLowerCase().replace(/[\s-]/g, ''));
