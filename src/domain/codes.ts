import { createHash } from 'node:crypto';
import type { AccessToken, App, AuthorizationCode } from '../model/access.js';
import type { User } from '../model/account.js';
import { now, type Ctx } from './ctx.js';
import { hashSecret, isSameText } from './secrets.js';
import { issueToken, revokeTokens } from './tokens.js';

const lifetimeMs = 10 * 60_000;

/** RFC 7636 section 4.2: SHA-256 in base64url has 43 characters. */
export const isChallenge = (text: string): boolean => /^[A-Za-z0-9_-]{43}$/.test(text);
/** RFC 7636 section 4.1. */
const isVerifier = (text: string): boolean => /^[A-Za-z0-9._~-]{43,128}$/.test(text);

export interface NewCode {
  app: App;
  user: User;
  redirectUri: string;
  scopes: readonly string[];
  /** S256; null when the client uses no PKCE. */
  codeChallenge: string | null;
}

/** Makes an authorization code, good for one use within ten minutes. Only its hash is stored. */
export async function issueCode(ctx: Ctx, input: NewCode): Promise<string> {
  const secret = ctx.randomToken(32);
  await ctx.db.authorizationCodes.insertOne({
    _id: ctx.ids.next(),
    codeHash: hashSecret(secret),
    appId: input.app._id,
    userId: input.user._id,
    redirectUri: input.redirectUri,
    scopes: [...input.scopes],
    codeChallenge: input.codeChallenge,
    expiresAt: new Date(ctx.clock.now().getTime() + lifetimeMs).toISOString(),
    usedAt: null,
  });
  return secret;
}

export interface Redemption {
  app: App;
  code: string;
  redirectUri: string;
  codeVerifier: string | null;
}

/**
 * Exchanges a code for a token; null for every reason not to. A second use ends the token that the first one made
 * (RFC 6749 section 4.1.2), also when both happen at once: whoever is second removes the code before it revokes, and the first
 * looks for the code again after its token is stored.
 */
export async function redeemCode(
  ctx: Ctx,
  input: Redemption,
): Promise<{ token: AccessToken; secret: string } | null> {
  const codes = ctx.db.authorizationCodes;
  const code = await codes.findOne({ codeHash: hashSecret(input.code.slice(0, 512)) });
  if (!code || code.appId !== input.app._id) return null;
  if (code.redirectUri !== input.redirectUri || code.expiresAt <= now(ctx)) return null;
  if (!isVerified(code, input.codeVerifier)) return null;
  const claimed = await codes.findOneAndUpdate(
    { _id: code._id, usedAt: null },
    { $set: { usedAt: now(ctx) } },
  );
  if (!claimed) {
    await codes.deleteOne({ _id: code._id });
    await revokeTokens(ctx, { codeId: code._id });
    return null;
  }
  const user = await ctx.db.users.findOne({ _id: code.userId });
  if (!user) return null;
  const issued = await issueToken(ctx, { app: input.app, user, scopes: code.scopes, codeId: code._id });
  if (await codes.findOne({ _id: code._id })) return issued;
  await revokeTokens(ctx, { codeId: code._id });
  return null;
}

/** RFC 7636 section 4.6; a verifier without a challenge is refused as well (RFC 9700 section 4.8.2, downgrade). */
function isVerified(code: AuthorizationCode, verifier: string | null): boolean {
  if (code.codeChallenge === null) return verifier === null;
  if (verifier === null || !isVerifier(verifier)) return false;
  return isSameText(createHash('sha256').update(verifier, 'ascii').digest('base64url'), code.codeChallenge);
}
