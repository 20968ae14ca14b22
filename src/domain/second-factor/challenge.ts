import type { Account, User } from '../../model/account.js';
import { standingOf } from '../../policy/standing.js';
import { countAttempt } from '../attempts.js';
import type { Ctx } from '../ctx.js';
import { requestMail } from '../mail/request.js';
import { hashSecret, isSameText } from '../secrets.js';
import type { SignInGuard } from '../sign-in-guard.js';
import { findFactors } from './factors.js';
import { usePasskey } from './passkeys.js';
import { useCode } from './second-factor.js';

const lifetimeMs = 10 * 60_000;
const purpose = 'sign-in-challenge';

interface Challenge {
  userId: string;
  /** Ties it to the password that was given: a new password ends it. */
  password: string;
  /** The browser it was made in. */
  browser: string;
  expiresAt: number;
}

const passwordMark = (user: User): string => hashSecret(user.passwordHash ?? '');

/** What stands for a right password until the second factor is given: sealed, for one browser, ten minutes. */
export function makeChallenge(ctx: Ctx, user: User, browser: string): Promise<string> {
  const challenge: Challenge = {
    userId: user._id,
    password: passwordMark(user),
    browser: hashSecret(browser),
    expiresAt: ctx.clock.now().getTime() + lifetimeMs,
  };
  return ctx.seals.seal(purpose, JSON.stringify(challenge));
}

/** A code of the app or a recovery code; or, where it is not empty, what a passkey signed. */
export interface FactorAnswer {
  code: string;
  passkey: string;
}

export interface ChallengeAnswer extends FactorAnswer {
  challenge: string;
  browser: string;
  /** Where it comes from; IPv6 as its /64. */
  address: string;
}

export type ChallengeResult =
  | { outcome: 'ok'; user: User; account: Account }
  /** Back to the password. */
  | { outcome: 'over' }
  | { outcome: 'wrong' }
  | { outcome: 'wait'; seconds: number };

/** The second step of signing in. `guard` is null where attempts are not limited (test mode). */
export async function answerChallenge(
  ctx: Ctx,
  guard: SignInGuard | null,
  answer: ChallengeAnswer,
): Promise<ChallengeResult> {
  const found = await openChallenge(ctx, answer);
  if (!found) return { outcome: 'over' };
  const { _id: userId } = found.user;
  if (!(await findFactors(ctx, userId))) return { outcome: 'over' };
  // Counted apart from passwords: a right password must not forgive wrong codes.
  const key = `code:${userId}`;
  const seconds = (await guard?.begin(key, answer.address)) ?? 0;
  if (seconds > 0) {
    await warnOwner(ctx, userId);
    return { outcome: 'wait', seconds };
  }
  const { code, passkey, browser } = answer;
  const right = passkey
    ? await usePasskey(ctx, { userId, purpose: 'sign-in', browser }, passkey)
    : await useCode(ctx, userId, code);
  if (!right) return { outcome: 'wrong' };
  await guard?.succeeded(key, answer.address);
  return { outcome: 'ok', ...found };
}

/** Whoever guesses at the second factor knows the password: its owner is told, once a day. */
async function warnOwner(ctx: Ctx, userId: string): Promise<void> {
  const { count } = await countAttempt(ctx, `second-factor-guessed ${userId}`, 86_400_000);
  if (count === 1) await requestMail(ctx, { mail: 'second-factor-guessed', userId });
}

/** Who gave the right password in this browser a moment ago; null for nobody. */
export async function openChallenge(
  ctx: Ctx,
  { challenge, browser }: Pick<ChallengeAnswer, 'challenge' | 'browser'>,
): Promise<{ user: User; account: Account } | null> {
  const opened = challenge.length < 4000 ? await ctx.seals.open(purpose, challenge) : null;
  if (opened === null) return null;
  // Sealed by `makeChallenge` and nobody else.
  const told = JSON.parse(opened) as Challenge;
  if (told.expiresAt <= ctx.clock.now().getTime() || !isSameText(told.browser, hashSecret(browser)))
    return null;
  const user = await ctx.db.users.findOne({ _id: told.userId });
  const account = user && (await ctx.db.accounts.findOne({ _id: user.accountId }));
  if (!user || !account || told.password !== passwordMark(user)) return null;
  return standingOf(user, account) === 'ok' ? { user, account } : null;
}
