import { now, type Ctx } from '../ctx.js';
import { hashSecret } from '../secrets.js';

const recoveryCodes = 10;
const alphabet = 'abcdefghjkmnpqrstuvwxyz23456789';

/** Ten codes, and what is stored of them. */
export function newRecoveryCodes(ctx: Ctx): { codes: string[]; recoveryHashes: string[] } {
  const codes = Array.from({ length: recoveryCodes }, () => newCode(ctx));
  return { codes, recoveryHashes: codes.map(hashCode) };
}

/** Makes new recovery codes, to be shown this once; the old ones are worth nothing then. */
export async function renewRecoveryCodes(ctx: Ctx, userId: string): Promise<string[]> {
  const { codes, recoveryHashes } = newRecoveryCodes(ctx);
  const fresh = { _id: ctx.ids.next(), sealedSecret: '', enabledAt: null, lastStep: 0, createdAt: now(ctx) };
  await ctx.db.secondFactors.updateOne(
    { userId },
    { $set: { recoveryHashes }, $setOnInsert: fresh },
    { upsert: true },
  );
  return codes;
}

/** Takes a recovery code; each works once, also when it comes twice at the same moment. */
export async function useRecoveryCode(ctx: Ctx, userId: string, code: string): Promise<boolean> {
  const hash = hashCode(code.slice(0, 200));
  const used = await ctx.db.secondFactors.updateOne(
    { userId, recoveryHashes: hash },
    { $pull: { recoveryHashes: hash } },
  );
  return used.modifiedCount === 1;
}

/** Four groups of four: 79 bits, too many to guess, so that a plain hash keeps them. */
function newCode(ctx: Ctx): string {
  let text = '';
  while (text.length < 16) {
    for (const byte of Buffer.from(ctx.randomToken(32), 'base64url')) {
      // The last, incomplete round of the alphabet would make its first letters more frequent.
      if (byte < alphabet.length * 8 && text.length < 16) text += alphabet.charAt(byte % alphabet.length);
    }
  }
  return (text.match(/.{4}/g) ?? []).join('-');
}

const hashCode = (code: string): string => hashSecret(code.toLowerCase().replace(/[\s-]/g, ''));
