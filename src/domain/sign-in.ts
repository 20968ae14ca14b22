import type { Account, User } from '../model/account.js';
import { standingOf, type Standing } from '../policy/standing.js';
import { findAccountByAcct } from './accounts.js';
import type { Ctx } from './ctx.js';
import { findIpBlock } from './ip-blocks.js';
import { longestPassword } from './passwords.js';
import type { SignInGuard } from './sign-in-guard.js';
import { recordUserIp } from './user-ips.js';

export interface SignInAttempt {
  /** E-mail address, username or handle. */
  login: string;
  password: string;
  /** Where the attempt comes from; IPv6 as its /64. */
  address: string;
  /** The same in full, for blocks of networks. Absent: not known. */
  ip?: string | undefined;
}

export type SignInResult =
  | { outcome: 'ok'; user: User; account: Account }
  | { outcome: 'wrong' }
  | { outcome: 'wait'; seconds: number }
  /** Nobody signs in from this network. */
  | { outcome: 'refused' }
  /** The password was right, but its owner may not act at present. */
  | { outcome: 'barred'; standing: Exclude<Standing, 'ok'> };

/** Argon2id of a random text nobody knows, so that unknown names take as long as known ones. */
const nobodysHash =
  '$argon2id$v=19$m=19456,t=2,p=1$LqnJgK5+sTmQogElubvKJg$ccB6k490/fhMI+mb5f++JlfgJ1NHEM0zTVVsMvrm+14';

/**
 * Checks a name and a password. Whether a name exists cannot be told from the result nor from its time.
 * `guard` is null where attempts are not limited (test mode).
 */
export async function signIn(
  ctx: Ctx,
  guard: SignInGuard | null,
  attempt: SignInAttempt,
): Promise<SignInResult> {
  const block = await findIpBlock(ctx, attempt.ip ?? null);
  if (block?.severity === 'no_access') return { outcome: 'refused' };
  const login = attempt.login.trim().slice(0, 320);
  const found = await findByLogin(ctx, login);
  const key = keyOf(login, found);
  const seconds = (await guard?.begin(key, attempt.address)) ?? 0;
  if (seconds > 0) return { outcome: 'wait', seconds };
  if (!(await isPassword(ctx, found?.user ?? null, attempt.password)) || !found) return { outcome: 'wrong' };
  await guard?.succeeded(key, attempt.address);
  const standing = standingOf(found.user, found.account);
  if (standing !== 'ok') return { outcome: 'barred', standing };
  await recordUserIp(ctx, found.user._id, attempt.ip ?? null);
  return { outcome: 'ok', ...found };
}

/**
 * What attempts are counted under. An e-mail address counts by itself, known or not: counted with the name of its
 * account, it would tell whose it is. Names are public, so their spellings count together.
 */
function keyOf(login: string, found: { user: User } | null): string {
  const typed = login.toLowerCase();
  return found && found.user.email !== typed ? found.user._id : typed;
}

async function findByLogin(ctx: Ctx, login: string): Promise<{ user: User; account: Account } | null> {
  if (login === '') return null;
  const byEmail = await ctx.db.users.findOne({ email: login.toLowerCase() });
  const account = byEmail
    ? await ctx.db.accounts.findOne({ _id: byEmail.accountId })
    : await findAccountByAcct(ctx, login);
  if (!account || account.domain !== null) return null;
  const user = byEmail ?? (await ctx.db.users.findOne({ accountId: account._id }));
  return user && { user, account };
}

/** Asks somebody who is signed in for their password again. @returns seconds to wait, or whether it was right */
export async function confirmPassword(
  ctx: Ctx,
  guard: SignInGuard | null,
  attempt: { user: User; password: string; address: string },
): Promise<{ outcome: 'ok' | 'wrong' } | { outcome: 'wait'; seconds: number }> {
  const { user, password, address } = attempt;
  const seconds = (await guard?.begin(user._id, address)) ?? 0;
  if (seconds > 0) return { outcome: 'wait', seconds };
  if (!(await isPassword(ctx, user, password))) return { outcome: 'wrong' };
  await guard?.succeeded(user._id, address);
  return { outcome: 'ok' };
}

async function isPassword(ctx: Ctx, user: User | null, password: string): Promise<boolean> {
  const usable = password !== '' && password.length <= longestPassword;
  const hash = user?.passwordHash ?? null;
  const right = await ctx.passwords.verify(hash ?? nobodysHash, usable ? password : 'x').catch(() => false);
  if (!right || !usable || !user || hash === null) return false;
  if (ctx.passwords.isOutdated(hash)) await renewHash(ctx, user, password);
  return true;
}

/** Only where the hash is still the one that was checked: a new password must not be undone. */
async function renewHash(ctx: Ctx, { _id, passwordHash }: User, password: string): Promise<void> {
  const renewed = await ctx.passwords.hash(password);
  await ctx.db.users.updateOne({ _id, passwordHash }, { $set: { passwordHash: renewed } });
}
