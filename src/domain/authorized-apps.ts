import type { App } from '../model/access.js';
import type { Ctx } from './ctx.js';
import { revokeTokens } from './tokens.js';

export interface AuthorizedApp {
  app: App;
  scopes: string[];
  since: string;
  lastUsedAt: string | null;
}

const mostTokens = 1000;

/** The apps that somebody let use their account, the latest first. */
export async function authorizedApps(ctx: Ctx, userId: string): Promise<AuthorizedApp[]> {
  const tokens = await ctx.db.accessTokens.find({ userId, revokedAt: null }).limit(mostTokens).toArray();
  const appIds = [...new Set(tokens.map((token) => token.appId))];
  const apps = appIds.length ? await ctx.db.apps.find({ _id: { $in: appIds } }).toArray() : [];
  const listed = apps.map((app) => {
    const own = tokens.filter((token) => token.appId === app._id);
    const times = (values: (string | null)[]): string[] => values.flatMap((value) => value ?? []).sort();
    return {
      app,
      scopes: [...new Set(own.flatMap((token) => token.scopes))],
      since: times(own.map((token) => token.createdAt))[0] ?? app.createdAt,
      lastUsedAt: times(own.map((token) => token.lastUsedAt)).at(-1) ?? null,
    };
  });
  return listed.sort((a, b) => (a.since < b.since ? 1 : -1));
}

/** Takes an app's access to an account away: its tokens, their streams and push, and codes under way. */
export async function revokeApp(ctx: Ctx, userId: string, appId: string): Promise<void> {
  await ctx.db.authorizationCodes.deleteMany({ userId, appId });
  await revokeTokens(ctx, { userId, appId });
}
