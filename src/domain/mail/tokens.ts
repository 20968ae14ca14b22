import type { MailToken, MailTokenPurpose } from '../../model/access.js';
import type { User } from '../../model/account.js';
import { canonicalEmail } from '../../policy/emails.js';
import { countAttempt } from '../attempts.js';
import { now, type Ctx } from '../ctx.js';
import { hashSecret } from '../secrets.js';

const hourMs = 3_600_000;
const lifetimeMs: Record<MailTokenPurpose, number> = {
  confirmation: 48 * hourMs,
  'password-reset': hourMs,
};
/** Nobody's mailbox is filled by others who ask in their name. */
const mostPerHour = 3;
/** The same for a mailbox, however its address is spelt and whoever signs up with it. */
const mailbox = { most: 5, windowMs: hourMs / 2 };

export interface TokenRequest {
  user: User;
  email: string;
  purpose: MailTokenPurpose;
  /** The mail it is for. */
  request: string;
}

/** Makes the secret for a link in a mail; null when its receiver got several within the hour. */
export async function issueMailToken(ctx: Ctx, input: TokenRequest): Promise<string | null> {
  const { user, email, purpose, request } = input;
  const at = ctx.clock.now().getTime();
  const known = await ctx.db.mailTokens.find({ userId: user._id, purpose }).limit(1000).toArray();
  const since = new Date(at - hourMs).toISOString();
  const lately = known.filter((token) => token.createdAt > since && token.request !== request);
  if (lately.length >= mostPerHour) return null;
  const again = known.some((token) => token.request === request);
  if (!again && (await isFull(ctx, email))) return null;
  const secret = ctx.randomToken(32);
  await ctx.db.mailTokens.updateOne(
    { userId: user._id, purpose, request },
    {
      $set: {
        tokenHash: hashSecret(secret),
        email,
        createdAt: now(ctx),
        expiresAt: new Date(at + lifetimeMs[purpose]).toISOString(),
      },
      $setOnInsert: { _id: ctx.ids.next() },
    },
    { upsert: true },
  );
  return secret;
}

async function isFull(ctx: Ctx, email: string): Promise<boolean> {
  const { count } = await countAttempt(ctx, `mail-to ${canonicalEmail(email)}`, mailbox.windowMs);
  return count > mailbox.most;
}

/** The live token of a secret with its user, as long as that is the address it was sent to; null otherwise. */
export async function findMailToken(
  ctx: Ctx,
  purpose: MailTokenPurpose,
  secret: string,
): Promise<{ token: MailToken; user: User } | null> {
  if (secret === '' || secret.length > 200) return null;
  const token = await ctx.db.mailTokens.findOne({ tokenHash: hashSecret(secret) });
  if (!token || token.purpose !== purpose || token.expiresAt <= now(ctx)) return null;
  const user = await ctx.db.users.findOne({ _id: token.userId });
  return user && user.email === token.email ? { token, user } : null;
}

/** Takes a token away; false for all but one of those who try at the same time. */
export async function claimMailToken(ctx: Ctx, token: MailToken): Promise<boolean> {
  const { deletedCount } = await ctx.db.mailTokens.deleteOne({ _id: token._id, tokenHash: token.tokenHash });
  return deletedCount === 1;
}
