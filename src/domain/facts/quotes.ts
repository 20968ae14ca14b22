import type { Account } from '../../model/account.js';
import type { Quote, QuoteState, Status } from '../../model/status.js';
import { accountsById } from '../accounts.js';
import type { Ctx } from '../ctx.js';
import { relationshipsOf } from '../relationships.js';
import { visibleOf } from '../visible.js';

/** What stands in the place of a quote for one viewer; `status` only where it may be shown (after a click, for the last three). */
export interface QuoteFacts {
  state: QuoteState | 'blocked_account' | 'blocked_domain' | 'muted_account';
  status: Status | null;
}

/** By the id of the quoting status. None of the queries depends on the number of statuses. */
export async function loadQuotes(
  ctx: Ctx,
  viewerId: string | null,
  statuses: readonly Status[],
): Promise<Map<string, QuoteFacts>> {
  const quoting = statuses.flatMap((s) => (s.quote ? [{ id: s._id, quote: s.quote }] : []));
  const ids = [
    ...new Set(quoting.flatMap(({ quote }) => (quote.state === 'accepted' ? (quote.statusId ?? []) : []))),
  ];
  const found = ids.length ? await ctx.db.statuses.find({ _id: { $in: ids } }).toArray() : [];
  const byId = new Map(found.filter((s) => s.reblogOfId === null).map((s) => [s._id, s]));
  const visible = new Set((await visibleOrNone(ctx, viewerId, found)).map((s) => s._id));
  const hidden = await loadHidden(ctx, viewerId, found);
  const factsOf = (quote: Quote): QuoteFacts => {
    if (quote.state !== 'accepted') return { state: quote.state, status: null };
    const status = byId.get(quote.statusId ?? '');
    if (!status) return { state: 'deleted', status: null };
    if (!visible.has(status._id)) return { state: 'unauthorized', status: null };
    return { state: hidden.get(status.accountId) ?? 'accepted', status };
  };
  return new Map(quoting.map(({ id, quote }) => [id, factsOf(quote)]));
}

async function visibleOrNone(
  ctx: Ctx,
  viewerId: string | null,
  statuses: readonly Status[],
): Promise<Status[]> {
  return statuses.length ? visibleOf(ctx, viewerId, statuses) : [];
}

type HiddenState = 'blocked_account' | 'blocked_domain' | 'muted_account';

async function loadHidden(
  ctx: Ctx,
  viewerId: string | null,
  quoted: readonly Status[],
): Promise<Map<string, HiddenState>> {
  if (viewerId === null || !quoted.length) return new Map();
  const authors = await accountsById(
    ctx,
    quoted.map((s) => s.accountId),
  );
  const others: Account[] = [...authors.values()].filter((a) => a._id !== viewerId);
  const relations = await relationshipsOf(ctx, viewerId, others);
  const states = new Map<string, HiddenState>();
  for (const [id, r] of relations) {
    if (r.block) states.set(id, 'blocked_account');
    else if (r.mute) states.set(id, 'muted_account');
    else if (r.domainBlocked && !r.follow) states.set(id, 'blocked_domain');
  }
  return states;
}
