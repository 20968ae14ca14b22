import type { EmailSubscription } from '../../model/email-subscriptions.js';
import { canonicalEmail } from '../../policy/emails.js';
import { isDuplicateKey } from '../../store/port.js';
import { countAttempt } from '../attempts.js';
import { findCanonicalEmailBlock } from '../canonical-emails.js';
import type { Ctx } from '../ctx.js';
import { hashSecret } from '../secrets.js';

const hourMs = 3_600_000;
/** How long a link to confirm is good, and an address that nobody confirmed is kept. As Mastodon. */
const lifetimeMs = 7 * 24 * hourMs;
/** One address is asked about one account no more often than this. */
const askAgainMs = 6 * hourMs;
/** And one mailbox, however it is spelt, about all accounts together. */
const mailbox = { most: 5, windowMs: 24 * hourMs };

export interface Asked {
  accountId: string;
  /** Lower case. */
  email: string;
  /** The mail: a repeat has the same. */
  request: string;
}

/**
 * Notes that an address was asked for, and makes the secret of its confirmation mail. Null where none is to be sent: it
 * is confirmed, was asked lately, is blocked, or the account or mailbox has had enough. Of several at once, one is sent.
 */
export async function openInvitation(
  ctx: Ctx,
  asked: Asked,
): Promise<{ subscription: EmailSubscription; secret: string } | null> {
  const { accountId, email, request } = asked;
  const known = await ctx.db.emailSubscriptions.findOne({ accountId, email });
  const isRepeat = known?.request === request;
  if (known && !isRepeat && !mayAskAgain(ctx, known)) return null;
  if (known?.confirmedAt) return null;
  if (await findCanonicalEmailBlock(ctx, email)) return null;
  if (!known && (await isFull(ctx, accountId))) return null;
  if (!isRepeat && (await isMailboxFull(ctx, email))) return null;
  const secret = ctx.randomToken(32);
  const subscription = await write(ctx, { asked, known, secret });
  return subscription && { subscription, secret };
}

function mayAskAgain(ctx: Ctx, { askedAt }: EmailSubscription): boolean {
  return Date.parse(askedAt) + askAgainMs <= ctx.clock.now().getTime();
}

async function isFull(ctx: Ctx, accountId: string): Promise<boolean> {
  const count = await ctx.db.emailSubscriptions.countDocuments({ accountId });
  if (count < ctx.settings.subscribersPerAccount) return false;
  ctx.log.warn({ accountId, count }, 'an account has as many subscriptions by mail as it may');
  return true;
}

async function isMailboxFull(ctx: Ctx, email: string): Promise<boolean> {
  const { count } = await countAttempt(ctx, `subscribe ${canonicalEmail(email)}`, mailbox.windowMs);
  return count > mailbox.most;
}

interface Writing {
  asked: Asked;
  known: EmailSubscription | null;
  secret: string;
}

/** Null when somebody else wrote at the same moment. */
async function write(ctx: Ctx, { asked, known, secret }: Writing): Promise<EmailSubscription | null> {
  const at = ctx.clock.now();
  const fields = {
    tokenHash: hashSecret(secret),
    request: asked.request,
    askedAt: at.toISOString(),
    expiresAt: new Date(at.getTime() + lifetimeMs).toISOString(),
  };
  if (known) {
    const seen = { _id: known._id, request: known.request, confirmedAt: null };
    const { matchedCount } = await ctx.db.emailSubscriptions.updateOne(seen, { $set: fields });
    return matchedCount ? { ...known, ...fields } : null;
  }
  const { accountId, email } = asked;
  const fresh = { _id: ctx.ids.next(), accountId, email, confirmedAt: null, createdAt: at.toISOString() };
  const subscription: EmailSubscription = { ...fresh, ...fields };
  return ctx.db.emailSubscriptions.insertOne(subscription).then(
    () => subscription,
    (error: unknown) => {
      if (isDuplicateKey(error)) return null;
      throw error;
    },
  );
}
