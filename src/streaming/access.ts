import type { Ctx } from '../domain/ctx.js';
import { findTokenHolder } from '../domain/tokens.js';
import { hasAnyScope } from '../policy/scopes.js';
import { standingOf, standingTexts } from '../policy/standing.js';

/** Somebody who may listen. */
export interface Ear {
  accountId: string;
  tokenId: string;
  scopes: readonly string[];
}

export type Access =
  { outcome: 'granted'; ear: Ear } | { outcome: 'refused'; status: 401 | 403 | 429; reason: string };

export const tooMany = {
  outcome: 'refused',
  status: 429,
  reason: 'Too many streaming connections',
} as const satisfies Access;

/** Every stream needs a person's token, public ones too (as Mastodon since 4.2). */
export async function checkAccess(ctx: Ctx, token: string | null): Promise<Access> {
  if (token === null) return { outcome: 'refused', status: 401, reason: 'Missing access token' };
  const holder = await findTokenHolder(ctx, token);
  if (!holder?.user || !holder.account)
    return { outcome: 'refused', status: 401, reason: 'Invalid access token' };
  const standing = standingOf(holder.user, holder.account);
  if (standing !== 'ok') return { outcome: 'refused', status: 403, reason: standingTexts[standing] };
  return {
    outcome: 'granted',
    ear: { accountId: holder.account._id, tokenId: holder.token._id, scopes: holder.token.scopes },
  };
}

export function mayHear(ear: Ear, scopes: readonly string[]): boolean {
  return hasAnyScope(ear.scopes, scopes);
}
