import { invalid } from '../../errors.js';
import type { Account } from '../../model/account.js';
import type { EmailSubscription } from '../../model/email-subscriptions.js';
import { isEmailAddress, blank } from '../credentials.js';
import { now, type Ctx } from '../ctx.js';
import { findEmailBlock } from '../email-blocks.js';
import { requestMail } from '../mail/request.js';
import { hashSecret } from '../secrets.js';
import { getSubscribable } from './offer.js';

/**
 * Asks whoever has an address whether they want an account's posts by mail. What is known of the address is looked up
 * when the mail is made (invitation.ts), so that the answer is the same, and as fast, for all that are well-formed.
 * @throws AppError 404 where the account's posts cannot be had, 422 with `details` for what is no address, or one of a
 *   provider that is blocked here
 */
export async function subscribe(
  ctx: Ctx,
  { accountId, email }: { accountId: string; email: string },
): Promise<void> {
  const account = await getSubscribable(ctx, accountId);
  const address = email.trim().toLowerCase();
  if (address === '') throw refused(blank.error, blank.description);
  if (!isEmailAddress(address, { anyHost: ctx.settings.testMode }))
    throw refused('ERR_INVALID', 'is not a valid e-mail address');
  if (await findEmailBlock(ctx, address)) throw refused('ERR_BLOCKED', 'uses a disallowed e-mail provider');
  await requestMail(ctx, { mail: 'subscription', accountId: account._id, email: address });
}

const refused = (error: string, description: string) =>
  invalid(`Email ${description}`, { details: { email: [{ error, description }] } });

/** Takes the link of a confirmation mail; it may be followed again. @returns whose posts they get; null: it is not good */
export async function confirmSubscription(ctx: Ctx, secret: string): Promise<Account | null> {
  if (secret === '' || secret.length > 200) return null;
  const tokenHash = hashSecret(secret);
  const found = await ctx.db.emailSubscriptions.findOne({ tokenHash });
  if (!found || (found.expiresAt !== null && found.expiresAt <= now(ctx))) return null;
  await ctx.db.emailSubscriptions.updateOne(
    { _id: found._id, tokenHash, confirmedAt: null },
    { $set: { confirmedAt: now(ctx), expiresAt: null } },
  );
  return ctx.db.accounts.findOne({ _id: found.accountId });
}

const purpose = 'email-subscription';

/**
 * What ends a subscription, for a link in each mail: sealed, not stored, and good for as long as the subscription lasts,
 * since mails are kept.
 */
export function unsubscribeToken(ctx: Ctx, { _id }: EmailSubscription): Promise<string> {
  return ctx.seals.seal(purpose, _id);
}

/** The subscription that a token of ours names: null once it is over. Undefined: it is no token of ours. */
export async function findByUnsubscribeToken(
  ctx: Ctx,
  token: string,
): Promise<{ subscription: EmailSubscription; account: Account } | null | undefined> {
  const id = token === '' || token.length > 1000 ? null : await ctx.seals.open(purpose, token);
  if (id === null) return undefined;
  const subscription = await ctx.db.emailSubscriptions.findOne({ _id: id });
  const account = subscription && (await ctx.db.accounts.findOne({ _id: subscription.accountId }));
  return subscription && account ? { subscription, account } : null;
}

/** Ends a subscription for good; safe to repeat. @returns whether it is a token of ours */
export async function unsubscribe(ctx: Ctx, token: string): Promise<boolean> {
  const found = await findByUnsubscribeToken(ctx, token);
  if (found) await ctx.db.emailSubscriptions.deleteOne({ _id: found.subscription._id });
  return found !== undefined;
}
