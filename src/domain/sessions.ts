import type { WebSession } from '../model/access.js';
import type { Account, User } from '../model/account.js';
import { standingOf } from '../policy/standing.js';
import { now, type Ctx } from './ctx.js';
import { hashSecret } from './secrets.js';
import { revokeTokens } from './tokens.js';

/** Two weeks. */
export const sessionSeconds = 14 * 86_400;

export interface SignedInSession {
  session: WebSession;
  user: User;
  account: Account;
}

/** Begins a browser session. Always a new one, never an old one that somebody may have planted. */
export async function createSession(
  ctx: Ctx,
  user: User,
  userAgent = '',
): Promise<{ session: WebSession; secret: string }> {
  const secret = ctx.randomToken(32);
  const session: WebSession = {
    _id: ctx.ids.next(),
    sessionHash: hashSecret(secret),
    userId: user._id,
    csrf: ctx.randomToken(24),
    ...(userAgent !== '' && { userAgent: userAgent.slice(0, 300) }),
    createdAt: now(ctx),
    expiresAt: new Date(ctx.clock.now().getTime() + sessionSeconds * 1000).toISOString(),
  };
  await ctx.db.webSessions.insertOne(session);
  await ctx.db.users.updateOne({ _id: user._id }, { $set: { lastSignInAt: session.createdAt } });
  return { session, secret };
}

/** The session of a cookie; null when unknown, over, or its user may not sign in at present. */
export async function findSession(ctx: Ctx, secret: string): Promise<SignedInSession | null> {
  if (secret === '' || secret.length > 512) return null;
  const session = await ctx.db.webSessions.findOne({ sessionHash: hashSecret(secret) });
  if (!session || session.expiresAt <= now(ctx)) return null;
  const user = await ctx.db.users.findOne({ _id: session.userId });
  const account = user && (await ctx.db.accounts.findOne({ _id: user.accountId }));
  if (!user || !account || standingOf(user, account) !== 'ok') return null;
  await touch(ctx, session);
  return { session, user, account };
}

/** To the hour, so that reading pages is not writing. */
async function touch(ctx: Ctx, { _id, lastUsedAt, createdAt }: WebSession): Promise<void> {
  const hourAgo = new Date(ctx.clock.now().getTime() - 3_600_000).toISOString();
  if ((lastUsedAt ?? createdAt) > hourAgo) return;
  await ctx.db.webSessions.updateOne({ _id }, { $set: { lastUsedAt: now(ctx) } });
}

export async function endSession(ctx: Ctx, secret: string): Promise<void> {
  await ctx.db.webSessions.deleteOne({ sessionHash: hashSecret(secret.slice(0, 512)) });
}

const mostSessions = 200;

/** Where somebody is signed in with a browser, the latest first. */
export function listSessions(ctx: Ctx, userId: string): Promise<WebSession[]> {
  return ctx.db.webSessions
    .find({ userId, expiresAt: { $gt: now(ctx) } })
    .sort({ _id: -1 })
    .limit(mostSessions)
    .toArray();
}

/** Ends one of somebody's sessions, by its id. */
export async function revokeSession(ctx: Ctx, userId: string, sessionId: string): Promise<void> {
  await ctx.db.webSessions.deleteOne({ _id: sessionId, userId });
}

/** Ends all of somebody's sessions but one. */
export async function revokeOtherSessions(ctx: Ctx, userId: string, keep: string): Promise<void> {
  await ctx.db.webSessions.deleteMany({ userId, _id: { $ne: keep } });
}

/** Ends everything a person is signed in with: sessions, codes under way, tokens and their streams. */
export async function endAllAccess(ctx: Ctx, userId: string): Promise<void> {
  await ctx.db.webSessions.deleteMany({ userId });
  await ctx.db.authorizationCodes.deleteMany({ userId });
  await revokeTokens(ctx, { userId });
}
