import type { Filter } from '../store/port.js';
import type { Ctx } from './ctx.js';
import type { MeasureSpec } from './measures.js';
import { idsIn, type Span } from './periods.js';

/** What is known here of another server. `about` is its domain. */

const step = 500;
/** Of a larger server, the accounts that are known longest. */
const mostAccounts = 20_000;

/** The ids of a server's accounts, in steps. */
export async function* accountIdsOf(ctx: Ctx, domain: string): AsyncGenerator<string[]> {
  for (let after = '', read = 0; read < mostAccounts; read += step) {
    const found = await ctx.db.accounts
      .find({ domain, _id: { $gt: after } })
      .sort({ _id: 1 })
      .limit(step)
      .toArray();
    if (found.length) yield found.map((a) => a._id);
    const last = found.at(-1);
    if (!last || found.length < step) return;
    after = last._id;
  }
}

type CountFor = (ctx: Ctx, ids: readonly string[], range: Filter) => Promise<number>;

async function sumOver(ctx: Ctx, domain: string, count: (ids: string[]) => Promise<number>): Promise<number> {
  let sum = 0;
  for await (const ids of accountIdsOf(ctx, domain)) sum += await count(ids);
  return sum;
}

/** Counts by the accounts of a domain: those made in a span, and all there are. */
function byAccounts(count: CountFor): Pick<MeasureSpec, 'count' | 'total'> {
  return {
    count: (ctx, span: Span, domain) => sumOver(ctx, domain, (ids) => count(ctx, ids, { _id: idsIn(span) })),
    total: (ctx, domain) => sumOver(ctx, domain, (ids) => count(ctx, ids, {})),
  };
}

const mostMedia = 10_000;

export const domainMeasures: Readonly<Record<string, MeasureSpec>> = {
  instance_accounts: {
    count: (ctx, span, domain) => ctx.db.accounts.countDocuments({ domain, _id: idsIn(span) }),
    total: (ctx, domain) => ctx.db.accounts.countDocuments({ domain }),
  },
  instance_statuses: byAccounts((ctx, ids, range) =>
    ctx.db.statuses.countDocuments({ accountId: { $in: ids }, ...range }),
  ),
  instance_media_attachments: {
    unit: 'bytes',
    ...byAccounts(async (ctx, ids, range) => {
      const media = await ctx.db.media
        .find({ accountId: { $in: ids }, ...range })
        .limit(mostMedia)
        .toArray();
      return media.reduce((sum, m) => sum + (m.path === null ? 0 : (m.bytes ?? 0)), 0);
    }),
  },
  instance_reports: byAccounts((ctx, ids, range) =>
    ctx.db.reports.countDocuments({ targetId: { $in: ids }, ...range }),
  ),
  /** Our people who follow theirs: what they have of followers here. */
  instance_follows: byAccounts((ctx, ids, range) =>
    ctx.db.follows.countDocuments({ targetId: { $in: ids }, state: 'accepted', ...range }),
  ),
  /** Their people who follow ours. */
  instance_followers: byAccounts((ctx, ids, range) =>
    ctx.db.follows.countDocuments({ accountId: { $in: ids }, state: 'accepted', ...range }),
  ),
};
