import type { AccessToken, App } from '../model/access.js';
import type { Account, User } from '../model/account.js';
import { recordActiveDay } from './active-days.js';
import { now, type Ctx } from './ctx.js';
import { hashSecret } from './secrets.js';

/** A live token with those it speaks for. `user` and `account` are null for a token of the app itself. */
export interface TokenHolder {
  token: AccessToken;
  app: App;
  user: User | null;
  account: Account | null;
}

/** Longer texts are no token of ours and are not looked up. */
const longestToken = 512;
/** How exact `lastUsedAt` is; keeps reads from becoming writes. */
const lastUsedStepMs = 3_600_000;

/** The hub channel on which a connection learns that its token died (event `kill`). */
export const tokenChannel = (tokenId: string): string => `access-token:${tokenId}`;

export interface NewToken {
  app: Pick<App, '_id'>;
  user: Pick<User, '_id' | 'accountId'> | null;
  scopes: readonly string[];
  codeId?: string | null;
  /** A value given from outside (provisioning); default: made here. */
  secret?: string;
}

/** Makes a token. `secret` is shown once; only its hash is stored. */
export async function issueToken(ctx: Ctx, input: NewToken): Promise<{ token: AccessToken; secret: string }> {
  const secret = input.secret ?? ctx.randomToken(32);
  const token: AccessToken = {
    _id: ctx.ids.next(),
    tokenHash: hashSecret(secret),
    appId: input.app._id,
    userId: input.user?._id ?? null,
    accountId: input.user?.accountId ?? null,
    scopes: [...input.scopes],
    codeId: input.codeId ?? null,
    createdAt: now(ctx),
    lastUsedAt: null,
    revokedAt: null,
  };
  await ctx.db.accessTokens.insertOne(token);
  return { token, secret };
}

/** Who a bearer token speaks for; null when it is unknown, revoked, or its app, user or account is gone. */
export async function findTokenHolder(ctx: Ctx, secret: string): Promise<TokenHolder | null> {
  if (secret === '' || secret.length > longestToken) return null;
  const token = await ctx.db.accessTokens.findOne({ tokenHash: hashSecret(secret) });
  if (!token || token.revokedAt !== null) return null;
  const [app, user, account] = await Promise.all([
    ctx.db.apps.findOne({ _id: token.appId }),
    token.userId === null ? null : ctx.db.users.findOne({ _id: token.userId }),
    token.accountId === null ? null : ctx.db.accounts.findOne({ _id: token.accountId }),
  ]);
  if (!app) return null;
  if (token.userId !== null && (!user || !account || account.deletedAt !== null)) return null;
  await touch(ctx, token);
  return { token, app, user, account };
}

async function touch(ctx: Ctx, token: AccessToken): Promise<void> {
  const at = ctx.clock.now().getTime();
  const isSameDay = token.lastUsedAt?.slice(0, 10) === now(ctx).slice(0, 10);
  if (token.lastUsedAt !== null && isSameDay && at - Date.parse(token.lastUsedAt) < lastUsedStepMs) return;
  if (token.userId !== null && !isSameDay) await recordActiveDay(ctx, token.userId);
  await ctx.db.accessTokens.updateOne({ _id: token._id }, { $set: { lastUsedAt: now(ctx) } });
}

/** A token by its secret, live or revoked; null when unknown. */
export function findToken(ctx: Ctx, secret: string): Promise<AccessToken | null> {
  return ctx.db.accessTokens.findOne({ tokenHash: hashSecret(secret.slice(0, longestToken)) });
}

/** Ends tokens, and with them the streaming connections that use them. Returns how many were live. */
export async function revokeTokens(
  ctx: Ctx,
  which: { tokenId: string } | { codeId: string } | { userId: string; appId?: string } | { appId: string },
): Promise<number> {
  const filter =
    'tokenId' in which
      ? { _id: which.tokenId }
      : 'codeId' in which
        ? { codeId: which.codeId }
        : 'userId' in which
          ? { userId: which.userId, ...(which.appId !== undefined && { appId: which.appId }) }
          : { appId: which.appId };
  const live = await ctx.db.accessTokens.find({ ...filter, revokedAt: null }).toArray();
  await ctx.db.accessTokens.updateMany({ ...filter, revokedAt: null }, { $set: { revokedAt: now(ctx) } });
  for (const token of live) {
    ctx.hub.publish({ channels: [tokenChannel(token._id)], event: 'kill', payload: {} });
  }
  return live.length;
}
