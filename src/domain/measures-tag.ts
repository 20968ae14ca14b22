import { accountsById } from './accounts.js';
import type { Ctx } from './ctx.js';
import type { MeasureSpec } from './measures.js';
import { daysIn, type Span } from './periods.js';

/** How hashtags were used. Histories are kept for two weeks, and who used them for three days (housekeeping.ts). */

const mostUses = 20_000;

async function nameOf(ctx: Ctx, id: string): Promise<string> {
  return (await ctx.db.tags.findOne({ _id: id }))?.name ?? '';
}

async function daysOfTag(ctx: Ctx, span: Span, id: string) {
  return ctx.db.tagDays.find({ tag: await nameOf(ctx, id), day: daysIn(span) }).toArray();
}

async function countServers(ctx: Ctx, span: Span, id: string): Promise<number> {
  return (await tagServers(ctx, span, id)).size;
}

/** Uses by server; the empty text is this one. */
export async function tagServers(ctx: Ctx, span: Span, id: string): Promise<Map<string, number>> {
  const uses = await ctx.db.tagUses
    .find({ tag: await nameOf(ctx, id), day: daysIn(span) })
    .limit(mostUses)
    .toArray();
  const accounts = await accountsById(
    ctx,
    uses.map((u) => u.accountId),
  );
  const servers = new Map<string, number>();
  for (const { accountId } of uses) {
    const domain = accounts.get(accountId)?.domain ?? '';
    servers.set(domain, (servers.get(domain) ?? 0) + 1);
  }
  return servers;
}

export const tagMeasures: Readonly<Record<string, MeasureSpec>> = {
  tag_accounts: {
    count: async (ctx, span, id) => (await daysOfTag(ctx, span, id)).reduce((n, d) => n + d.accounts, 0),
    hasPast: false,
  },
  tag_uses: {
    count: async (ctx, span, id) => (await daysOfTag(ctx, span, id)).reduce((n, d) => n + d.uses, 0),
    hasPast: false,
  },
  tag_servers: { count: countServers, hasPast: false },
};
