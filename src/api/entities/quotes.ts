import type { StatusFacts } from '../../domain/facts/statuses.js';
import type { Status } from '../../model/status.js';
import type { StatusEntity } from './statuses.js';
import type { View } from './view.js';

export interface QuoteEntity {
  state: string;
  quoted_status: StatusEntity | null;
}

export interface ShallowQuoteEntity {
  state: string;
  quoted_status_id: string | null;
}

/** What stands in the place of a quote for this viewer; `render` makes the quoted status. */
export function toQuote(
  facts: StatusFacts,
  status: Status,
  render: (quoted: Status) => StatusEntity,
): QuoteEntity | null {
  const quote = facts.quotes.get(status._id);
  if (!quote) return null;
  const known = quote.status !== null && facts.accounts.has(quote.status.accountId);
  return { state: quote.state, quoted_status: quote.status && known ? render(quote.status) : null };
}

/** For a quote inside a quote. */
export function toShallowQuote(status: Status): ShallowQuoteEntity | null {
  if (!status.quote) return null;
  const { state, statusId } = status.quote;
  return { state, quoted_status_id: state === 'accepted' ? statusId : null };
}

/** Who may quote, and whether the viewer may (domain/quotes.ts decides when it happens). */
export function toQuoteApproval(view: View, status: Status, following: ReadonlySet<string>) {
  const open = status.visibility === 'public' || status.visibility === 'unlisted';
  const policy = open ? status.quotePolicy : 'nobody';
  const own = status.accountId === view.viewerId && status.visibility !== 'direct';
  const allowed =
    own ||
    (view.viewerId !== null &&
      (policy === 'public' || (policy === 'followers' && following.has(status.accountId))));
  return {
    automatic: policy === 'nobody' ? [] : [policy],
    manual: [] as string[],
    current_user: allowed ? 'automatic' : 'denied',
  };
}
